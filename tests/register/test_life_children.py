"""Child tickets over the years: changed at the desk, ended, turned into an own card. If this failed, a family would pay
for a child who may come free, or a young person would have no way to a card of their own."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.people import People
from tests.register.scans import NOON, add_event, count, phone_of, record, scan, set_area, set_card, told, typed
from tests.register.test_racing import at_once
from wallet.register import cards, desk_cards, uses, visits
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder
from wallet.register.tables import Card, ChildTicket, JournalLine, Use
from wallet.register.tables_life import CardPeriod, CardYear

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)
TODAY = NOON.date()
# What the holder of every test has: born 2019, turning 18 this year (2008), ended by age (2006).
SMALL, TURNING, ENDED = (2019, "child"), (2008, "child"), (2006, "grandchild")


def change(people: People, *children: tuple[int | None, str], at: datetime = NOON) -> None:
    desk_cards.change_children(people.desk, people.holder.card_id, at=at, children=children)


def tickets(people: People) -> list[ChildTicket]:
    own = select(ChildTicket).where(ChildTicket.card_id == people.holder.card_id)
    return list(db.session.scalars(own.order_by(ChildTicket.id)))


def ticket_of(people: People, year: int | None) -> int:
    return next(ticket.id for ticket in tickets(people) if ticket.birth_year == year)


def own_card(people: People, year: int | None, **values: object) -> tuple[int, str]:
    given: dict[str, object] = {"at": NOON, "postcode": "33200"} | values
    ticket = ticket_of(people, year)
    return desk_cards.own_card(people.desk, people.holder.card_id, ticket, **given)  # type: ignore[arg-type]


def add(people: People, *born: int | None) -> None:
    """Child tickets beside those that are there."""
    with act() as session:
        session.add_all(ChildTicket(card_id=people.holder.card_id, birth_year=year) for year in born)


def test_another_desk_changes_nothing(people: People) -> None:
    ticket = ticket_of(people, 2008)
    for by in (people.other_desk, people.coordinator, people.support):
        with pytest.raises(NotFound, match="card_not_found"):
            desk_cards.change_children(by, people.holder.card_id, at=NOON, children=())
        with pytest.raises(NotFound, match="card_not_found"):
            desk_cards.own_card(by, people.holder.card_id, ticket, at=NOON, postcode="33100")
    assert [one.ended_on for one in tickets(people)] == [None, None, None]


def test_a_ticket_that_stays_is_the_same_ticket(people: People) -> None:
    """Its label lives on the holder's phone, under the ticket's id."""
    before = [one.id for one in tickets(people)]
    change(people, SMALL, (2022, "household"))
    rows = tickets(people)
    assert [one.id for one in rows[:3]] == before
    assert [(one.birth_year, one.relation, one.ended_on) for one in rows] == [
        (2019, "child", None),
        (2008, "child", TODAY),
        (2006, "grandchild", TODAY),
        (2022, "household", None),
    ]
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:children:changed")).one()
    assert line.facts == {"added": 1, "ended": 2}


def test_twins_are_two_tickets(people: People) -> None:
    change(people, SMALL, SMALL, TURNING, ENDED)
    assert Counter((one.birth_year, one.ended_on) for one in tickets(people)) == {
        (2019, None): 2,
        (2008, None): 1,
        (2006, None): 1,
    }
    change(people, SMALL)
    kept = [one for one in tickets(people) if one.ended_on is None]
    assert [one.id for one in kept] == [ticket_of(people, 2019)], "the older of the two stays"


def test_a_ticket_that_comes_back_is_the_same_ticket(people: People) -> None:
    """Taken off by mistake: its label comes back with it, and a late record counts the child once."""
    small = ticket_of(people, 2019)
    change(people)
    change(people, SMALL, at=NOON + 3 * DAY)
    assert [(one.id, one.ended_on) for one in tickets(people) if one.birth_year == 2019] == [(small, None)]


def test_the_ticket_taken_off_last_comes_back_first(people: People) -> None:
    add(people, 2019)
    first, second = (one.id for one in tickets(people) if one.birth_year == 2019)
    change(people, SMALL)  # the second goes
    change(people, at=NOON + DAY)  # the first goes
    change(people, SMALL, at=NOON + 2 * DAY)
    assert {one.id: one.ended_on for one in tickets(people) if one.birth_year == 2019} == {first: None, second: TODAY}


def test_the_same_children_change_nothing(people: People) -> None:
    change(people, ENDED, TURNING, SMALL)
    assert count(JournalLine, JournalLine.act == "desk:children:changed") == 0
    assert [one.ended_on for one in tickets(people)] == [None, None, None]


def test_a_ticket_without_a_birth_year_stays_one_without(people: People) -> None:
    """Cards known only by a number of children."""
    change(people, (None, "child"), (None, "child"))
    change(people, (None, "child"))
    assert Counter((one.birth_year, one.ended_on) for one in tickets(people) if one.birth_year is None) == {
        (None, None): 1,
        (None, TODAY): 1,
    }


def test_sixteen_children_are_too_many(people: People) -> None:
    change(people, *[SMALL] * 15)
    with pytest.raises(Refused, match="too_many_children"):
        change(people, *[SMALL] * 16)
    assert sum(one.ended_on is None for one in tickets(people)) == 15


@pytest.mark.parametrize(
    ("state", "reason"), [("blank", "not_registered"), ("blocked", "blocked"), ("replaced", "replaced")]
)
def test_a_card_in_another_state_keeps_its_children(people: People, state: str, reason: str) -> None:
    set_card(people.holder.card_id, state=state)
    with pytest.raises(Refused, match=reason):
        change(people)
    with pytest.raises(Refused, match=reason):
        own_card(people, 2008)


def test_an_ended_card_asks_for_children_at_its_renewal(people: People) -> None:
    with pytest.raises(Refused, match="card_expired"):
        change(people, at=NOON + 365 * DAY)


def test_a_community_card_names_no_children(people: People) -> None:
    set_card(people.other_holder.card_id, kind="community", birth_year=None, postcode=None)
    with pytest.raises(Refused, match="community_without_children"):
        desk_cards.change_children(people.desk, people.other_holder.card_id, at=NOON, children=(SMALL,))
    desk_cards.change_children(people.desk, people.other_holder.card_id, at=NOON, children=())


@pytest.mark.parametrize(("days_before", "recorded"), [(1, True), (0, False)])
def test_a_ticket_that_ended_counts_for_the_days_before(people: People, days_before: int, recorded: bool) -> None:
    """`ended_on` is the first day on which it no longer counts; a record that comes late is judged for its day."""
    phone = phone_of(people.holder)
    set_card(people.holder.card_id, first_day=TODAY - 7 * DAY)
    change(people)
    late = scan(phone, NOON - days_before * DAY, children=2, late=True)
    answer = uses.record_use(late, by=people.gate, at=NOON)
    assert (answer.recorded, answer.reason) == (recorded, None if recorded else "too_many_children")


# Through 18


@pytest.mark.parametrize(
    ("at", "answer", "note"),
    [
        # Turning 18 in 2027: the year before, in it, and after; and the year's edges in Helsinki.
        (datetime(2026, 12, 1, 10, tzinfo=UTC), ("green", None), False),
        (datetime(2026, 12, 31, 21, 59, 59, tzinfo=UTC), ("green", None), False),
        (datetime(2026, 12, 31, 22, 0, tzinfo=UTC), ("amber", None), True),
        (datetime(2027, 7, 1, 10, tzinfo=UTC), ("amber", None), True),
        (datetime(2027, 12, 31, 21, 59, 59, tzinfo=UTC), ("amber", None), True),
        (datetime(2027, 12, 31, 22, 0, tzinfo=UTC), ("red", "too_many_children"), False),
    ],
)
def test_a_child_ticket_through_18(people: People, at: datetime, answer: tuple[str, str | None], note: bool) -> None:
    """Valid while year - birth_year < 18, amber in the year of 18, ended after it: for the day of the event."""
    desk_cards.change_children(people.desk, people.other_holder.card_id, at=NOON, children=((2009, "child"),))
    set_card(people.other_holder.card_id, last_day=date(2028, 6, 1))
    found = record(scan(phone_of(people.other_holder, at=at), at, children=1), people.gate)
    assert told(found) == answer
    assert ("child_turning_18" in found.notes) is note


@pytest.mark.parametrize(
    ("year", "status", "may"),
    [(2024, "valid", False), (2025, "valid", True), (2027, "turning_18", True), (2028, "ended", True)],
)
def test_an_own_card_is_offered_from_16_on(people: People, year: int, status: str, may: bool) -> None:
    """The young person can have an own card: offered from the year of 16, and said when the ticket has ended."""
    desk_cards.change_children(people.desk, people.other_holder.card_id, at=NOON, children=((2009, "child"),))
    set_card(people.other_holder.card_id, first_day=date(2024, 1, 1), last_day=date(2028, 12, 31))
    (child,) = cards.card_of(people.other_holder, at=NOON.replace(year=year)).children
    assert (child.status, child.may_have_card) == (status, may)


# An own card


def test_a_child_ticket_becomes_an_own_card(people: People) -> None:
    set_card(people.holder.card_id, language="sv")
    card_id, number = own_card(people, 2008, life_situation="student", gender="other")
    card = db.session.get_one(Card, card_id)
    assert (card.number, card.state, card.birth_year, card.postcode) == (number, "registered", 2008, "33200")
    assert (card.unit_id, card.language, card.life_situation, card.gender) == (people.unit, "sv", "student", "other")
    assert (card.first_day, card.last_day) == (TODAY, date(2027, 11, 24))
    assert count(CardPeriod, CardPeriod.card_id == card_id, CardPeriod.how == "new") == 1
    ticket = db.session.get_one(ChildTicket, ticket_of(people, 2008))
    assert (ticket.ended_on, ticket.own_card_id) == (TODAY, card_id)
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:ticket:own-card")).one()
    assert (line.card_id, line.facts) == (people.holder.card_id, {"ticket": ticket.id, "card": card_id})


def test_the_young_person_chooses_their_language(people: People) -> None:
    card_id, _ = own_card(people, 2008, language="en")
    assert db.session.get_one(Card, card_id).language == "en"


@pytest.mark.parametrize(("born", "gets"), [(2010, True), (2011, False), (2009, True)])
def test_an_own_card_from_the_year_of_16_on(people: People, born: int, gets: bool) -> None:
    add(people, born)
    if gets:
        assert own_card(people, born)
    else:
        with pytest.raises(Refused, match="too_young"):
            own_card(people, born)
        assert db.session.get_one(ChildTicket, ticket_of(people, born)).ended_on is None


def test_the_year_of_16_begins_at_midnight_in_finland(people: People) -> None:
    add(people, 2011)
    new_year = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    with pytest.raises(Refused, match="too_young"):
        own_card(people, 2011, at=new_year - timedelta(seconds=1))
    assert own_card(people, 2011, at=new_year)


def test_a_ticket_ended_by_age_becomes_an_own_card(people: People) -> None:
    """The holder is told that the young person can have an own card: then it can be had."""
    assert own_card(people, 2006)


def test_a_ticket_without_a_birth_year_asks_for_it(people: People) -> None:
    add(people, None)
    with pytest.raises(Refused, match="birth_year_missing"):
        own_card(people, None)
    with pytest.raises(Refused, match="too_young"):
        own_card(people, None, birth_year=2015)
    card_id, _ = own_card(people, None, birth_year=2009)
    assert db.session.get_one(Card, card_id).birth_year == 2009


def test_a_ticket_becomes_one_card(people: People) -> None:
    card_id, _ = own_card(people, 2008)
    with pytest.raises(Refused, match="own_card_given") as refused:
        own_card(people, 2008)
    assert refused.value.facts == {"card_id": card_id}


def test_ten_clicks_at_once_make_one_card(app: Flask, people: People) -> None:
    ticket = ticket_of(people, 2008)

    def click() -> str:
        try:
            return str(bool(desk_cards.own_card(people.desk, people.holder.card_id, ticket, at=NOON, postcode="33100")))
        except Refused as refused:
            return refused.reason

    assert Counter(at_once(app, [click] * 10)) == {"True": 1, "own_card_given": 9}
    assert count(Card) == 3


def test_what_makes_no_own_card(people: People) -> None:
    theirs = ticket_of(people, 2008)
    with pytest.raises(NotFound, match="ticket_not_found"):
        desk_cards.own_card(people.desk, people.other_holder.card_id, theirs, at=NOON, postcode="33100")
    change(people, SMALL)
    with pytest.raises(Refused, match="ticket_ended"):
        own_card(people, 2008)
    set_area("tampere", status="ended")
    add(people, 2009)
    with pytest.raises(Refused, match="area_ended"):
        own_card(people, 2009)


def test_an_own_card_that_was_given_does_not_become_a_child_again(people: People) -> None:
    """Naming the same child at a renewal makes a new ticket: the old one points at the own card."""
    own_card(people, 2008)
    change(people, SMALL, TURNING, ENDED)
    assert [(one.own_card_id is None, one.ended_on) for one in tickets(people) if one.birth_year == 2008] == [
        (False, TODAY),
        (True, None),
    ], "16-17-year-olds may be on a parent's card as well: offered, not forced"


def test_b015_a_child_becomes_an_adult_and_history_is_kept_once(people: People) -> None:
    """B015: visits stay where they were recorded, the new card begins without any, and each is a card of its own."""
    set_card(people.holder.card_id, first_day=TODAY - 30 * DAY)
    phone = phone_of(people.holder)
    assert record(scan(phone, NOON, children=2), people.gate).recorded
    before = db.session.scalar(select(Use.id)), count(Use)
    card_id, number = own_card(people, 2008)
    assert (db.session.scalar(select(Use.id)), count(Use)) == before
    child = Holder("", card_id)
    assert (len(visits.visits(people.holder)), len(visits.visits(child))) == (1, 0)
    # The family's code no longer brings the young person in, and their own number does.
    tomorrow = NOON + DAY
    both = record(scan(phone, tomorrow, children=2), people.gate)
    assert told(both) == ("red", "too_many_children")
    assert record(scan(phone, tomorrow + timedelta(minutes=1), children=1), people.gate).recorded
    assert record(typed(number, tomorrow), people.gate).recorded
    assert (len(visits.visits(people.holder)), len(visits.visits(child))) == (2, 1)
    assert count(CardYear, CardYear.card_id == card_id) == 1


def test_b014_who_turns_18_is_no_ward_any_more(people: People) -> None:
    """B014: in the year of 18 the ticket still answers at the door with a clear status, the young adult is offered an
    own card, and then the guardian sees none of their new visits."""
    phone = phone_of(people.holder)
    amber = record(scan(phone, children=2), people.gate)
    assert (amber.verdict, amber.notes) == ("amber", ("child_turning_18",))
    offered = [child for child in cards.card_of(people.holder, at=NOON).children if child.may_have_card]
    assert [(child.birth_year, child.status) for child in offered] == [(2008, "turning_18"), (2006, "ended")]
    card_id, number = own_card(people, 2008)
    assert record(typed(number, NOON + timedelta(hours=1)), people.other_gate).recorded
    assert [line.venue_name_fi for line in visits.visits(people.holder)] == ["Museo"]
    assert [line.venue_name_fi for line in visits.visits(Holder("", card_id))] == ["Teatteri"]


@pytest.mark.parametrize("day", [datetime(2026, 11, 24, 10, tzinfo=UTC), NOON, datetime(2026, 11, 26, 10, tzinfo=UTC)])
def test_b011_a_status_does_not_depend_on_the_day_it_is_asked(people: People, day: datetime) -> None:
    """B011: for a fixed visit day the same answer, whenever it is worked out; there are no birthdays here, only
    years."""
    desk_cards.change_children(people.desk, people.other_holder.card_id, at=NOON, children=((2009, "child"),))
    set_card(people.other_holder.card_id, first_day=date(2026, 1, 1), last_day=date(2027, 12, 31))
    visit = datetime(2027, 1, 3, 10, tzinfo=UTC)
    event = add_event(starts_at=visit)
    found = record(scan(phone_of(people.other_holder, at=day), day, children=1, event_id=event), people.gate)
    assert (found.verdict, found.notes) == ("amber", ("child_turning_18",))
    assert db.session.scalars(select(Use.children)).one() == 1
