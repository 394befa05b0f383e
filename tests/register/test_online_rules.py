"""The online rules of a scan, alone, in their order and together: what staff are told, and what is then recorded."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.people import People, gate_at
from tests.register.scans import (
    NOON,
    add_event,
    count,
    phone_of,
    record,
    scan,
    set_area,
    set_card,
    step_of,
    told,
)
from wallet.register import blocking, signins, uses
from wallet.register.database import act, db
from wallet.register.judging import Answer
from wallet.register.tables import Credential, JournalLine, Scan, Use, Venue

pytestmark = pytest.mark.usefixtures("noon")

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


# Rule 1: what was answered once is answered again


def test_a_scan_is_recorded_and_its_retry_hears_the_same(people: People, phone: bytes) -> None:
    post = scan(phone, children=1, assistants=2)
    first = record(post, people.gate)
    assert told(first) == ("green", None)
    assert first.recorded
    assert uses.record_use(post, by=people.gate, at=NOON + HOUR) == first
    use = db.session.scalars(select(Use)).one()
    assert (use.card_id, use.venue_id, use.gate_id) == (people.holder.card_id, "museo", people.gate.gate_id)
    assert (use.kind, use.sector, use.children, use.assistants) == ("ticket", "culture", 1, 2)
    assert (use.day, use.scanned_at, use.recorded_at) == (date(2026, 11, 25), NOON, NOON)
    assert (use.read_by, use.step, use.late) == ("phone", step_of(NOON), False)
    assert first.facts["use_id"] == use.id
    assert first.facts["undo_until"] == (NOON + 15 * MINUTE).isoformat()
    assert first.facts["birth_year"] == 1986


@pytest.mark.parametrize("change", ["blocked", "undone", "revoked", "moved away", "used elsewhere"])
def test_a_retry_hears_the_same_whatever_has_changed_since(people: People, phone: bytes, change: str) -> None:
    post = scan(phone)
    first = record(post, people.gate)
    if change == "blocked":
        blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    elif change == "undone":
        uses.undo_use(first.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    elif change == "revoked":
        signins.revoke_gate(people.gate.gate_id, at=NOON)
    elif change == "moved away":
        set_area("tampere", local_only=True)
        set_card(people.holder.card_id, area_id="nokia")
    else:
        record(scan(phone, NOON + MINUTE), people.other_gate)
    assert uses.record_use(post, by=people.gate, at=NOON + DAY) == first
    assert uses.check_use(post, by=people.gate, at=NOON + DAY) == first


def test_a_refusal_is_kept_for_its_retry_too(people: People, phone: bytes) -> None:
    """A retry after the card was put right must not record a second truth for one scan: staff scan again."""
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    post = scan(phone)
    first = record(post, people.gate)
    assert told(first) == ("red", "blocked")
    set_card(people.holder.card_id, state="registered")
    assert uses.record_use(post, by=people.gate, at=NOON + MINUTE) == first


def test_a_scan_id_is_its_own_gates(people: People, phone: bytes) -> None:
    """Two phones may happen to choose one id; neither may hear the other's answer."""
    mine = record(scan(phone, scan_id="same-scan"), people.gate)
    theirs = record(scan(phone_of(people.other_holder), scan_id="same-scan"), people.other_gate)
    assert mine.recorded
    assert theirs.recorded
    assert mine.facts["use_id"] != theirs.facts["use_id"]
    assert set(uses.answers_given(people.gate, ["same-scan", "none"])) == {"same-scan"}
    assert uses.answers_given(people.gate, ["same-scan"])["same-scan"] == mine


def test_a_code_that_was_refused_before_the_register_keeps_its_answer(people: People) -> None:
    forged = Answer("forged-scan", "red", "forged")
    assert uses.refuse(forged, by=people.gate, at=NOON) == forged
    assert uses.refuse(replace(forged, reason="expired"), by=people.gate, at=NOON) == forged


# Rule 2: (card, step) already used at another venue


def test_a_code_is_not_used_at_a_second_venue(people: People, phone: bytes) -> None:
    record(scan(phone), people.gate)
    again = record(scan(phone, NOON + 20 * SECOND, step=step_of(NOON)), people.other_gate)
    assert told(again) == ("red", "used_elsewhere")
    assert again.facts == {"used_at": NOON.isoformat(), "venue": "Museo"}
    assert count(Use) == 1


def test_an_undone_use_elsewhere_leaves_the_code_spent_but_says_no_venue(people: People, phone: bytes) -> None:
    answer = record(scan(phone), people.gate)
    uses.undo_use(answer.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    again = record(scan(phone, NOON + SECOND, step=step_of(NOON)), people.other_gate)
    assert told(again) == ("red", "old_code")


# Rule 3: the card already has a ticket for this event, or for this venue and day


def test_a_second_scan_says_already_recorded(people: People, phone: bytes) -> None:
    first = record(scan(phone, children=1), people.gate)
    other_door = gate_at("museo", "Ovi 2")
    for by, mine in ((people.gate, first.facts["use_id"]), (other_door, None)):
        again = record(scan(phone, NOON + 2 * HOUR), by)
        assert told(again) == ("neutral", "already_recorded")
        assert not again.recorded
        assert again.facts == {"used_at": NOON.isoformat(), "children": 1, "assistants": 0, "use_id": mine}
    assert count(Use) == 1


def test_another_is_recorded_for_those_who_mean_it(people: People, phone: bytes) -> None:
    record(scan(phone), people.gate)
    second = record(scan(phone, NOON + MINUTE, another=True), people.gate)
    third = record(scan(phone, NOON + 2 * MINUTE, another=True), people.gate)
    assert second.recorded
    assert third.recorded
    assert sorted(db.session.scalars(select(Use.nth))) == [1, 2, 3]


def test_another_kind_another_event_another_day_are_other_tickets(people: People, phone: bytes) -> None:
    with act() as session:
        hall = session.get_one(Venue, "museo")
        hall.offers_season, hall.sector = True, "sport"
    event, other_event = add_event(), add_event(starts_at=NOON + 8 * HOUR)
    posts = [
        scan(phone),
        scan(phone, NOON + MINUTE, kind="season"),
        scan(phone, NOON + 2 * MINUTE, event_id=event),
        scan(phone, NOON + 3 * MINUTE, event_id=other_event),
        scan(phone, NOON + DAY),
    ]
    assert [told(record(post, people.gate)) for post in posts] == [("green", None)] * 5
    assert count(Use) == 5


def test_an_undone_use_frees_its_ticket(people: People, phone: bytes) -> None:
    first = record(scan(phone), people.gate)
    uses.undo_use(first.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    again = record(scan(phone, NOON + MINUTE), people.gate)
    assert again.recorded
    assert count(Use) == 2
    assert count(Use, Use.undone_at.is_(None)) == 1


# Rule 4: steps of one phone's key only rise


@pytest.mark.parametrize(
    ("steps_later", "late", "reason"),
    [(0, False, "old_code"), (-1, False, "old_code"), (1, False, None), (-1, True, None), (0, True, "old_code")],
)
def test_a_code_is_newer_than_the_last(people: People, phone: bytes, steps_later: int, late: bool, reason: Any) -> None:
    """A late record came without a connection: its step may lie behind, but no step is used twice."""
    record(scan(phone), people.gate)
    event = add_event()
    post = scan(phone, NOON + MINUTE, step=step_of(NOON) + steps_later, event_id=event, late=late)
    assert record(post, people.gate).reason == reason


def test_steps_are_counted_for_each_phone_apart(people: People, phone: bytes) -> None:
    second_phone = phone_of(people.holder)
    record(scan(phone), people.gate)
    event = add_event()
    behind = scan(second_phone, NOON + SECOND, step=step_of(NOON) - 1, event_id=event)
    assert told(record(behind, people.gate)) == ("green", None)


def test_a_late_record_does_not_turn_the_last_step_back(people: People, phone: bytes) -> None:
    record(scan(phone), people.gate)
    record(scan(phone, step=step_of(NOON) - 5, late=True, event_id=add_event()), people.gate)
    assert db.session.scalar(select(Credential.last_step).where(Credential.credential == phone)) == step_of(NOON)
    assert count(Use, Use.late) == 1


def test_a_check_does_not_spend_the_code(people: People, phone: bytes) -> None:
    post = scan(phone, children=1)
    before = [count(table) for table in (Use, Scan, JournalLine)]
    assert told(uses.check_use(post, by=people.gate, at=NOON)) == ("green", None)
    assert [count(table) for table in (Use, Scan, JournalLine)] == before
    assert db.session.scalar(select(Credential.last_step).where(Credential.credential == phone)) is None
    assert record(post, people.gate).recorded


# Rule 5: the same card at another venue less than 15 minutes ago


@pytest.mark.parametrize(
    ("later", "verdict"),
    [(MINUTE, "amber"), (15 * MINUTE - SECOND, "amber"), (15 * MINUTE, "green"), (HOUR, "green")],
)
def test_the_card_at_another_venue_lately_is_amber(
    people: People, phone: bytes, later: timedelta, verdict: str
) -> None:
    record(scan(phone), people.gate)
    answer = record(scan(phone, NOON + later), people.other_gate)
    assert (answer.verdict, answer.recorded) == (verdict, True)
    if verdict == "amber":
        assert answer.notes == ("other_venue_lately",)
        assert answer.facts["elsewhere"] == "Museo"
        assert answer.facts["elsewhere_at"] == NOON.isoformat()


def test_an_undone_visit_elsewhere_is_not_counted(people: People, phone: bytes) -> None:
    first = record(scan(phone), people.gate)
    uses.undo_use(first.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    assert told(record(scan(phone, NOON + MINUTE), people.other_gate)) == ("green", None)


# The rules together


@pytest.mark.parametrize(
    ("same_scan", "other_venue", "same_step", "another", "expected"),
    [
        # Rule 1 comes before 2, 3 and 4.
        (True, False, True, False, ("green", None)),
        # 2 before 3 and 4: at another venue the step speaks first.
        (False, True, True, False, ("red", "used_elsewhere")),
        (False, True, True, True, ("red", "used_elsewhere")),
        # 3 before 4: an old code of someone already in is "already recorded", not "old".
        (False, False, True, False, ("neutral", "already_recorded")),
        (False, False, False, False, ("neutral", "already_recorded")),
        # 4: one more ticket takes a new code.
        (False, False, True, True, ("red", "old_code")),
        (False, False, False, True, ("green", None)),
        # 5: nothing stands against it but the other venue.
        (False, True, False, False, ("amber", None)),
    ],
)
def test_the_online_rules_in_their_order(
    people: People,
    phone: bytes,
    *,
    same_scan: bool,
    other_venue: bool,
    same_step: bool,
    another: bool,
    expected: tuple[str, str | None],
) -> None:
    first = scan(phone)
    record(first, people.gate)
    second = scan(phone, NOON + MINUTE, another=another)
    if same_scan:
        second = replace(second, scan_id=first.scan_id)
    if same_step:
        second = replace(second, step=first.step)
    assert told(record(second, people.other_gate if other_venue else people.gate)) == expected


def test_the_card_and_the_place_are_judged_before_the_rules(people: People, phone: bytes) -> None:
    """A card that was blocked after its use is "blocked" at the next door, not "already recorded"."""
    record(scan(phone), people.gate)
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    assert told(record(scan(phone, NOON + MINUTE), people.gate)) == ("red", "blocked")


def test_what_is_already_recorded_is_said_before_what_the_card_does_not_give(people: People, phone: bytes) -> None:
    record(scan(phone, children=2), people.gate)
    assert told(record(scan(phone, NOON + MINUTE, children=9), people.gate)) == ("neutral", "already_recorded")
