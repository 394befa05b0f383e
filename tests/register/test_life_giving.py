"""Giving a card at the desk: a new number, or the number of a blank card. If this failed, a card from the pile on the
table would not work, one number would be two people's, or somebody else's desk could give it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from tests.people import People
from tests.register.scans import NOON, count, record, set_area, set_card, told, typed
from wallet.register import cards
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.tables import Card, ChildTicket, JournalLine, Unit
from wallet.register.tables_life import CardPeriod

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)
BLANK, OTHER_BLANK = "123456789018", "000000000000"


def blank(number: str, unit: int | None) -> int:
    """A card that was printed ahead."""
    with act() as session:
        card = Card(number=number, unit_id=unit, user_handle=number.encode())
        session.add(card)
        session.flush()
        return card.id


def give(people: People, **values: object) -> Card:
    given: dict[str, object] = {"birth_year": 1990, "postcode": "33100", "at": NOON, "by": people.desk} | values
    unit = given.pop("unit", people.unit)
    card_id, _ = cards.register_card(unit, **given)  # type: ignore[arg-type]
    return db.session.get_one(Card, card_id)


def second_unit() -> int:
    """Another desk of the first issuer."""
    with act() as session:
        unit = Unit(issuer_id="sosiaalityo", name="Hervanta")
        session.add(unit)
        session.flush()
        return unit.id


def test_another_desk_gives_no_card_of_this_unit(people: People) -> None:
    before = count(Card)
    for by in (people.other_desk, people.coordinator, people.support):
        with pytest.raises(NotFound, match="unit_not_found"):
            give(people, by=by)
    assert count(Card) == before


@pytest.mark.parametrize("as_typed", ["123456789018", "1234 5678 9018", "l234-5678-9Ol8", " 1234.5678.9018 "])
def test_a_blank_card_becomes_the_persons(people: People, as_typed: str) -> None:
    """A card works only once it is registered. Typing accepts spaces, hyphens, O for 0, I or l for 1."""
    card_id = blank(BLANK, people.unit)
    assert told(record(typed(BLANK), people.gate)) == ("red", "unknown_number"), "a blank one answers as an unknown one"
    card = give(people, number=as_typed, children=((2019, "child"),))
    assert (card.id, card.number, card.state, card.area_id) == (card_id, BLANK, "registered", "tampere")
    assert (card.first_day, card.last_day, card.birth_year) == (date(2026, 11, 25), date(2027, 11, 24), 1990)
    assert count(ChildTicket, ChildTicket.card_id == card.id) == 1
    assert record(typed(BLANK), people.gate).recorded


@pytest.mark.parametrize("printed_for", ["this unit", "another unit of the issuer", "nobody"])
def test_blank_cards_that_this_desk_may_give(people: People, printed_for: str) -> None:
    unit = {"this unit": people.unit, "nobody": None}.get(printed_for, second_unit())
    blank(BLANK, unit)
    assert give(people, number=BLANK).unit_id == people.unit


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("123456789012", "number_mistyped"),  # our shape, a wrong check digit
        ("?", "number_mistyped"),
        ("", "number_mistyped"),
        ("000000000000", "number_unknown"),  # right in itself, and never printed
        ("TRE-0042", "number_unknown"),  # of another system: imports are another path
        ("another issuer's", "number_unknown"),
    ],
)
def test_numbers_that_give_no_card(people: People, number: str, reason: str) -> None:
    blank(BLANK, people.other_unit)
    before = count(Card)
    with pytest.raises(Refused, match=reason):
        give(people, number=BLANK if number.startswith("another") else number)
    assert count(Card) == before
    assert db.session.scalars(select(Card.state).where(Card.number == BLANK)).one() == "blank"


@pytest.mark.parametrize("state", ["registered", "blocked", "replaced"])
def test_a_number_that_somebody_has_is_taken(people: People, state: str) -> None:
    set_card(people.holder.card_id, state=state)
    number = db.session.scalars(select(Card.number).where(Card.id == people.holder.card_id)).one()
    with pytest.raises(Refused, match="number_taken"):
        give(people, number=number, birth_year=2000)
    assert db.session.get_one(Card, people.holder.card_id).birth_year == 1986


def test_a_blank_card_is_given_once(people: People) -> None:
    """The button pressed twice."""
    blank(BLANK, people.unit)
    give(people, number=BLANK)
    with pytest.raises(Refused, match="number_taken"):
        give(people, number=BLANK)


def test_an_area_that_left_gives_no_cards(people: People) -> None:
    set_area("tampere", status="ended")
    with pytest.raises(Refused, match="area_ended"):
        give(people)
    with pytest.raises(Refused, match="area_ended"):
        give(people, number=db.session.get_one(Card, blank(BLANK, people.unit)).number)
    assert db.session.scalars(select(Card.state).where(Card.number == BLANK)).one() == "blank", "it stays for later"


def test_who_has_a_card_of_an_area_that_left_keeps_its_days(people: People) -> None:
    """Decided here, for nothing is written: what was promised for a year holds; what is new is refused."""
    set_area("tampere", status="ended")
    number = db.session.scalars(select(Card.number).where(Card.id == people.holder.card_id)).one()
    assert record(typed(number), people.gate).recorded


@pytest.mark.parametrize(("pilot_ends", "last"), [(date(2026, 11, 25), date(2026, 11, 25)), (date(2026, 11, 24), None)])
def test_the_last_day_of_a_pilot(people: People, pilot_ends: date, last: date | None) -> None:
    set_area("tampere", status="pilot", pilot_ends=pilot_ends)
    if last is None:
        with pytest.raises(Refused, match="pilot_over"):
            give(people)
    else:
        assert give(people).last_day == last


def test_giving_writes_down_the_first_stretch(people: People) -> None:
    card = give(people, children=((2019, "child"), (None, "grandchild")))
    (period,) = db.session.scalars(select(CardPeriod).where(CardPeriod.card_id == card.id))
    assert (period.how, period.first_day, period.last_day) == ("new", date(2026, 11, 25), date(2027, 11, 24))
    assert (period.given_on, period.unit_id, period.children) == (date(2026, 11, 25), people.unit, 2)


def test_a_card_that_is_imported_keeps_its_days(people: People) -> None:
    """An import tells the days of the other system: neither a year from today nor the pilot's end is put on them, and
    nobody is asked for their age again."""
    set_area("tampere", status="pilot", pilot_ends=date(2026, 12, 31))
    days = (date(2026, 3, 1), date(2027, 2, 28))
    with act():
        card = Card(number="TRE0042")
        cards.give(
            card,
            people.unit,
            by=people.desk,
            at=NOON,
            birth_year=2012,
            postcode="33100",
            children=(),
            language="sv",
            days=days,
            how="imported",
        )
    assert (card.first_day, card.last_day, card.number, card.language) == (*days, "TRE0042", "sv")
    line = db.session.scalars(select(JournalLine).where(JournalLine.card_id == card.id)).one()
    assert line.facts == {
        "unit": people.unit,
        "how": "imported",
        "first_day": "2026-03-01",
        "last_day": "2027-02-28",
    }


def test_a_foreign_number_of_twelve_digits_is_no_mistake_once_it_is_there(people: People) -> None:
    """Imported numbers have no check digit of ours."""
    blank("123456789012", people.unit)
    assert give(people, number="123456789012").state == "registered"


def test_a_card_that_was_deleted_gives_its_number_to_nobody(people: People) -> None:
    number = db.session.scalars(select(Card.number).where(Card.id == people.other_holder.card_id)).one()
    with act() as session:
        session.execute(
            update(Card)
            .where(Card.id == people.other_holder.card_id)
            .values(state="deleted", birth_year=None, postcode=None)
        )
    with pytest.raises(Refused, match="number_taken"):
        give(people, number=number)
