"""Bringing existing cards in, as the desk sees it. Missed otherwise: a list of somebody else's cards in this unit, half
a list, a fault without its row, a page that says nothing for a minute."""

import ast
import io
import json
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from tests.gate.doors import Door, scan
from tests.web.page import Page, words
from wallet.clock import helsinki_day, helsinki_year, now
from wallet.register import blocking, card_files, cards, imports, printing
from wallet.register.database import act, db
from wallet.register.numbers import mistyped
from wallet.register.tables import Area, Card

THIS, NEXT = helsinki_year(now()), helsinki_year(now()) + 1
HEADER = "Kortin numero;Syntymävuosi;Postinumero;Lapsia;Ensimmäinen päivä;Viimeinen päivä"
ONE = f"000123;1986;00100;2;1.1.{THIS};1.2.{NEXT}"


def file(*rows, header=HEADER, encoding="utf-8"):
    return io.BytesIO("\r\n".join((header, *rows, "")).encode(encoding)), "kortit.csv"


@pytest.fixture
def desk(app, people):
    return Page(app, people.desk)


def choose(page, given, **options):
    return page.open("/desk/import").submit({"File of cards": given}, button="Check the file", **options)


def yes(page, **headers):
    """Say yes on the page of a file; the answer, read to its end."""
    form = {"csrf_token": page.token}
    return page.request(page.path, method="POST", data=form, headers=headers, buffered=True)


def figures(page):
    """What is counted on the page, by its word."""
    names, counts = ([words(one) for one in page.all(tag)] for tag in ("dt", "dd"))
    return dict(zip(names, counts, strict=True))


def faults(page):
    """(row, column, sentence) of each fault."""
    cells = [words(cell) for row in page.all("tbody") for line in page.all("tr", row) for cell in line]
    return list(zip(cells[::3], cells[1::3], cells[2::3], strict=True))


def is_card(number):
    db.session.rollback()  # what was asked before is another moment
    return db.session.scalar(select(func.count()).where(Card.number == number)) == 1


def test_a_unit_brings_in_its_own_cards_alone(app, people):
    assert Page(app).open("/desk/import").path == "/staff/sign-in"
    for who in (people.coordinator, people.support):
        Page(app, who).open("/desk/import", status=403)
    mine = choose(Page(app, people.desk), file(ONE))
    other = Page(app, people.other_desk)
    other.open(f"/desk/import?unit={people.unit}", status=404)
    other.open(mine.path, status=404)
    other.open("/desk/import")
    answer = other.request(mine.path, method="POST", data={"csrf_token": other.token})
    assert answer.status_code == 404
    assert not is_card("000123")


def test_a_file_is_shown_before_anything_happens_and_done_after_a_yes(desk):
    choose(desk, file(ONE, f"000124;1961;33100;0;1.1.{THIS};1.2.{NEXT}"))
    assert desk.heading == "Check what the file would do"
    assert figures(desk)["New cards"] == "2"
    assert not is_card("000123")
    answer = yes(desk)
    assert answer.status_code == 200
    said = answer.get_data(as_text=True)
    assert said.index("0 of 2") < said.index("2 of 2") < said.index("Done. The cards are in.")
    assert is_card("000123")
    desk.open(desk.path)
    assert desk.heading == "The cards are in"
    assert figures(desk)["New cards"] == "2"


def test_the_page_that_grows_is_a_whole_page(desk):
    choose(desk, file(ONE))
    desk._arrive(desk.path, 200, 24, method="POST", data={"csrf_token": desk.token}, buffered=True)
    assert desk.heading == "Bringing the cards in"
    assert desk.follow("See what was done").heading == "The cards are in"


def test_a_script_hears_how_far_it_is(desk):
    """A line for each step, so that nobody looks at a page that stands still."""
    rows = [f"K{n:05};1986;33100;0;1.1.{THIS};1.2.{NEXT}" for n in range(1200)]
    choose(desk, file(*rows))
    answer = yes(desk, Accept="application/x-ndjson")
    assert answer.mimetype == "application/x-ndjson"
    steps = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert steps == [
        {"done": 0, "total": 1200},
        {"done": 500, "total": 1200},
        {"done": 1000, "total": 1200},
        {"done": 1200, "total": 1200},
        {"ended": "carried_out"},
    ]


def test_a_second_yes_finds_it_done(desk):
    choose(desk, file(ONE))
    yes(desk)
    assert "This was done already." in yes(desk).get_data(as_text=True)
    assert is_card("000123")


def test_the_yes_needs_the_pages_token(desk):
    choose(desk, file(ONE))
    assert desk.request(desk.path, method="POST", data={}).status_code == 400
    assert not is_card("000123")


def test_each_fault_is_told_by_row_and_column(desk):
    """B102, B126: nothing is guessed, and nothing of the file is kept."""
    choose(desk, file(ONE, f"000124;86;00100;2;1.1.{THIS};31.2.{NEXT}", "", f"000123;1986;100;x;1.1.26;1.2.{NEXT}"))
    assert desk.refusal() == (
        "Nothing was brought in Put these right in the file and choose it again. "
        "All of a file is brought in, or nothing."
    )
    assert faults(desk) == [
        ("3", "Birth year", "A birth year has four digits, like 1986."),
        ("3", "Last day", "This is not a day. Type it like 5.12.2026."),
        ("5", "Postcode", "A postcode has five digits, like 00100. A spreadsheet may have taken zeros away."),
        ("5", "Number of children", "The number of children is a number, like 2."),
        ("5", "First day", "Type the year of the day with four digits, like 5.12.2026."),
        ("5", "Number of the card", "This number is on row 2 already."),
    ]
    assert not is_card("000123")


def _reasons(module):
    """What a module gives as the reason of a fault."""
    found = set()
    for call in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name in ("Fault", "fault", "_drop", "_read", "_one_of", "ValueError"):
                found |= {
                    one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return found - set(card_files.COLUMNS)


def test_every_fault_has_words_in_each_language(app, people, desk):
    """A reason without a sentence would leave an empty cell."""
    reasons = _reasons(card_files) | _reasons(imports)
    assert len(reasons) > 30, sorted(reasons)
    facts = {"sign": 1, "most": 1, "name": "x", "first": 2, "latest": helsinki_day(now()), "ends": helsinki_day(now())}
    for language in ("fi", "sv", "en"):
        with app.test_request_context(f"/desk/import?lang={language}", base_url="http://localhost"):
            module = app.jinja_env.get_template("desk/import_words.html").make_module({}, shared=False)
            said = {reason: str(module.fault(card_files.Fault(2, None, reason, facts))).strip() for reason in reasons}
            assert all(said.values()), [reason for reason, sentence in said.items() if not sentence]
            assert len({str(module.column(name)) for name in card_files.COLUMNS}) == len(card_files.COLUMNS)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_file_with_the_headings_of_the_page_is_read(app, people, language):
    """Who types the headings as the page names them is understood, and so are the answers of the desk's own form."""
    with app.test_request_context(f"/desk/import?lang={language}", base_url="http://localhost"):
        said = app.jinja_env.get_template("desk/import_words.html").make_module({}, shared=False)
        headings = [str(said.column(name)) for name in card_files.COLUMNS]
    row = f"000123;1986;00100;1;2019;1.1.{THIS};1.2.{NEXT};;;"
    assert card_files.read(file(row, header=";".join(headings))[0].getvalue(), today=helsinki_day(now()))[1] == []
    form = Page(app, people.desk, language=language).open("/desk/give")
    for name, words_of in (("life_situation", card_files.SITUATION_WORDS), ("gender", card_files.GENDER_WORDS)):
        select_ = next(one for one in form.all("select") if one.get("name") == name)
        for option in form.all("option", select_):
            if option.get("value"):
                assert card_files._one_of(words_of, "x")(words(option)) == option.get("value")


def test_a_long_list_of_faults_is_cut(desk, monkeypatch):
    monkeypatch.setattr("wallet.desk.importing.MOST_FAULTS", 2)
    choose(desk, file(*["x;1;1;1;1;1"] * 5))
    assert len(faults(desk)) == 2
    assert "And 23 more." in desk.text


@pytest.mark.parametrize(
    ("encoding", "form"),
    [
        ("utf-8", "NFC"),
        ("utf-8", "NFD"),
        ("utf-8-sig", "NFC"),
        ("utf-8-sig", "NFD"),
        ("cp1252", "NFC"),  # there are no marks of their own in it
    ],
)
def test_a_file_of_any_program_is_read(desk, encoding, form):
    """B096, B102, B104: the same cards, none twice, whatever wrote the file."""
    choose(desk, file(ONE))
    yes(desk)
    header = unicodedata.normalize(form, "Päättyy;Elämäntilanne;Alkaa;Kortin numero;Postinumero;Lapsia;Syntymävuosi")
    row = unicodedata.normalize(form, f"1.2.{NEXT};Eläkkeellä;1.1.{THIS};000123;00100;2;1986")
    choose(desk, file(row, "", ";;;;;;", header=header, encoding=encoding))
    assert figures(desk) == {
        "New cards": "0",
        "Cards that get other days": "0",
        "Cards that stay as they are": "1",
        "Blocked or replaced cards, left alone": "0",
    }


def test_a_sign_that_cannot_be_read_is_told_by_its_place(desk):
    """B102: never a "?" in its place."""
    data = file(ONE)[0].getvalue() + b"000\x8124"
    choose(desk, (io.BytesIO(data), "kortit.csv"))
    assert faults(desk)[0][:2] == ("3", "Whole row")
    assert faults(desk)[0][2].startswith("Sign 4 of this line can't be read.")


def test_zeros_at_the_beginning_stay(app, people, desk):
    """B109: 000123 is not 123, at the desk and at the gate."""
    choose(desk, file(ONE))
    yes(desk)
    assert is_card("000123")
    door = Door(app, people.gate)
    assert door.check(scan(number="000123", children=2))["verdict"] == "amber"
    assert door.check(scan(number="0123"))["reason"] == "unknown_number"


def test_a_number_that_looks_mistyped_is_found_where_it_was_brought_in(desk):
    """An old number of twelve digits has no check digit of ours."""
    assert mistyped("123456789012")
    choose(desk, file(f"123456789012;1986;33100;0;1.1.{THIS};1.2.{NEXT}"))
    yes(desk)
    desk.open("/desk").submit({"Find a card by its number": "1234 5678 9012"}, button="Find")
    assert desk.heading == "1234 5678 9012"
    assert "Brought over from the old register" in desk.text
    desk.open("/desk").submit({"Find a card by its number": "1234 5678 9013"}, button="Find")
    assert desk.error("Find a card by its number") == "There is a mistake in the number. Check each digit."


def test_a_card_that_ended_in_the_list_is_refused_at_the_next_scan(app, people, desk):
    """B149."""
    number = cards.card_of(people.holder, at=now()).number
    door = Door(app, people.gate)
    for last, verdict in ((f"1.1.{THIS}", ("red", "card_expired")), (f"1.2.{NEXT}", ("amber", None))):
        choose(desk, file(f"{number};1986;33100;3;1.1.{THIS};{last}"))
        assert figures(desk)["Cards that get other days"] == "1"
        yes(desk)
        answer = door.check(scan(number=number))
        assert (answer["verdict"], answer["reason"]) == verdict


def test_a_blocked_card_stays_blocked(app, people, desk):
    number = cards.card_of(people.other_holder, at=now()).number
    blocking.block_card(people.other_holder.card_id, "stolen", by=people.desk, at=now())
    choose(desk, file(f"{number};1961;33100;0;1.1.{THIS};1.2.{NEXT}"))
    assert figures(desk)["Blocked or replaced cards, left alone"] == "1"
    yes(desk)
    assert Door(app, people.gate).check(scan(number=number))["reason"] == "blocked"


def test_cards_that_changed_meanwhile_stop_the_import(desk, people):
    number = printing.blank_numbers(people.desk, people.unit, 1, at=now())[1][0]
    with act() as session:
        session.execute(update(Card).where(Card.number == number).values(number="999999"))
    choose(desk, file(ONE))
    with act() as session:
        session.execute(update(Card).where(Card.number == "999999").values(number="000123"))
    assert "Cards changed since the file was checked." in yes(desk).get_data(as_text=True)
    desk.open(desk.path)
    assert faults(desk) == [("2", "Number of the card", "This is a blank card of ours. Give it at the desk.")]


def test_no_file_is_said(desk):
    desk.open("/desk/import").submit({}, button="Check the file")
    assert desk.error("File of cards") == "Choose a file."


def test_an_area_that_left_brings_nothing_in(desk):
    with act() as session:
        session.execute(update(Area).where(Area.id == "tampere").values(status="ended"))
    choose(desk, file(ONE))
    assert desk.refusal() == "The area no longer gives cards."


def test_a_file_may_be_larger_than_a_form_but_not_without_end(desk):
    """Ten thousand cards are more than any form here; two megabytes are more than ten thousand cards."""
    rows = [f"K{n:05};1986;33100;0;1.1.{THIS};1.2.{NEXT};{' ' * 120}" for n in range(4000)]
    answer = _send(desk, "/desk/import", file(*rows)[0].getvalue())
    assert answer.status_code == 302
    assert figures(desk.open(answer.headers["Location"]))["New cards"] == "4000"
    assert _send(desk, "/desk/import", b"x" * 2 * 1024 * 1024).status_code == 413
    assert _send(desk, "/desk/sheets", b"x" * 600_000).status_code == 413, "no other page takes as much"


def _send(page, path, data):
    """A file as a browser sends it. (The test client would leave its own copy of a large one open.)"""
    page.open("/desk/import")
    head = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{page.token}\r\n--x\r\n'
    head += 'Content-Disposition: form-data; name="file"; filename="kortit.csv"\r\nContent-Type: text/csv\r\n\r\n'
    body = head.encode() + data + b"\r\n--x--\r\n"
    return page.request(path, method="POST", data=body, content_type="multipart/form-data; boundary=x")
