"""The desk's first page: its unit's cards, the one that ends soonest first, and one found by its number."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.desk.desks import staff_at, who_may_not
from tests.register.scans import set_card
from tests.web.page import Page, words
from wallet.clock import helsinki_day, now
from wallet.codes import Claims, mint_paper
from wallet.codes.days import number_of_day
from wallet.codes.token import PERSONAL
from wallet.register import cards, credentials, desk_cards, printing
from wallet.register.cards import card_of
from wallet.register.database import act, db
from wallet.register.numbers import shown
from wallet.register.tables import Card, Unit

LANGUAGES = ("fi", "sv", "en")


def rows(page):
    """Each card of the list, as it is read."""
    return [words(one) for one in page.all("li") if any("card-row" in (div.get("class") or "") for div in one)]


def number(holder):
    return shown(card_of(holder, at=now()).number)


def test_who_may_not(app, people):
    who_may_not(app, people, "/desk", others=200)
    page = Page(app, people.other_desk).open("/desk")
    assert rows(page) == [], "another desk's cards are not there"
    page.open(f"/desk?unit={people.unit}", status=404)
    for what in ("abc", "0", "99999999999999999999"):
        page.open(f"/desk?unit={what}", status=404)


def test_the_card_that_ends_soonest_is_first(app, people):
    today = helsinki_day(now())
    set_card(people.other_holder.card_id, last_day=today + timedelta(days=12))
    first, second = rows(Page(app, people.desk).open("/desk"))
    assert number(people.other_holder) in first
    assert "in 12 days" in first
    assert "born 1961" in first
    assert number(people.holder) in second
    assert "born 1986 · 2 children" in second


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_state_in_words(app, people, language):
    today = helsinki_day(now())
    for days in (0, 1, -1):
        card_id, _ = cards.register_card(people.unit, by=None, at=now(), birth_year=1990, postcode="33100")
        set_card(card_id, first_day=today - timedelta(days=300), last_day=today + timedelta(days=days))
    printing.blank_numbers(people.desk, people.unit, 1, at=now())
    desk_cards.block_card(people.desk, people.other_holder.card_id, "lost", at=now())
    desk_cards.replace_card(people.desk, people.holder.card_id, at=now(), reason="lost")
    page = Page(app, people.desk, language=language)
    listed = {show: rows(page.open(f"/desk?show={show}")) for show in ("open", "ended", "all", "blank")}
    assert [len(each) for each in listed.values()] == [3, 1, 6, 1]
    if language == "en":
        states = ("Ends today", "in 1 day", "Valid to", "Ended on", "Blocked", "Replaced by a new card", "Blank")
        everything = " ".join(row for each in listed.values() for row in each)
        assert [state for state in states if state not in everything] == []


def test_a_page_at_a_time_and_each_card_once(app, people):
    for _ in range(65):
        cards.register_card(people.unit, by=None, at=now(), birth_year=1990, postcode="33100")
    page, seen = Page(app, people.desk).open("/desk"), []
    for expected in (30, 30, 7):
        assert len(rows(page)) == expected
        seen += [row[:14] for row in rows(page)]
        if expected == 30:
            page.follow("More cards")
    assert len(set(seen)) == 67
    for show in ("open", "ended", "all", "blank"):
        for after in ("nonsense", "2026-01-01_x", "2026-01-01_-1", f"2026-01-01_{2**31}", "2026-01-01_" + "9" * 30):
            page.open(f"/desk?show={show}&after={after}", status=404)


def test_a_desk_without_cards_says_how_to_begin(app, people):
    page = Page(app, people.other_desk).open("/desk")
    assert "No cards yet" in page.text
    assert "/desk/give" in page.links()
    assert "No blank cards" in page.open("/desk?show=blank").text
    assert "No cards here" in Page(app, people.desk).open("/desk?show=ended").text
    assert page.open("/desk?show=nonsense").text.count("ending soonest first") == 1


def test_staff_at_two_desks_choose(app, people):
    page = Page(app, staff_at(people.unit, people.other_unit)).open("/desk")
    assert len(rows(page)) == 2
    page.follow("Diakonia")
    assert rows(page) == []
    assert f"/desk/give?unit={people.other_unit}" in page.links()
    page.submit({"number": "OLD77"})
    assert rows(page) == [], "a number that is not found leaves the chosen unit's list"


# Finding one


def find(page, typed, **options):
    return page.open("/desk").submit({"number": typed}, **options)


@pytest.mark.parametrize("typed", [str, shown, lambda n: f" {n[:4]}-{n[4:8]}–{n[8:]} "])
def test_a_card_is_found_as_it_is_typed(app, people, typed):
    page = find(Page(app, people.desk), typed(card_of(people.holder, at=now()).number))
    assert page.path == f"/desk/cards/{people.holder.card_id}"
    assert page.heading == number(people.holder)
    assert "number" not in page.address, "numbers stay out of addresses"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Type the card's number."),
        ("\x00", "This is not a card's number."),
        ("åäö", "This is not a card's number."),
        ("9" * 5000, "This is not a card's number."),
        ("123456789012", "There is a mistake in the number."),
        ("KP1:ABC", "The code could not be read whole."),
    ],
)
def test_what_is_no_number_is_said_at_its_field(app, people, typed, sentence):
    page = find(Page(app, people.desk), typed)
    assert page.error("number").startswith(sentence)
    assert len(rows(page)) == 2, "the list is still there"


def test_anothers_card_is_not_found_nor_is_one_that_is_not(app, people):
    for who, typed in ((people.other_desk, card_of(people.holder, at=now()).number), (people.desk, "OLD77")):
        assert find(Page(app, who), typed).refusal().startswith("There is no card with this number at this desk.")


@pytest.mark.parametrize(("language", "begins"), [("fi", "Tässä kortinjaossa"), ("sv", "Den här kortutdelningen")])
def test_it_is_said_in_each_language(app, people, language, begins):
    assert find(Page(app, people.desk, language=language), "OLD77").refusal().startswith(begins)


def test_a_card_is_found_by_the_code_on_paper(app, people, settings, keyring):
    issued = credentials.for_server(people.holder, at=now())
    claims = Claims(
        credential=issued.credential,
        issued_day=number_of_day(issued.first_day),
        last_day=number_of_day(issued.last_day),
        kind=PERSONAL,
        children=0,
        birth_year=1986,
    )
    code = mint_paper(claims, keyring.signing("C2"), settings.host)
    assert find(Page(app, people.desk), code).path == f"/desk/cards/{people.holder.card_id}"
    assert "no card" in find(Page(app, people.other_desk), code).refusal()


def test_a_blank_card_that_is_found_can_be_given(app, people):
    _batch, (blank,) = printing.blank_numbers(people.desk, people.unit, 1, at=now())
    page = find(Page(app, people.desk), blank)
    assert "This card opens no door before it is given to somebody." in page.text
    page.follow("Give this card")
    assert page.value("Number of the card (not needed)") == blank
    card = db.session.scalars(select(Card.id).where(Card.number == blank)).one()
    Page(app, people.other_desk).open(f"/desk/give?blank={card}", status=404)


def test_a_unit_named_as_its_issuer_is_named_once(app, people):
    page = Page(app, people.desk).open("/desk")
    assert "Sosiaalityö · 2 cards" in page.text
    with act() as session:
        session.get(Unit, people.unit).name = "Keskusta"
    assert "Sosiaalityö, Keskusta · 2 cards" in page.open("/desk").text
