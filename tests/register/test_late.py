"""Late records: read without a connection, judged when they arrive (docs/decisions/0008). If one of these fails, a
visit is lost, counted twice, or a venue never hears that something did not fit."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests.people import People, gate_at
from tests.register.scans import NOON, phone_of, scan, set_card, step_of, typed
from wallet.register import blocking, conflicts, uses, venues
from wallet.register.database import act, db
from wallet.register.judging import Answer, Attempt
from wallet.register.tables import Card, Credential, Event, Scan, Use
from wallet.register.tables_offline import Conflict

pytestmark = pytest.mark.usefixtures("noon")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ARRIVED = NOON + HOUR


def arrive(attempt: Attempt, people: People) -> Answer:
    """A record of NOON that comes an hour later."""
    return uses.record_use(attempt, by=people.gate, at=ARRIVED)


def lines(people: People) -> list[tuple[str, bool]]:
    """What the venue sees."""
    return [(line.reason, line.counted) for line in conflicts.conflicts(people.gate)]


def late(phone: bytes, **values: Any) -> Attempt:
    return scan(phone, late=True, **values)


def test_a_late_record_that_fits_is_a_use_and_no_line(people: People, phone: bytes) -> None:
    answer = arrive(late(phone), people)
    assert (answer.verdict, answer.recorded) == ("green", True)
    assert lines(people) == []


@pytest.mark.parametrize("how", ["blocked", "replaced", "withdrawn"])
def test_what_was_stopped_meanwhile_was_let_in(people: People, phone: bytes, how: str) -> None:
    if how == "blocked":
        blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    elif how == "replaced":
        set_card(people.holder.card_id, state="replaced")
    else:
        with act() as session:
            session.execute(update(Credential).values(withdrawn_at=NOON, withdrawn_reason="lost"))
    answer = arrive(late(phone), people)
    assert (answer.verdict, answer.recorded, answer.notes) == ("amber", True, (f"{how}_meanwhile",))
    assert lines(people) == [(f"{how}_meanwhile", True)]


def test_what_was_stopped_meanwhile_and_was_never_good_for_that_day_is_no_use(people: People, phone: bytes) -> None:
    set_card(people.holder.card_id, state="blocked", first_day=date(2025, 11, 25), last_day=date(2026, 11, 24))
    answer = arrive(late(phone), people)
    assert (answer.recorded, answer.reason) == (False, "card_expired")
    assert lines(people) == [("card_expired", False)]


@pytest.mark.parametrize(
    ("reason", "withdrawn", "notes"),
    [
        ("renewed", MINUTE, ()),
        ("newer_keys", MINUTE, ()),
        ("renewed", -MINUTE, ("withdrawn_meanwhile",)),
        ("copied", MINUTE, ("withdrawn_meanwhile",)),
    ],
)
def test_a_phone_that_renewed_its_key_after_the_scan_did_nothing_odd(
    people: People, phone: bytes, reason: str, withdrawn: timedelta, notes: tuple[str, ...]
) -> None:
    with act() as session:
        session.execute(update(Credential).values(withdrawn_at=NOON + withdrawn, withdrawn_reason=reason))
    answer = arrive(late(phone), people)
    assert (answer.recorded, answer.notes) == (True, notes)


def test_a_late_visitor_past_the_ceiling_takes_no_seat(people: People, phone: bytes) -> None:
    event = venues.add_event("museo", "Ilta", NOON, NOON + HOUR, by=None, at=NOON, ceiling=1)
    uses.record_use(scan(phone_of(people.other_holder), event_id=event), by=people.gate, at=NOON)
    answer = arrive(late(phone, event_id=event, children=1), people)
    assert (answer.recorded, answer.notes) == (True, ("ceiling_passed",))
    assert lines(people) == [("ceiling_passed", True)]
    assert db.session.scalar(select(Event.taken)) == 1
    uses.undo_use(answer.facts["use_id"], by=people.gate, at=ARRIVED, reason="gate")
    assert db.session.scalar(select(Event.taken)) == 1, "a seat that was not taken is not given back"


def test_two_doors_that_both_let_in_give_one_use_and_one_line(people: People, phone: bytes) -> None:
    """CODES.md: one use and one conflict that the venue sees; nothing is dropped silently."""
    stands = uses.record_use(late(phone), by=gate_at("museo", "Ovi 2"), at=ARRIVED).facts["use_id"]
    second = late(phone, children=1)
    answer = arrive(second, people)
    assert (answer.verdict, answer.reason) == ("neutral", "already_recorded")
    assert arrive(second, people) == answer
    assert db.session.scalar(select(func.count()).select_from(Use)) == 1
    (line,) = conflicts.conflicts(people.gate)
    assert (line.reason, line.counted, line.children, line.gate_name) == ("already_recorded", False, 1, "Ovi 1")
    assert (line.scanned_at, line.noted_at) == (NOON, ARRIVED)
    assert db.session.scalar(select(Conflict.use_id)) == stands


def test_a_code_used_at_another_venue_meanwhile_is_no_second_use(people: People, phone: bytes) -> None:
    stands = uses.record_use(scan(phone), by=people.other_gate, at=NOON).facts["use_id"]
    assert arrive(late(phone), people).reason == "used_elsewhere"
    assert lines(people) == [("used_elsewhere", False)]
    assert db.session.scalar(select(Conflict.use_id)) == stands
    assert conflicts.conflicts(people.other_gate) == []


@pytest.mark.parametrize("reason", ["old_code", "unknown_number", "card_expired", "event_not_found", "other"])
def test_what_is_no_use_at_all_is_still_a_line(people: People, phone: bytes, reason: str) -> None:
    if reason == "old_code":
        answer = uses.record_use(scan(phone), by=people.gate, at=NOON)
        uses.undo_use(answer.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    if reason == "card_expired":
        set_card(people.holder.card_id, first_day=date(2025, 11, 25), last_day=date(2026, 11, 24))
    if reason == "unknown_number":
        arrive(typed("TRE0001", late=True), people)
    elif reason == "other":
        refused = Answer("forged-scan", "red", "other")
        assert uses.refuse(refused, by=people.gate, at=ARRIVED, late_scan=NOON) == refused
    else:
        arrive(late(phone, event_id=10**6 if reason == "event_not_found" else None), people)
    assert lines(people) == [(reason, False)]


def test_a_record_that_came_in_time_leaves_no_line(people: People, phone: bytes) -> None:
    uses.record_use(scan(phone), by=people.gate, at=NOON)
    uses.record_use(scan(phone, NOON + MINUTE), by=people.gate, at=NOON + MINUTE)
    uses.record_use(typed("TRE0001"), by=people.gate, at=NOON)
    uses.refuse(Answer("forged-scan", "red", "forged"), by=people.gate, at=NOON)
    assert lines(people) == []


def test_a_pause_is_not_the_last_word_on_a_record(people: People) -> None:
    """The queue keeps it and sends it again."""
    for n in range(10):
        uses.record_use(typed(f"TRE{n:04}"), by=people.gate, at=ARRIVED)
    number = db.session.scalars(select(Card.number).where(Card.id == people.holder.card_id)).one()
    post = typed(number, late=True)
    assert arrive(post, people).reason == "gate_paused"
    assert db.session.scalar(select(func.count()).select_from(Scan)) == 10
    assert uses.record_use(post, by=people.gate, at=ARRIVED + 10 * MINUTE).recorded


def test_a_check_is_forgiven_nothing(people: People, phone: bytes) -> None:
    """A check that came slowly is still asked at the door, by staff who wait for it."""
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    answer = uses.check_use(late(phone), by=people.gate, at=ARRIVED)
    assert (answer.verdict, answer.reason) == ("red", "blocked")


def test_a_late_step_behind_the_last_is_taken(people: People, phone: bytes) -> None:
    """The server does not apply rule 4 to an upload (CODES.md)."""
    event = venues.add_event("museo", "Ilta", NOON, NOON + HOUR, by=None, at=NOON)
    uses.record_use(scan(phone, event_id=event), by=people.gate, at=NOON)
    assert arrive(late(phone, step=step_of(NOON) - 4), people).recorded
    assert lines(people) == []


def test_lines_are_newest_first_and_bounded(people: People) -> None:
    for n in range(5):
        uses.refuse(Answer(f"scan-{n}-here", "red", f"reason {n}"), by=people.gate, at=ARRIVED, late_scan=NOON)
    assert [line.reason for line in conflicts.conflicts(people.gate, limit=2)] == ["reason 4", "reason 3"]
