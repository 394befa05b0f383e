"""Late records: what a gate without a connection let in, judged by decision 0008. One use at most, and a line."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from tests.people import People, gate_at
from tests.register.scans import NOON, phone_of, scan, step_of, typed
from tests.register.test_uses import add_event, count, record, told
from wallet.register import blocking, conflicts, credentials, uses
from wallet.register.database import act, db
from wallet.register.judging import Answer
from wallet.register.tables import Card, Event, Scan, Use
from wallet.register.tables_offline import Conflict

pytestmark = pytest.mark.usefixtures("noon")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def phone(people: People) -> bytes:
    return phone_of(people.holder)


def upload(attempt, by, at=NOON + HOUR) -> Answer:
    return uses.record_use(attempt, by=by, at=at)


def lines(people: People) -> list[tuple[str, bool]]:
    return [(line.reason, line.counted) for line in conflicts.conflicts(people.gate)]


def test_a_late_record_that_fits_is_a_use_and_no_line(people, phone):
    answer = upload(scan(phone, late=True, children=1), people.gate)
    assert (told(answer), answer.recorded) == (("green", None), True)
    use = db.session.scalars(select(Use)).one()
    assert (use.late, use.scanned_at, use.recorded_at, use.day) == (True, NOON, NOON + HOUR, date(2026, 11, 25))
    assert lines(people) == []


def test_two_doors_without_a_connection_make_one_use_and_one_line(people, phone):
    """Issue 3: conflicts become one use plus a conflict line for the venue."""
    second_door = gate_at("museo", "Ovi 2")
    first = upload(scan(phone, late=True), people.gate)
    second = upload(scan(phone, NOON + MINUTE, late=True, children=2), second_door)
    assert (first.recorded, second.recorded, second.reason) == (True, False, "already_recorded")
    assert count(Use) == 1
    line = conflicts.conflicts(people.gate)[0]
    assert (line.reason, line.counted, line.children, line.gate_name) == ("already_recorded", False, 2, "Ovi 2")
    assert (line.scanned_at, line.noted_at) == (NOON + MINUTE, NOON + HOUR)
    assert db.session.scalars(select(Conflict.use_id)).one() == first.facts["use_id"]


def test_one_code_at_two_venues_makes_one_use_and_a_line_where_it_came_second(people, phone):
    first = upload(scan(phone, late=True), people.other_gate)
    second = upload(scan(phone, late=True), people.gate)
    assert (first.recorded, second.recorded, second.reason) == (True, False, "used_elsewhere")
    assert lines(people) == [("used_elsewhere", False)]
    assert conflicts.conflicts(people.other_gate) == []


def test_a_card_blocked_meanwhile_was_let_in_and_is_told(people, phone):
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON - HOUR)
    assert told(record(scan(phone), people.gate)) == ("red", "blocked"), "online it acts at once"
    late = upload(scan(phone, late=True), people.gate)
    assert (late.verdict, late.notes, late.recorded) == ("amber", ("blocked_meanwhile",), True)
    assert lines(people) == [("blocked_meanwhile", True)]


def test_a_replaced_card_too(people, phone):
    with act() as session:
        session.execute(update(Card).where(Card.id == people.holder.card_id).values(state="replaced"))
    assert upload(scan(phone, late=True), people.gate).recorded
    assert lines(people) == [("replaced_meanwhile", True)]


def test_a_stopped_credential_is_told_whenever_it_was_scanned(people, phone):
    phone_of(people.holder)
    phone_of(people.holder)  # the third key stops the first
    after = upload(scan(phone, NOON + MINUTE, late=True), people.gate)
    assert (after.recorded, after.notes) == (True, ("withdrawn_meanwhile",))
    assert lines(people) == [("withdrawn_meanwhile", True)]


@pytest.mark.parametrize("minutes", [-1, 1])
def test_a_key_renewed_after_the_scan_is_nothing_odd(people, minutes):
    issued = credentials.add_phone_key(people.holder, b"\x02" + bytes(31) + b"\x01", at=NOON)
    credentials.renew(people.holder, issued.credential, issued.once, b"\x02" + bytes(31) + b"\x02", at=NOON)
    scanned = NOON + minutes * MINUTE
    answer = upload(scan(issued.credential, scanned, late=True), people.gate)
    assert answer.recorded
    assert lines(people) == ([] if minutes < 0 else [("withdrawn_meanwhile", True)])
    assert told(record(scan(issued.credential, NOON + HOUR), people.other_gate)) == ("red", "withdrawn")


def test_a_ceiling_that_was_reached_meanwhile_counts_the_visitor_and_no_seat(people, phone):
    event = add_event(ceiling=1)
    other = phone_of(people.other_holder)
    assert record(scan(other, event_id=event), people.gate).recorded
    assert told(record(scan(phone, event_id=event), people.gate)) == ("red", "ceiling_reached")
    late = upload(scan(phone, NOON - MINUTE, late=True, event_id=event, step=step_of(NOON) - 4), people.gate)
    assert (late.verdict, late.notes, late.recorded) == ("amber", ("ceiling_passed",), True)
    assert lines(people) == [("ceiling_passed", True)]
    assert db.session.scalar(select(Event.taken)) == 1
    uses.undo_use(late.facts["use_id"], by=people.gate, at=NOON + HOUR, reason="gate")
    assert db.session.scalar(select(Event.taken)) == 1, "it took no seat, so it gives none back"


def test_a_number_nobody_has_leaves_a_line_and_no_use(people):
    answer = upload(typed("123456789015", late=True), people.gate)
    assert (answer.recorded, count(Use)) == (False, 0)
    assert lines(people) == [(answer.reason, False)]


def test_a_code_that_did_not_verify_leaves_a_line_only_when_it_came_late(people):
    uses.refuse(Answer("scan-0001", "red", "forged"), by=people.gate, at=NOON)
    assert lines(people) == []
    uses.refuse(Answer("scan-0002", "red", "forged"), by=people.gate, at=NOON, late_scan=NOON - HOUR)
    uses.refuse(Answer("scan-0002", "red", "forged"), by=people.gate, at=NOON, late_scan=NOON - HOUR)
    assert lines(people) == [("forged", False)]


def test_a_retry_of_a_late_record_leaves_one_line(people, phone):
    upload(scan(phone, late=True), people.other_gate)
    post = scan(phone, late=True)
    assert upload(post, people.gate) == upload(post, people.gate, at=NOON + 2 * HOUR)
    assert len(lines(people)) == 1


def test_a_pause_is_not_the_last_word_on_a_queued_number(people, app):
    number = db.session.scalar(select(Card.number).where(Card.id == people.holder.card_id))
    for _ in range(10):
        uses.record_use(typed("000000000000"), by=people.gate, at=NOON)
    post = typed(number, NOON - HOUR, late=True)
    assert upload(post, people.gate, at=NOON + MINUTE).reason == "gate_paused"
    assert count(Scan, Scan.scan_id == post.scan_id) == 0
    assert upload(post, people.gate, at=NOON + 11 * MINUTE).recorded


@pytest.mark.parametrize(("scanned", "uploaded"), [("2026-11-25T21:50:00+00:00", "2026-11-25T22:20:00+00:00")])
def test_a_scan_before_midnight_counts_on_its_day(people, phone, scanned, uploaded):
    """B042: a scan at 23:50 that is uploaded at 00:20 belongs to the true day; both times are kept."""
    answer = upload(
        scan(phone, datetime.fromisoformat(scanned), late=True), people.gate, datetime.fromisoformat(uploaded)
    )
    assert answer.recorded
    assert db.session.scalars(select(Use.day)).one() == date(2026, 11, 25)
