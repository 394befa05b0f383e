"""Bringing existing cards into the register. Missed otherwise: a blocked card that works again because a list said so,
half a list in the register, an ä that became a question mark, a number that lost its zeros."""

import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.people import People
from tests.register.scans import NOON, phone_of, scan, typed
from tests.register.test_racing import at_once
from tests.web.page import counted
from wallet.register import answers, blocking, card_files, cards, desk_cards, imports, printing, uses
from wallet.register.card_files import read
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import HeldRole, Staff
from wallet.register.tables import Area, Card, ChildTicket, JournalLine, Unit
from wallet.register.tables_life import CardImport, CardPeriod

pytestmark = pytest.mark.usefixtures("noon")
TODAY = date(2026, 11, 25)
DAY = timedelta(days=1)
HEADER = "Kortin numero;Syntymävuosi;Postinumero;Lapsia;Ensimmäinen päivä;Viimeinen päivä"


def file(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *rows, "")).encode()


def faults(data: bytes) -> list[tuple[int, str | None, str]]:
    _rows, found = read(data, today=TODAY)
    return [(one.row, one.column, one.reason) for one in found]


def bring(people: People, data: bytes, *, at: Any = NOON) -> dict[str, int]:
    """Check a file and say yes; the counts."""
    checked = imports.check_file(people.desk, people.unit, data, at=at)
    assert checked.import_id is not None, checked.faults
    steps = list(imports.carry_out(people.desk, checked.import_id, at=at))
    assert steps[-1][0] == steps[-1][1]
    return vars(imports.import_page(people.desk, checked.import_id, at=at).counts)


def card(number: str) -> Card:
    db.session.expire_all()
    return db.session.scalars(select(Card).where(Card.number == number)).one()


def periods(number: str) -> list[tuple[str, date, date]]:
    query = select(CardPeriod).where(CardPeriod.card_id == card(number).id).order_by(CardPeriod.first_day)
    return [(one.how, one.first_day, one.last_day) for one in db.session.scalars(query)]


ONE = "000123;1986;00100;2;1.2.2026;31.1.2027"


# Reading a file


def test_a_row_is_a_card() -> None:
    rows, found = read(file(ONE), today=TODAY)
    assert found == []
    assert rows == [
        {
            "row": 2,
            "number": "000123",
            "birth_year": 1986,
            "postcode": "00100",
            "children": [None, None],
            "first_day": "2026-02-01",
            "last_day": "2027-01-31",
            "language": "fi",
            "life_situation": None,
            "gender": None,
        }
    ]


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),  # B104: the mark that Excel puts at the file's start
        lambda text: text.encode("cp1252"),
        lambda text: unicodedata.normalize("NFD", text).encode(),  # B096: as a Mac spells ä
    ],
)
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_ways_a_spreadsheet_writes(encode: Callable[[str], bytes], delimiter: str, newline: str) -> None:
    """B102: umlauts, separators, blank lines at the end, another order of columns."""
    lines = [
        "Viimeinen päivä;Elämäntilanne;Kortin numero;Lasten syntymävuodet;Syntymävuosi;Sukupuoli;Postinumero;Kieli"
        ";Ensimmäinen päivä;",
        "31.1.2027;Työtön;000123;2015 2019;1986;Nainen;00100;ruotsi;2026-02-01;",
        ";;;;;;;;;",
        "",
        "31.1.2027;;000124;;1961;;33100;;01.02.2026;",
        ";;;;;;;;;",
        "",
    ]
    data = encode(newline.join(lines).replace(";", delimiter))
    rows, found = read(data, today=TODAY)
    assert found == []
    assert [row["row"] for row in rows] == [2, 5]
    first, second = rows
    assert (first["number"], first["life_situation"], first["gender"], first["language"]) == (
        *("000123", "unemployed", "woman", "sv"),
    )
    assert (first["children"], first["first_day"], first["postcode"]) == ([2015, 2019], "2026-02-01", "00100")
    assert (second["number"], second["children"], second["language"]) == ("000124", [], "fi")


@pytest.mark.parametrize(
    "header",
    [
        "number;birth_year;postcode;children;first_day;last_day",
        "Card number;Birth year;Postal code;Number of children;Valid from;Valid until",
        "Kortnummer;Födelseår;Postnummer;Antal barn;Giltigt från;Giltigt till",
        "KORTTINUMERO;syntymävuosi;Postinumero;Lapsen liput;Voimassa alkaen;Voimassa asti",
        '"Kortin  numero";"Syntymävuosi";"Postinumero";"Lasten määrä";"Alkaa";"Päättyy"',
    ],
)
def test_a_header_speaks_any_of_the_languages(header: str) -> None:
    assert faults(file(ONE, header=header)) == []


def test_the_words_are_the_registers_own() -> None:
    """A value that the register does not keep would be free text about a person."""
    assert tuple(card_files.SITUATION_WORDS) == answers.LIFE_SITUATIONS
    assert tuple(card_files.GENDER_WORDS) == answers.GENDERS


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"{HEADER};Nimi", [(1, None, "column_unknown")]),  # what must never be stored is not passed over
        (f"{HEADER};Lapsia", [(1, "children", "column_twice")]),
        ("Kortin numero;Postinumero;Lapsia;Alkaa;Päättyy", [(1, "birth_year", "column_missing")]),
        ("Kortin numero;Syntymävuosi;Postinumero;Alkaa;Päättyy", [(1, "children", "column_missing")]),
        ("Kortin numero;Syntym?vuosi;Postinumero;Lapsia;Alkaa;Päättyy", None),
    ],
)
def test_a_header_that_is_not_understood_is_refused(
    header: str, expected: list[tuple[int, str | None, str]] | None
) -> None:
    found = faults(file(ONE, header=header))
    assert found == (expected or [(1, None, "column_unknown"), (1, "birth_year", "column_missing")])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (1, None, "file_empty")),
        (b"\xef\xbb\xbf\n ;\n", (1, None, "file_empty")),
        (file(), (1, None, "rows_missing")),
        (HEADER.encode("utf-16"), (1, None, "file_utf16")),
        (file(f'"{ONE}'), (2, None, "row_unreadable")),
        (file('000123;"1986"x;00100;2;1.2.2026;31.1.2027'), (2, None, "row_unreadable")),
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes, expected: tuple[int, str | None, str]) -> None:
    assert faults(data) == [expected]


@pytest.mark.parametrize(
    ("data", "row", "sign"),
    [
        (HEADER.encode("cp1252") + b"\nA\x81B;1986", 2, 2),  # neither table has it
        (file(ONE) + "Työ".encode()[:-1] + b";", 3, 3),  # a file of UTF-8 that was cut
        (b"\xef\xbb\xbf" + HEADER.encode("cp1252"), 1, 21),  # it says that it is UTF-8
    ],
)
def test_a_sign_that_cannot_be_read_is_told_by_line_and_place(data: bytes, row: int, sign: int) -> None:
    """B102: never a "?" in its place."""
    found = read(data, today=TODAY)[1]
    assert [(one.row, one.reason, one.facts) for one in found] == [(row, "sign_unreadable", {"sign": sign})]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (";1986;00100;2;1.2.2026;31.1.2027", "number", "number_missing"),
        ("6,9E+12;1986;00100;2;1.2.2026;31.1.2027", "number", "number_rounded"),  # B109
        ("7E+12;1986;00100;2;1.2.2026;31.1.2027", "number", "number_rounded"),
        ("123456.0;1986;00100;2;1.2.2026;31.1.2027", "number", "number_shape"),
        ("A/1;1986;00100;2;1.2.2026;31.1.2027", "number", "number_shape"),
        ("000123;;00100;2;1.2.2026;31.1.2027", "birth_year", "year_missing"),
        ("000123;86;00100;2;1.2.2026;31.1.2027", "birth_year", "year_shape"),
        ("000123;1899;00100;2;1.2.2026;31.1.2027", "birth_year", "year_shape"),
        ("000123;2011;00100;2;1.2.2026;31.1.2027", "birth_year", "too_young"),
        ("000123;1986;;2;1.2.2026;31.1.2027", "postcode", "postcode_missing"),
        ("000123;1986;100;2;1.2.2026;31.1.2027", "postcode", "postcode_shape"),  # B109
        ("000123;1986;00100;;1.2.2026;31.1.2027", "children", "children_missing"),
        ("000123;1986;00100;?;1.2.2026;31.1.2027", "children", "count_shape"),
        ("000123;1986;00100;16;1.2.2026;31.1.2027", "children", "too_many_children"),
        ("000123;1986;00100;2;;31.1.2027", "first_day", "day_missing"),
        ("000123;1986;00100;2;1.2.26;31.1.2027", "first_day", "day_two_digits"),
        ("000123;1986;00100;2;1/2/2026;31.1.2027", "first_day", "day_shape"),
        ("000123;1986;00100;2;1.2.2026;31.2.2027", "last_day", "day_shape"),  # B126
        ("000123;1986;00100;2;1.2.2014;31.1.2027", "first_day", "day_shape"),
        ("000123;1986;00100;2;2026-02-30;31.1.2027", "first_day", "day_shape"),
        ("000123;1986;00100;2;1.2.2027;31.1.2027", "last_day", "days_backward"),
        ("000\x01123;1986;00100;2;1.2.2026;31.1.2027", "number", "sign_wrong"),  # B110
        ("000123;19\ufffd6;00100;2;1.2.2026;31.1.2027", "birth_year", "sign_wrong"),
        ('"000\n123";1986;00100;2;1.2.2026;31.1.2027', "number", "sign_wrong"),
        (f"{'1' * 201};1986;00100;2;1.2.2026;31.1.2027", "number", "cell_long"),
        (f"{ONE};Aino", None, "cell_without_column"),
        ("000123;1986", "postcode", "postcode_missing"),
    ],
)
def test_a_row_that_does_not_fit_is_told_by_row_and_column(row: str, column: str | None, reason: str) -> None:
    assert (2, column, reason) in faults(file(row))


@pytest.mark.parametrize(
    ("years", "count", "expected"),
    [
        ("2015, 2019", "2", [2015, 2019]),
        ("2015", "", [2015]),
        ("", "", []),
        ("", "3", [None, None, None]),
        ("2015 2019", "3", "children_differ"),
        ("15", "", "year_shape"),
        ("2027", "", "year_shape"),
        (" ".join(["2015"] * 16), "", "too_many_children"),
    ],
)
def test_children_come_as_birth_years_or_as_a_number(years: str, count: str, expected: object) -> None:
    """By number alone, the tickets have no birth year (DOMAIN.md, "What a card gives")."""
    data = file(f"000123;1986;00100;{count};{years};1.2.2026;31.1.2027", header=HEADER.replace(
        "Lapsia", "Lapsia;Lasten syntymävuodet"
    ))  # fmt: skip
    rows, found = read(data, today=TODAY)
    if isinstance(expected, str):
        assert [one.reason for one in found] == [expected]
    else:
        assert found == []
        assert rows[0]["children"] == expected


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [("Kieli", "klingon", "language_unknown"), ("Sukupuoli", "k?n", "word_unknown"), ("Elämäntilanne", "x", None)],
)
def test_words_that_are_not_known_are_refused(column: str, cell: str, reason: str | None) -> None:
    """They would be free text about a person; or an ä that was lost on the way."""
    found = read(file(f"{ONE};{cell}", header=f"{HEADER};{column}"), today=TODAY)[1]
    assert [one.reason for one in found] == [reason or "word_unknown"]


def test_a_number_that_is_there_twice_is_refused() -> None:
    """Also where it is only written in two ways."""
    data = file("AB 12-34;1986;00100;2;1.2.2026;31.1.2027", ONE, "ab1234;1961;00100;2;1.2.2026;31.1.2027", ";;;;;1")
    assert faults(data)[0] == (4, "number", "number_twice")
    assert read(data, today=TODAY)[1][0].facts == {"first": 2}


def test_a_file_has_a_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_files, "MOST_ROWS", 1)
    assert faults(file(ONE)) == []
    assert faults(file(ONE, ONE)) == [(1, None, "rows_too_many")]


# Into the register


def test_another_desk_imports_nothing_here(people: People) -> None:
    checked = imports.check_file(people.desk, people.unit, file(ONE), at=NOON)
    assert checked.import_id is not None
    for stranger in (people.other_desk, people.coordinator, people.support):
        with pytest.raises(NotFound):
            imports.check_file(stranger, people.unit, file(ONE), at=NOON)
        with pytest.raises(NotFound):
            imports.import_page(stranger, checked.import_id, at=NOON)
        with pytest.raises(NotFound):
            list(imports.carry_out(stranger, checked.import_id, at=NOON))


def test_nothing_is_in_the_register_before_a_yes(people: People) -> None:
    checked = imports.check_file(people.desk, people.unit, file(ONE), at=NOON)
    assert checked.import_id is not None
    page = imports.import_page(people.desk, checked.import_id, at=NOON)
    assert (page.counts, page.done_at, page.unit_id) == (imports.Counts(1, 0, 0, 0), None, people.unit)
    assert db.session.scalar(select(Card.id).where(Card.number == "000123")) is None


def test_an_imported_card_is_a_card(people: People) -> None:
    """B109: the number keeps its zeros, and opens the door by them."""
    years = file(
        "000124;1961;00100;2015 2019;1.12.2025;30.11.2026;sv;Eläkkeellä;Muu",
        header=HEADER.replace("Lapsia", "Lasten syntymävuodet") + ";Kieli;Elämäntilanne;Sukupuoli",
    )
    assert bring(people, file(ONE)) == {"new": 1, "changed": 0, "same": 0, "stopped": 0}
    bring(people, years)
    first, second = card("000123"), card("000124")
    assert (first.state, first.kind, first.area_id, first.unit_id) == ("registered", "personal", "tampere", people.unit)
    assert (first.first_day, first.last_day, first.postcode) == (date(2026, 2, 1), date(2027, 1, 31), "00100")
    assert (second.language, second.life_situation, second.gender) == ("sv", "retired", "other")
    tickets = db.session.scalars(select(ChildTicket.birth_year).where(ChildTicket.card_id.in_((first.id, second.id))))
    assert sorted(tickets, key=str) == [2015, 2019, None, None]
    assert periods("000123") == [("imported", date(2026, 2, 1), date(2027, 1, 31))]
    answer = uses.check_use(typed("000123", children=2), by=people.gate, at=NOON)
    assert (answer.verdict, answer.facts["children_allowed"]) == ("amber", 2)


def test_the_journal_says_how_many_and_what_became_of_each_card(people: People) -> None:
    """A line for the file, without numbers; and on each card's own page, where its days come from."""
    bring(people, file(ONE))
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:cards:imported")).one()
    assert (line.by_account_id, line.card_id) == (people.desk.account_id, None)
    bring(people, file("000123;1986;00100;2;1.2.2026;30.6.2026"))
    of_card = select(JournalLine).where(JournalLine.card_id == card("000123").id).order_by(JournalLine.id)
    assert [(one.act, one.by_account_id, one.facts) for one in db.session.scalars(of_card)] == [
        (
            "desk:card:registered",
            people.desk.account_id,
            {"unit": people.unit, "how": "imported", "first_day": "2026-02-01", "last_day": "2027-01-31"},
        ),
        ("desk:days:changed", people.desk.account_id, {"first_day": "2026-02-01", "last_day": "2026-06-30"}),
    ]
    file_id = line.facts.pop("file")
    assert line.facts == {"unit": people.unit, "new": 1, "changed": 0, "same": 0, "stopped": 0}
    assert db.session.get_one(CardImport, file_id).rows is None, "and the rows are gone"


def test_all_of_a_file_or_nothing(people: People) -> None:
    data = file(ONE, "000124;1986;00100;x;1.2.2026;31.1.2027")
    checked = imports.check_file(people.desk, people.unit, data, at=NOON)
    assert (checked.import_id, len(checked.faults)) == (None, 1)
    assert db.session.scalar(select(func.count()).select_from(CardImport)) == 0


def test_who_stops_on_the_way_has_nothing_done(people: People) -> None:
    """The browser was closed: the next yes does all of it."""
    rows = [f"K{n:06};1986;33100;0;1.2.2026;31.1.2027" for n in range(3 * imports.CHUNK)]
    checked = imports.check_file(people.desk, people.unit, file(*rows), at=NOON)
    assert checked.import_id is not None
    steps = imports.carry_out(people.desk, checked.import_id, at=NOON)
    assert [next(steps), next(steps)] == [(0, 1500), (500, 1500)]
    steps.close()
    assert db.session.scalar(select(func.count()).where(Card.number.startswith("K0"))) == 0
    assert list(imports.carry_out(people.desk, checked.import_id, at=NOON))[-1] == (1500, 1500)
    assert db.session.scalar(select(func.count()).where(Card.number.startswith("K0"))) == 1500


def test_a_second_yes_finds_it_done(people: People) -> None:
    checked = imports.check_file(people.desk, people.unit, file(ONE), at=NOON)
    assert checked.import_id is not None
    assert list(imports.carry_out(people.desk, checked.import_id, at=NOON)) == [(0, 1), (1, 1)]
    assert list(imports.carry_out(people.desk, checked.import_id, at=NOON)) == []
    page = imports.import_page(people.desk, checked.import_id, at=NOON)
    assert (page.counts.new, page.done_at) == (1, NOON)


def test_it_is_safe_to_do_again(people: People) -> None:
    """A Mac's file, then a PC's: the same cards, none twice (B096)."""
    assert bring(people, file(ONE))["new"] == 1
    again = unicodedata.normalize("NFD", file(ONE).decode()).encode()
    assert bring(people, again) == {"new": 0, "changed": 0, "same": 1, "stopped": 0}
    assert len(periods("000123")) == 1


def test_a_card_ends_when_its_source_says_so_and_works_again_when_moved_later(people: People) -> None:
    """B149: a card went on working when the entitlement had ended in the list of its source."""
    bring(people, file(ONE))
    before = card("000123")
    assert bring(people, file("000123;1950;33100;0;1.2.2026;24.11.2026")) == {
        **{"new": 0, "changed": 1, "same": 0, "stopped": 0},
    }
    assert uses.check_use(typed("000123"), by=people.gate, at=NOON).reason == "card_expired"
    bring(people, file("000123;1986;00100;2;1.2.2026;25.11.2026"))
    assert uses.check_use(typed("000123"), by=people.gate, at=NOON).verdict == "amber"
    after = card("000123")
    assert (after.birth_year, after.postcode, after.id) == (1986, "00100", before.id), "days alone"
    assert db.session.scalar(select(func.count()).where(ChildTicket.card_id == after.id)) == 2
    assert periods("000123") == [("imported", date(2026, 2, 1), date(2026, 11, 25))]


def test_the_code_of_a_card_that_ended_is_refused_at_the_next_scan(people: People) -> None:
    """B149, for a card of the register's own that a phone shows. Its given year is not a second way in."""
    phone, number = phone_of(people.holder), cards.card_of(people.holder, at=NOON).number
    bring(people, file(f"{number};1986;33100;3;1.11.2026;24.11.2026"))
    assert uses.check_use(scan(phone), by=people.gate, at=NOON).reason == "card_expired"
    bring(people, file(f"{number};1986;33100;3;25.11.2026;24.11.2027"))
    assert uses.check_use(scan(phone), by=people.gate, at=NOON).verdict == "green"


def test_the_stretches_of_a_card_follow_its_days(people: People) -> None:
    """A renewal that the source took back is gone; a longer year is the same year; a new year is another."""
    bring(people, file(ONE))
    with act() as session:
        given = {"card_id": card("000123").id, "unit_id": people.unit, "given_on": TODAY}
        session.add(CardPeriod(how="renewed", first_day=date(2027, 2, 1), last_day=date(2028, 1, 31), **given))
        session.execute(update(Card).where(Card.number == "000123").values(last_day=date(2028, 1, 31)))
    bring(people, file("000123;1986;00100;2;1.2.2026;30.6.2026"))
    assert periods("000123") == [("imported", date(2026, 2, 1), date(2026, 6, 30))]
    bring(people, file("000123;1986;00100;2;1.2.2026;31.7.2026"))
    assert periods("000123") == [("imported", date(2026, 2, 1), date(2026, 7, 31))]
    bring(people, file("000123;1986;00100;2;1.11.2026;31.10.2027"))
    assert periods("000123") == [
        ("imported", date(2026, 2, 1), date(2026, 7, 31)),
        ("imported", date(2026, 11, 1), date(2027, 10, 31)),
    ]
    august = typed("000123", NOON - 90 * DAY, read_by="form")
    assert uses.check_use(august, by=people.gate, at=NOON).reason == "card_not_yet_valid"


@pytest.mark.parametrize("state", ["blocked", "replaced", "deleted"])
def test_an_import_never_brings_a_stopped_card_back(people: People, state: str) -> None:
    number = cards.card_of(people.other_holder, at=NOON).number
    blocking.block_card(people.other_holder.card_id, "stolen", by=people.desk, at=NOON)
    nobody = {"birth_year": None, "postcode": None} if state == "deleted" else {}
    with act() as session:
        session.execute(update(Card).where(Card.number == number).values(state=state, **nobody))
    before = card(number).last_day
    counts = bring(people, file(f"{number};1961;33100;0;1.2.2026;31.1.2027"))
    assert counts == {"new": 0, "changed": 0, "same": 0, "stopped": 1}
    after = card(number)
    assert (after.state, after.last_day) == (state, before)


def test_a_card_that_is_not_the_issuers_is_left_alone(people: People) -> None:
    """The row is refused, and so is the file: whose card it is, nobody hears."""
    theirs, _ = cards.register_card(people.other_unit, by=None, at=NOON, birth_year=1986, postcode="37100")
    number = db.session.get_one(Card, theirs).number
    blank = printing.blank_numbers(people.desk, people.unit, 1, at=NOON)[1][0]
    with act() as session:
        session.execute(
            update(Card)
            .where(Card.id == people.other_holder.card_id)
            .values(kind="community", birth_year=None, postcode=None, number="KOTI1")
        )
    rows = [f"{one};1986;33100;0;1.2.2026;31.1.2027" for one in (number, blank, "KOTI1")]
    checked = imports.check_file(people.desk, people.unit, file(*rows), at=NOON)
    assert [(one.row, one.reason) for one in checked.faults] == [
        (2, "number_of_another"),
        (3, "number_blank"),
        (4, "number_community"),
    ]


def test_another_unit_of_the_same_issuer_may_bring_the_list(people: People) -> None:
    with act() as session:
        session.add(Unit(issuer_id="sosiaalityo", name="Itä"))
    unit = db.session.scalars(select(Unit.id).where(Unit.name == "Itä")).one()
    number = cards.card_of(people.holder, at=NOON).number
    east = Staff("", people.desk.account_id, "East", (HeldRole("desk", unit_id=unit),))
    checked = imports.check_file(east, unit, file(f"{number};1986;33100;0;1.2.2026;31.1.2027"), at=NOON)
    assert checked.import_id is not None
    list(imports.carry_out(east, checked.import_id, at=NOON))
    assert (card(number).last_day, card(number).unit_id) == (date(2027, 1, 31), people.unit)


def test_days_past_what_a_card_can_have_are_refused(people: People) -> None:
    """A renewal on its first day at most; never past the end of a pilot (DOMAIN.md, "Who gets a card", 6 and 7)."""
    with act() as session:
        ends = {"last_day": TODAY + 60 * DAY}
        session.execute(update(Card).where(Card.id == people.other_holder.card_id).values(ends))
    last = desk_cards.renew_card(people.desk, people.other_holder.card_id, at=NOON, children=())
    assert last == date(2028, 1, 24)
    assert imports.check_file(
        people.desk, people.unit, file("000123;1986;00100;0;1.2.2026;24.1.2028"), at=NOON
    ).import_id
    far = imports.check_file(people.desk, people.unit, file("000123;1986;00100;0;1.2.2026;25.1.2028"), at=NOON)
    assert [(one.reason, one.facts) for one in far.faults] == [("day_too_far", {"latest": last})]
    with act() as session:
        session.execute(update(Area).where(Area.id == "tampere").values(pilot_ends=date(2026, 12, 31)))
    found = imports.check_file(people.desk, people.unit, file(ONE), at=NOON).faults
    assert [(one.reason, one.facts) for one in found] == [("after_pilot", {"ends": date(2026, 12, 31)})]
    with act() as session:
        session.execute(update(Area).where(Area.id == "tampere").values(status="ended"))
    with pytest.raises(Refused, match="area_ended"):
        imports.check_file(people.desk, people.unit, file(ONE), at=NOON)


def test_what_changed_between_the_preview_and_the_yes_is_seen(people: People) -> None:
    """Somebody gave the number to another's card meanwhile."""
    checked = imports.check_file(people.desk, people.unit, file(ONE), at=NOON)
    assert checked.import_id is not None
    theirs, _ = cards.register_card(people.other_unit, by=None, at=NOON, birth_year=1986, postcode="37100")
    with act() as session:
        session.execute(update(Card).where(Card.id == theirs).values(number="000123"))
    page = imports.import_page(people.desk, checked.import_id, at=NOON)
    assert [one.reason for one in page.faults] == ["number_of_another"]
    with pytest.raises(Refused, match="import_stale"):
        list(imports.carry_out(people.desk, checked.import_id, at=NOON))
    assert card("000123").unit_id == people.other_unit


def test_a_number_that_is_taken_at_the_very_moment_stops_the_import(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unique index has the last word."""
    number = cards.card_of(people.holder, at=NOON).number
    data = file("000123;1986;00100;2;1.2.2026;31.1.2027", f"{number};1986;33100;0;1.2.2026;31.1.2027")
    checked = imports.check_file(people.desk, people.unit, data, at=NOON)
    assert checked.import_id is not None
    monkeypatch.setattr(imports, "_known", lambda _numbers, lock: {})
    with pytest.raises(Refused, match="import_stale"):
        list(imports.carry_out(people.desk, checked.import_id, at=NOON))
    assert db.session.scalar(select(Card.id).where(Card.number == "000123")) is None, "all or nothing"


def test_a_thousand_rows_ask_as_often_as_ten(people: People) -> None:
    """In statements a chunk, not a row."""

    def asked(first: int, count: int) -> int:
        rows = [f"K{n:06};1986;33100;1;1.2.2026;31.1.2027" for n in range(first, first + count)]
        later = [row.replace("31.1.2027", "28.2.2027") for row in rows]
        with counted(db.engine) as statements:
            assert bring(people, file(*rows))["new"] == count
            assert bring(people, file(*later))["changed"] == count
        return len(statements)

    few, many = asked(0, 10), asked(10, 1000)
    assert many <= few + 12, "one more chunk each"


def test_two_who_say_yes_at_once_bring_the_cards_in_once(app: Flask, people: People) -> None:
    """Two tabs, or an impatient second click that the page did not stop."""
    rows = [f"K{n:06};1986;33100;1;1.2.2026;31.1.2027" for n in range(50)]
    checked = imports.check_file(people.desk, people.unit, file(*rows), at=NOON)
    assert checked.import_id is not None
    import_id = checked.import_id
    steps = at_once(app, [lambda: list(imports.carry_out(people.desk, import_id, at=NOON))] * 4)
    assert sorted(len(one) for one in steps) == [0, 0, 0, 2]
    assert db.session.scalar(select(func.count()).where(Card.number.startswith("K0"))) == 50


def test_two_files_with_the_same_cards_bring_them_in_once(app: Flask, people: People) -> None:
    """The second finds them there, or is told that they came meanwhile: never half of it."""
    rows = [f"K{n:06};1986;33100;1;1.2.2026;31.1.2027" for n in range(50)]
    ids = [imports.check_file(people.desk, people.unit, file(*rows), at=NOON).import_id for _ in range(2)]

    def yes(import_id: int) -> str:
        try:
            list(imports.carry_out(people.desk, import_id, at=NOON))
        except Refused as refused:
            return refused.reason
        return "done"

    told = at_once(app, [lambda one=one: yes(one) for one in ids if one is not None])
    assert set(told) <= {"done", "import_stale"}
    assert "done" in told
    assert db.session.scalar(select(func.count()).where(Card.number.startswith("K0"))) == 50
