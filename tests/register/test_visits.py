"""What a holder sees of their visits, and how they say that one is wrong. If these fail, somebody reads another's
evenings, or a venue never hears that it wrote down the wrong card."""

from datetime import timedelta

import pytest

from tests.people import People
from tests.register.scans import NOON, add_event, count, phone_of, record, scan
from wallet.register import corrections, desk_cards, uses, visits
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder
from wallet.register.tables import JournalLine, Use
from wallet.register.tables_life import Correction

pytestmark = pytest.mark.usefixtures("noon")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def use(people: People, phone: bytes) -> int:
    """A visit of the holder's, with a child."""
    return int(record(scan(phone, children=1), people.gate).facts["use_id"])


def refused(by: Holder, use_id: int, *, at=NOON, reason: str = "children") -> str:
    with pytest.raises(Refused) as caught:
        corrections.ask(by, use_id, reason, at=at)
    return caught.value.reason


def test_anothers_visit_is_not_found(people: People, use: int) -> None:
    assert visits.visits(people.other_holder) == []
    with pytest.raises(NotFound):
        visits.visit(people.other_holder, use)
    assert refused(people.other_holder, use) == "use_not_found"
    assert refused(people.holder, use + 1) == "use_not_found"
    assert count(Correction) == 0


def test_the_newest_comes_first_and_pages_join(people: People, phone: bytes) -> None:
    for days in range(5):
        record(scan(phone, NOON + days * DAY), people.gate)
    record(scan(phone_of(people.other_holder)), people.gate)
    first = visits.visits(people.holder, limit=2)
    second = visits.visits(people.holder, before=first[-1].use_id, limit=2)
    assert [one.day.day for one in first + second] == [29, 28, 27, 26]
    assert len(visits.visits(people.holder)) == 5


def test_a_visit_says_what_was_recorded(people: People, use: int, phone: bytes) -> None:
    season = add_event(kind="season")
    record(scan(phone, NOON + DAY, event_id=season), people.gate)
    swim, museum = visits.visits(people.holder)
    assert (museum.kind, museum.children, museum.venue_name_fi, museum.venue_name_sv) == (
        "ticket",
        1,
        "Museo",
        "Museet",
    )
    assert (museum.event_name, museum.until, museum.asked_on) == (None, None, None)
    assert (swim.kind, swim.event_name, swim.until) == ("season", "Museoilta", NOON.date())
    assert visits.visit(people.holder, use) == museum


def test_a_new_card_takes_over_the_lost_ones_visits(people: People, use: int) -> None:
    fresh, _number = desk_cards.replace_card(people.desk, people.holder.card_id, at=NOON, reason="lost")
    assert [one.use_id for one in visits.visits(Holder("", fresh))] == [use]
    assert visits.visits(people.holder) == []
    corrections.ask(Holder("", fresh), use, "not_mine", at=NOON)


@pytest.mark.parametrize("reason", corrections.REASONS)
def test_the_venue_is_asked_once(people: People, use: int, reason: str) -> None:
    corrections.ask(people.holder, use, reason, at=NOON)
    (asked,) = db.session.scalars(db.select(Correction))
    assert (asked.use_id, asked.venue_id, asked.reason, asked.asked_at) == (use, "museo", reason, NOON)
    assert refused(people.holder, use, at=NOON + DAY) == "correction_asked"
    line = visits.visit(people.holder, use)
    assert (line.asked_on, line.asked_reason, line.outcome, line.may_ask(NOON)) == (NOON.date(), reason, None, False)
    assert count(JournalLine, JournalLine.act == "holder:correction:asked") == 1


def test_only_while_the_venue_may_undo_it(people: People, use: int) -> None:
    line = visits.visit(people.holder, use)
    assert (line.may_ask(NOON + 30 * DAY), line.may_ask(NOON + 30 * DAY + SECOND)) == (True, False)
    assert refused(people.holder, use, at=NOON + 30 * DAY + SECOND) == "correction_too_late"
    corrections.ask(people.holder, use, "day", at=NOON + 30 * DAY)


def test_nothing_to_ask_of_what_was_undone(people: People, use: int) -> None:
    uses.undo_use(use, by=people.gate, at=NOON, reason="gate")
    assert refused(people.holder, use) == "undone_already"
    assert not visits.visit(people.holder, use).may_ask(NOON)


def test_the_outcome_is_the_holders_to_read(people: People, use: int) -> None:
    corrections.ask(people.holder, use, "day", at=NOON)
    with act() as session:
        asked = session.scalars(db.select(Correction)).one()
        asked.answered_at, asked.outcome = NOON + DAY, "kept"
    assert visits.visit(people.holder, use).outcome == "kept"


def test_a_cut_link_is_no_visit(people: People, use: int) -> None:
    with act() as session:
        session.get_one(Use, use).card_id = None
    assert visits.visits(people.holder) == []
    assert refused(people.holder, use) == "use_not_found"
