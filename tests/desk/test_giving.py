"""Giving a card: six fields on one page, each bad answer with its sentence, one card however often it is sent."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import func, select

from tests.desk.desks import BOTH, FORM, count, give, given, staff_at, who_may_not
from tests.register.scans import set_area
from tests.web.page import Page
from wallet.clock import helsinki_year, now
from wallet.register import desk_lists, printing
from wallet.register.answers import GENDERS, LIFE_SITUATIONS
from wallet.register.database import db
from wallet.register.tables import Card, ChildTicket
from wallet.register.tables_signin import Invitation

YEAR = helsinki_year(now())
HOLDER, POSTCODE, CHILD, NUMBER = (
    "Holder's birth year",
    "Postcode",
    "children-0-year",
    "Number of the card (not needed)",
)
SENTENCES = {
    "fi": ("Kirjoita syntymävuosi", "Postinumerossa on viisi", "Kirjoita lapsen syntymävuosi", "Numerossa on virhe."),
    "sv": ("Skriv födelseåret", "Ett postnummer har fem", "Skriv barnets födelseår", "Det finns ett fel i numret."),
    "en": ("Type the birth year", "A postcode has five", "Type the child's birth year", "There is a mistake"),
}


def children_of(card):
    query = select(ChildTicket).where(ChildTicket.card_id == card.id).order_by(ChildTicket.id)
    return [(one.birth_year, one.relation) for one in db.session.scalars(query)]


def test_who_may_not(app, people):
    who_may_not(app, people, "/desk/give", others=200)
    before = count()
    # A desk can't give another's card, whatever its form says.
    page = Page(app, people.other_desk).open("/desk/give")
    page.submit(FORM | {HOLDER: "1986"}, queries=BOTH)
    assert given(page).unit_id == people.other_unit
    token = page.open("/desk/give").token
    form = {"csrf_token": token, "birth_year": "1986", "postcode": "33100", "language": "fi", "unit": people.unit}
    answer = page.request("/desk/give", method="POST", data=form)
    assert answer.status_code == 200
    assert count() == before + 1


def test_a_birth_year_and_a_postcode_are_enough(app, people):
    page = give(app, people)
    card = given(page)
    assert page.heading == "Take the card to the phone"
    assert (card.state, card.birth_year, card.postcode, card.unit_id) == ("registered", 1986, "33100", people.unit)
    assert (card.life_situation, card.gender, card.language) == (None, None, "en")
    assert children_of(card) == []


def test_everything_that_can_be_told(app, people):
    fields = {"children-0-year": str(YEAR - 8), "children-0-relation": "grandchild"}
    fields |= {"life_situation": LIFE_SITUATIONS[1], "gender": GENDERS[0], "language": "sv"}
    card = given(give(app, people, **fields))
    assert children_of(card) == [(YEAR - 8, "grandchild")]
    assert (card.life_situation, card.gender, card.language) == (LIFE_SITUATIONS[1], GENDERS[0], "sv")


def test_the_holders_language_is_the_clerks_unless_another_is_chosen(app, people):
    for language in ("fi", "sv"):
        page = Page(app, people.desk, language=language).open("/desk/give")
        page.submit({"birth_year": "1986", "postcode": "33100"}, queries=BOTH)
        assert given(page).language == language


def test_nothing_is_there_before_it_is_typed(app, people):
    """A browser that fills in the clerk's own data would put them into other people's cards (B145)."""
    page = Page(app, people.desk).open("/desk/give")
    form = page._form({"birth_year"}, None)
    assert form.get("autocomplete") == "off"
    for field in (HOLDER, POSTCODE, CHILD, NUMBER):
        assert not page.value(field), field
        assert page._control(field).get("autocomplete") == "off", field
    chosen = [one.get("value") for one in page.all("option") if "selected" in one.attrib]
    assert set(chosen) == {"", "child"}, "nothing is told for the holder"


def test_no_field_takes_words(app, people):
    """What nobody can type can't be kept: no name, no address, no reason."""
    page = Page(app, people.desk).open("/desk/give")
    assert page.all("textarea") == []
    typed = [one.get("name") for one in page.all("input") if one.get("type", "text") == "text"]
    assert sorted(typed) == ["birth_year", "children-0-year", "number", "postcode"]
    page.submit(FORM | {HOLDER: "Aino Virtanen", POSTCODE: "Mannerheimintie 1"})
    assert page.error(HOLDER)
    assert page.error(POSTCODE)


# Bad answers


@pytest.mark.parametrize("language", SENTENCES)
def test_each_fault_has_its_sentence_and_what_was_typed_stays(app, people, language):
    before = count()
    typed = {"birth_year": "86", "postcode": "3310", "children-0-year": "18", "number": "123456789012"}
    page = Page(app, people.desk, language=language).open("/desk/give").submit(typed | {"gender": GENDERS[1]})
    for (field, value), sentence in zip(typed.items(), SENTENCES[language], strict=True):
        assert page.error(field).startswith(sentence), field
        assert page.value(field) == value, field
    assert [one.get("value") for one in page.all("option") if "selected" in one.attrib][-1] == GENDERS[1]
    assert count() == before


@pytest.mark.parametrize("year", ["", " ", "86", "1899", "2101", "-1986", "19 86", "1986.0", "tuhat", "9" * 5000])
def test_what_is_no_birth_year(app, people, year):
    page = Page(app, people.desk).open("/desk/give").submit(FORM | {HOLDER: year})
    assert page.error(HOLDER) == "Type the birth year with four digits, like 1986."
    assert page.value(POSTCODE) == "33100"


@pytest.mark.parametrize(
    "postcode", ["", "3310", "331000", "3310a", "33 100", "٣٣١٠٠", "FI-33100", "<b>33</b>", "9" * 5000]
)
def test_what_is_no_postcode(app, people, postcode):
    page = Page(app, people.desk).open("/desk/give").submit(FORM | {POSTCODE: postcode})
    assert page.error(POSTCODE) == "A postcode has five digits, like 33100."


@pytest.mark.parametrize(
    ("year", "sentence"),
    [
        ("18", "Type the child's birth year with four digits"),
        ("lapsi", "Type the child's birth year with four digits"),
        (str(YEAR + 1), "This year is still to come."),
        (str(YEAR - 19), "Only children under 18 have a child ticket."),
    ],
)
def test_what_is_no_childs_year(app, people, year, sentence):
    page = Page(app, people.desk).open("/desk/give").submit(FORM | {CHILD: year})
    assert page.error(CHILD).startswith(sentence)


@pytest.mark.parametrize("age", [0, 17, 18])
def test_a_child_is_under_18_or_turns_18_this_year(app, people, age):
    assert children_of(given(give(app, people, **{CHILD: str(YEAR - age)}))) == [(YEAR - age, "child")]


def test_nobody_under_16_but_who_turns_16_this_year(app, people):
    page = Page(app, people.desk).open("/desk/give").submit(FORM | {HOLDER: str(YEAR - 15)}, queries=BOTH)
    assert page.refusal().startswith("A card is for those who are 16 or turn 16 this year.")
    assert page.value(POSTCODE) == "33100", "what was typed stays"
    page.submit({HOLDER: str(YEAR - 16)}, queries=BOTH)
    assert given(page).birth_year == YEAR - 16


@pytest.mark.parametrize(
    ("area", "sentence"),
    [
        ({"status": "ended"}, "The area no longer gives cards."),
        ({"status": "pilot", "pilot_ends": date(2020, 1, 1)}, "The area's pilot is over"),
    ],
)
def test_an_area_that_gives_no_cards(app, people, area, sentence):
    set_area("tampere", **area)
    page = Page(app, people.desk).open("/desk/give").submit(FORM, queries=BOTH)
    assert page.refusal().startswith(sentence)


@pytest.mark.parametrize("field", ["life_situation", "gender", "language", "children-0-relation"])
def test_what_is_not_on_the_list_is_not_kept(app, people, field):
    before = count()
    page = Page(app, people.desk).open("/desk/give")
    form = {"csrf_token": page.token, "birth_year": "1986", "postcode": "33100", "language": "fi"}
    answer = page.request("/desk/give", method="POST", data=form | {"children-0-year": str(YEAR), field: "Aino"})
    assert answer.status_code == 200
    assert count() == before


# Children


def test_more_rows_come_without_a_script_and_keep_what_was_typed(app, people):
    page = Page(app, people.desk).open("/desk/give")
    page.submit({HOLDER: "86", CHILD: str(YEAR - 3)}, button="More children")
    assert page.error(HOLDER) is None, "nothing is checked yet"
    assert (page.value(HOLDER), page.value(CHILD)) == ("86", str(YEAR - 3))
    rows = [one for one in page.all("div") if one.get("role") == "group"]
    assert len(rows) == 4
    page.submit(FORM | {"children-3-year": str(YEAR - 9)}, button="Give the card", queries=BOTH)
    assert children_of(given(page)) == [(YEAR - 3, "child"), (YEAR - 9, "child")], "an empty row is no child"


def test_fifteen_children_are_the_most(app, people):
    page = Page(app, people.desk).open("/desk/give")
    for _ in range(5):
        page.submit({HOLDER: "1986"}, button="More children")
    rows = [one for one in page.all("div") if one.get("role") == "group"]
    assert len(rows) == 15
    assert "More children" not in page.text
    years = {f"children-{n}-year": str(YEAR - n) for n in range(15)}
    page.submit(FORM | years, queries=BOTH + 30)
    assert len(children_of(given(page))) == 15


# Numbers


def test_a_blank_card_is_given_as_it_is_typed(app, people):
    _batch, (number,) = printing.blank_numbers(people.desk, people.unit, 1, at=now())
    card = given(give(app, people, **{NUMBER: f"{number[:4]} {number[4:8]}-{number[8:]}"}))
    assert (card.number, card.state) == (number, "registered")
    page = Page(app, people.desk).open("/desk/give").submit(FORM | {NUMBER: number}, queries=BOTH)
    assert page.refusal() == "This card has been given to somebody already. Take another card."


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("123456789012", "There is a mistake in the number."),
        ("åäö", "This is not a card's number."),
        ("12", "This is not a card's number."),
    ],
)
def test_what_is_no_number(app, people, number, sentence):
    page = Page(app, people.desk).open("/desk/give").submit(FORM | {NUMBER: number})
    assert page.error(NUMBER).startswith(sentence)


def test_a_number_that_is_not_known_or_anothers(app, people):
    _batch, (others,) = printing.blank_numbers(people.other_desk, people.other_unit, 1, at=now())
    for number in ("OLD77", others):
        page = Page(app, people.desk).open("/desk/give").submit(FORM | {NUMBER: number}, queries=BOTH)
        assert page.refusal().startswith("There is no blank card with this number at this desk.")


# Once (B050)


def test_a_form_sent_again_is_the_same_card(app, people):
    before = count()
    page = Page(app, people.desk).open("/desk/give")
    form = {"csrf_token": page.token, "once": page.value("once"), "birth_year": "1986", "postcode": "33100"}
    form["language"] = "fi"
    answers = [page.request("/desk/give", method="POST", data=form) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {307}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert count() == before + 1
    # The browser's Back and other answers: another person's card, not the first one's again.
    other = page.request("/desk/give", method="POST", data=form | {"birth_year": "1990"})
    assert other.headers["Location"] != answers[0].headers["Location"]
    assert count() == before + 2


@pytest.mark.parametrize("blank", [False, True])
def test_two_at_the_same_moment_are_one_card_and_both_end_on_its_letter(app, people, blank):
    """A double click, as two requests that no script held back: on both databases, with a new and a printed number."""
    number = printing.blank_numbers(people.desk, people.unit, 1, at=now())[1][0] if blank else ""
    before = count()
    page = Page(app, people.desk).open("/desk/give")
    form = {"csrf_token": page.token, "once": page.value("once"), "birth_year": "1986", "postcode": "33100"}
    form |= {"language": "fi", "children-0-year": str(YEAR - 4), "number": number}
    cookies = page.client.get_cookie("__Host-session", domain="localhost").value
    db.session.remove()
    waiting = threading.Barrier(2)

    def click(_nth):
        client = app.test_client()
        client.set_cookie("__Host-session", cookies, domain="localhost", secure=True)
        waiting.wait(30)
        with app.app_context():
            sent = client.post("/desk/give", data=form, base_url=page.origin)
            letter = client.post(sent.headers["Location"], data=form, base_url=page.origin)
            return sent.status_code, sent.headers["Location"], letter.status_code

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(click, range(2))
    assert first == second
    assert (first[0], first[2]) == (307, 200)
    assert count() == before + (0 if blank else 1)
    card = int(first[1].split("/")[3])
    assert len(children_of(db.session.get_one(Card, card))) == 1
    live = select(func.count()).where(Invitation.card_id == card, Invitation.cancelled_at.is_(None))
    assert db.session.scalar(live) == 1, "one letter of the card is alive"


def test_staff_at_two_desks_say_which(app, people):
    staff = staff_at(people.unit, people.other_unit)
    page = Page(app, staff).open(f"/desk/give?unit={people.other_unit}")
    assert "Diakonia" in page.text
    page.submit(FORM | {"unit": str(people.other_unit)}, queries=BOTH)
    assert given(page).unit_id == people.other_unit
    assert "Seurakunta" not in Page(app, people.desk).open("/desk/give").text
    assert len(desk_lists.units_of_desk(staff)) == 2


def test_a_page_that_stayed_open_leads_to_signing_in_and_gives_no_card(app, people):
    """Its script keeps what was typed (tests/browser/test_desk.py)."""
    before = count()
    page = Page(app, people.desk).open("/desk/give")
    form = {"csrf_token": page.token, **{"birth_year": "1986", "postcode": "33100", "language": "fi"}}
    with page.client.session_transaction(base_url=page.origin) as session:
        del session["staff"]
    answer = page.request("/desk/give", method="POST", data=form)
    assert answer.headers["Location"] == "/staff/sign-in"
    assert count() == before
