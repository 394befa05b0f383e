"""Checking, recording and undoing at a gate: what staff are told, and what the register then holds."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from tests.people import People, gate_at, venue
from tests.register.scans import NOON, phone_of, scan, step_of, typed
from wallet.register import blocking, cards, signins, uses, venues
from wallet.register.credentials import for_server
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import AtGate, Holder
from wallet.register.judging import Answer, Attempt
from wallet.register.tables import Area, Card, ChildTicket, Credential, Event, JournalLine, Scan, Use, Venue

pytestmark = pytest.mark.usefixtures("noon")

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def phone(people: People) -> bytes:
    """The holder's phone."""
    return phone_of(people.holder)


def told(answer: Answer) -> tuple[str, str | None]:
    """What an answer comes down to."""
    return answer.verdict, answer.reason


def record(attempt: Attempt, by: AtGate) -> Answer:
    """Record at the moment of the scan."""
    return uses.record_use(attempt, by=by, at=attempt.scanned_at)


def count(of: type, *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(of).where(*where)) or 0


def set_card(card_id: int, **values: object) -> None:
    with act() as session:
        session.execute(update(Card).where(Card.id == card_id).values(**values))


def set_area(area_id: str, **values: object) -> None:
    with act() as session:
        session.execute(update(Area).where(Area.id == area_id).values(**values))


def add_event(place: str = "museo", **values: Any) -> int:
    starts = values.pop("starts_at", NOON + 6 * HOUR)
    return venues.add_event(place, "Museoilta", starts, starts + 3 * HOUR, by=None, at=NOON, **values)


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
        session.get_one(Venue, "museo").offers_season = True
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


# Cards and credentials


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"state": "blocked"}, "blocked"),
        ({"state": "replaced"}, "replaced"),
        ({"last_day": date(2026, 11, 24), "first_day": date(2025, 11, 25)}, "card_expired"),
        ({"last_day": date(2026, 11, 25), "first_day": date(2025, 11, 26)}, None),
        ({"first_day": date(2026, 11, 26)}, "card_not_yet_valid"),
    ],
)
def test_the_card_on_the_day(people: People, phone: bytes, values: dict[str, object], reason: str | None) -> None:
    set_card(people.holder.card_id, **values)
    answer = record(scan(phone), people.gate)
    assert answer.reason == reason
    if reason in ("card_expired", "card_not_yet_valid"):
        assert answer.facts == {
            "first_day": str(values["first_day"]),
            "last_day": str(values.get("last_day", "2027-11-24")),
        }


def test_a_card_is_judged_for_the_day_of_the_event(people: People, phone: bytes) -> None:
    """A use can be for a later day than it is recorded: a ticket bought in advance."""
    event = add_event(starts_at=NOON + 30 * DAY)
    post = scan(phone, event_id=event)
    assert told(uses.check_use(post, by=people.gate, at=NOON)) == ("green", None)
    set_card(people.holder.card_id, last_day=date(2026, 12, 24))
    assert told(record(post, people.gate)) == ("red", "card_expired")
    set_card(people.holder.card_id, last_day=date(2026, 12, 25))
    assert record(replace(post, scan_id="second-try"), people.gate).recorded
    assert db.session.scalar(select(Use.day)) == date(2026, 12, 25)


def test_a_day_is_a_day_in_finland(people: People, phone: bytes) -> None:
    """23:30 UTC is tomorrow at a door in Helsinki, in summer and in winter."""
    night = NOON.replace(hour=22, minute=30)
    assert record(scan(phone, night), people.gate).recorded
    assert db.session.scalar(select(Use.day)) == date(2026, 11, 26)


@pytest.mark.parametrize("reason", ["newer_keys", "lost"])
def test_a_withdrawn_credential_is_refused(people: People, phone: bytes, reason: str) -> None:
    with act() as session:
        session.execute(update(Credential).values(withdrawn_at=NOON, withdrawn_reason=reason))
    assert told(record(scan(phone), people.gate)) == ("red", "withdrawn")


def test_a_credential_that_the_register_does_not_know_is_refused_alike(people: People) -> None:
    assert told(record(scan(b"12345"), people.gate)) == ("red", "withdrawn")


def test_a_code_of_the_server_is_recorded_as_such(people: People) -> None:
    issued = for_server(people.holder, at=NOON)
    assert record(scan(issued.credential, read_by="server"), people.gate).recorded
    assert db.session.scalar(select(Use.read_by)) == "server"


def test_a_printed_code_is_never_plain_green(people: People, phone: bytes) -> None:
    answer = record(scan(phone, read_by="paper", step=None), people.gate)
    assert (answer.verdict, answer.notes, answer.recorded) == ("amber", ("compare",), True)


# Places


def test_a_local_pilot_is_closed_both_ways(people: People, phone: bytes) -> None:
    set_card(people.holder.card_id, area_id="nokia")
    set_area("tampere", local_only=True)
    assert told(record(scan(phone), people.gate)) == ("red", "other_area")
    set_area("tampere", local_only=False)
    set_area("nokia", local_only=True)
    assert told(record(scan(phone), people.gate)) == ("red", "other_area")
    set_area("nokia", local_only=False)
    assert told(record(scan(phone), people.gate)) == ("green", None)


def test_a_popup_venue_is_open_for_its_period(people: People, phone: bytes) -> None:
    with act() as session:
        session.add(venue("popup", popup=True, opens=date(2026, 11, 26), closes=date(2026, 11, 27)))
    gate = gate_at("popup", "Ovi")
    days = [NOON + n * DAY for n in range(4)]
    assert [record(scan(phone, at), gate).reason for at in days] == [
        "venue_not_yet_open",
        None,
        None,
        "venue_period_over",
    ]


def test_an_event_of_another_venue_is_not_found(people: People, phone: bytes) -> None:
    for event in (add_event("teatteri"), 10**6):
        assert told(record(scan(phone, event_id=event), people.gate)) == ("red", "event_not_found")


# What is asked for


def test_children_are_judged_for_the_day_of_the_event(people: People, phone: bytes) -> None:
    """The holder's children: 7 years, turning 18 this year, ended. Next year one is left."""
    assert told(uses.check_use(scan(phone, children=1), by=people.gate, at=NOON)) == ("green", None)
    answer = uses.check_use(scan(phone, children=2), by=people.gate, at=NOON)
    assert (answer.verdict, answer.notes) == ("amber", ("child_turning_18",))
    assert (answer.facts["children_allowed"], answer.facts["turning_18"]) == (2, 1)
    next_year = add_event(starts_at=NOON + 60 * DAY)
    answer = record(scan(phone, children=2, event_id=next_year), people.gate)
    assert told(answer) == ("red", "too_many_children")
    assert answer.facts["children_allowed"] == 1


def test_a_check_brings_the_ticked_children_down_and_a_record_does_not(people: People, phone: bytes) -> None:
    """The holder ticked them, the gate decides: what staff then send is what they mean."""
    answer = uses.check_use(scan(phone, children=5), by=people.gate, at=NOON)
    assert (answer.verdict, answer.facts["children"]) == ("amber", 2)
    assert told(record(scan(phone, children=5), people.gate)) == ("red", "too_many_children")


def test_a_community_card_brings_clients_and_takes_no_course(people: People, phone: bytes) -> None:
    set_card(people.holder.card_id, kind="community", birth_year=None)
    assert uses.check_use(scan(phone, children=8), by=people.gate, at=NOON).notes == ("large_group",)
    assert uses.check_use(scan(phone), by=people.gate, at=NOON).notes == ("community_alone",)
    answer = record(scan(phone, kind="course"), people.gate)
    assert told(answer) == ("red", "community_ticket_only")


def test_an_event_says_what_kind_of_use_it_is(people: People, phone: bytes) -> None:
    """A course is a course also where the gate's phone was left on "ticket"."""
    course = add_event(kind="course")
    assert told(record(scan(phone, event_id=course, children=1), people.gate)) == ("red", "children_on_course")
    answer = record(scan(phone, event_id=course), people.gate)
    assert answer.notes == ("not_offered",)
    assert db.session.scalar(select(Use.kind)) == "course"


def test_a_use_counts_by_its_events_sector(people: People, phone: bytes) -> None:
    event = add_event()
    with act() as session:
        session.get_one(Event, event).sector = "science"
    record(scan(phone, event_id=event), people.gate)
    record(scan(phone, NOON + MINUTE), people.gate)
    assert list(db.session.scalars(select(Use.sector).order_by(Use.id))) == ["science", "culture"]


# Ceilings


def test_a_ceiling_is_filled_exactly(people: People, phone: bytes) -> None:
    event = add_event(ceiling=3)
    assert record(scan(phone, event_id=event, children=1), people.gate).recorded
    other = phone_of(people.other_holder)
    assert record(scan(other, event_id=event), people.gate).recorded
    third, _ = cards.register_card(people.unit, by=None, at=NOON, birth_year=1990, postcode="33100")
    answer = record(scan(phone_of(Holder("", third)), event_id=event), people.gate)
    assert told(answer) == ("red", "ceiling_reached")
    assert answer.facts == {"left": 0}
    assert count(Use) == 2


def test_a_family_that_does_not_fit_hears_how_many_would(people: People, phone: bytes) -> None:
    event = add_event(ceiling=2)
    answer = record(scan(phone, event_id=event, children=2), people.gate)
    assert told(answer) == ("red", "ceiling_reached")
    assert answer.facts == {"left": 2}
    assert record(scan(phone, NOON + MINUTE, event_id=event, children=1), people.gate).recorded


def test_undoing_gives_the_seats_back(people: People, phone: bytes) -> None:
    event = add_event(ceiling=2)
    first = record(scan(phone, event_id=event, children=1), people.gate)
    uses.undo_use(first.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    assert db.session.scalar(select(Event.taken).where(Event.id == event)) == 0
    assert record(scan(phone, NOON + MINUTE, event_id=event, children=1), people.gate).recorded


def test_assistants_take_no_seat_of_the_ceiling(people: People, phone: bytes) -> None:
    """Noted, not counted as a use."""
    event = add_event(ceiling=1)
    assert record(scan(phone, event_id=event, assistants=2), people.gate).recorded


# Undoing


@pytest.mark.parametrize(("later", "reason"), [(15 * MINUTE, None), (15 * MINUTE + SECOND, "undo_too_late")])
def test_a_use_is_undone_for_fifteen_minutes(
    people: People, phone: bytes, later: timedelta, reason: str | None
) -> None:
    use_id = record(scan(phone), people.gate).facts["use_id"]
    if reason is None:
        uses.undo_use(use_id, by=people.gate, at=NOON + later, reason="gate")
    else:
        with pytest.raises(Refused, match=reason):
            uses.undo_use(use_id, by=people.gate, at=NOON + later, reason="gate")
    assert count(Use, Use.undone_at.is_not(None)) == (reason is None)
    assert count(Use) == 1, "nothing is deleted: the row says undone"


def test_a_use_is_undone_once_and_by_its_own_gate(people: People, phone: bytes) -> None:
    use_id = record(scan(phone), people.gate).facts["use_id"]
    for stranger in (people.other_gate, gate_at("museo", "Ovi 2")):
        with pytest.raises(NotFound, match="use_not_found"):
            uses.undo_use(use_id, by=stranger, at=NOON, reason="gate")
    with pytest.raises(NotFound, match="use_not_found"):
        uses.undo_use(use_id + 1000, by=people.gate, at=NOON, reason="gate")
    uses.undo_use(use_id, by=people.gate, at=NOON, reason="wrong person")
    with pytest.raises(Refused, match="undone_already"):
        uses.undo_use(use_id, by=people.gate, at=NOON, reason="gate")
    assert db.session.scalar(select(Use.undone_reason)) == "wrong person"
    acts = list(db.session.scalars(select(JournalLine.act).where(JournalLine.act.startswith("gate:use:"))))
    assert acts == ["gate:use:recorded", "gate:use:undone"]


# Numbers


def _number(holder: Holder) -> str:
    return db.session.scalars(select(Card.number).where(Card.id == holder.card_id)).one()


def test_a_typed_number_is_never_plain_green(people: People) -> None:
    answer = record(typed(_number(people.holder)), people.gate)
    assert (answer.verdict, answer.notes, answer.recorded) == ("amber", ("compare",), True)
    assert (answer.facts["birth_year"], answer.facts["last_day"]) == (1986, "2027-11-24")
    use = db.session.scalars(select(Use)).one()
    assert (use.read_by, use.step) == ("number", None)


def test_a_number_is_already_recorded_after_its_code(people: People, phone: bytes) -> None:
    record(scan(phone), people.gate)
    again = record(typed(_number(people.holder), NOON + MINUTE), people.gate)
    assert told(again) == ("neutral", "already_recorded")


def test_unknown_and_blank_numbers_answer_alike(people: People) -> None:
    with act() as session:
        session.add(Card(number="BLANK1", user_handle=b"blank"))
    unknown, blank = (
        uses.check_use(typed(number, scan_id="x"), by=gate, at=NOON)
        for number, gate in (("BLANK0", people.gate), ("BLANK1", people.other_gate))
    )
    assert unknown == blank
    assert told(unknown) == ("red", "unknown_number")


def test_a_slip_of_the_finger_is_no_guess(people: People) -> None:
    """A wrong check digit is told as such, and does not count against the gate."""
    number = _number(people.holder)
    slipped = number[:-1] + str((int(number[-1]) + 1) % 10)
    for _ in range(20):
        assert told(uses.check_use(typed(slipped), by=people.gate, at=NOON)) == ("red", "mistyped_number")
    assert count(Scan) == 0


def test_ten_misses_in_ten_minutes_pause_typing_at_that_gate(people: People, phone: bytes) -> None:
    """CODES.md, "Paper". Codes go on, and so do other gates."""
    for n in range(10):
        answer = (uses.check_use if n % 2 else uses.record_use)(
            typed(f"TRE{n:04}"), by=people.gate, at=NOON + n * SECOND
        )
        assert told(answer) == ("red", "unknown_number")
    right = _number(people.holder)
    at = NOON + 10 * SECOND
    paused = uses.check_use(typed(right, at), by=people.gate, at=at)
    assert told(paused) == ("red", "gate_paused")
    assert paused.facts == {"minutes": 10}
    assert told(uses.check_use(typed(right, at), by=people.other_gate, at=at)) == ("amber", None)
    assert told(uses.check_use(scan(phone, at), by=people.gate, at=at)) == ("green", None)
    # The first miss is ten minutes old: nine are left.
    at = NOON + 10 * MINUTE
    assert told(uses.check_use(typed(right, at), by=people.gate, at=at)) == ("amber", None)


def test_a_retried_miss_counts_once(people: People) -> None:
    miss = typed("TRE0001")
    for _ in range(12):
        assert told(uses.check_use(miss, by=people.gate, at=NOON)) == ("red", "unknown_number")
    assert count(Scan) == 1
    assert told(uses.check_use(typed(_number(people.holder)), by=people.gate, at=NOON)) == ("amber", None)


def test_a_pause_does_not_feed_itself(people: People) -> None:
    """Tries during the pause are no misses, else eager staff would never get out of it."""
    for n in range(10):
        uses.record_use(typed(f"TRE{n:04}"), by=people.gate, at=NOON)
    for n in range(20):
        at = NOON + n * MINUTE / 2
        answer = uses.record_use(typed(f"OUT{n:04}", at), by=people.gate, at=at)
        assert told(answer) == ("red", "gate_paused")
    at = NOON + 10 * MINUTE
    assert told(uses.check_use(typed(_number(people.holder), at), by=people.gate, at=at)) == ("amber", None)


# Times


@pytest.mark.parametrize(
    ("scanned", "reason"),
    [
        (60 * SECOND, None),
        (61 * SECOND, "scanned_in_future"),
        (-14 * DAY, "card_not_yet_valid"),
        (-14 * DAY - SECOND, "scanned_too_long_ago"),
    ],
)
def test_records_from_the_future_or_older_than_14_days_are_not_taken(
    people: People, phone: bytes, scanned: timedelta, reason: str | None
) -> None:
    answer = uses.record_use(scan(phone, NOON + scanned, late=True), by=people.gate, at=NOON)
    assert answer.reason == reason


def test_a_late_record_counts_for_its_own_day(people: People, phone: bytes) -> None:
    set_card(people.holder.card_id, first_day=date(2026, 11, 1))
    answer = uses.record_use(scan(phone, NOON - 3 * DAY, late=True), by=people.gate, at=NOON)
    assert answer.recorded
    use = db.session.scalars(select(Use)).one()
    assert (use.day, use.late, use.recorded_at) == (date(2026, 11, 22), True, NOON)
    uses.undo_use(use.id, by=people.gate, at=NOON + 10 * MINUTE, reason="gate")  # from the record, not the scan


# Lists


def test_todays_list_is_the_venues_own(people: People, phone: bytes) -> None:
    with act() as session:
        session.get_one(Venue, "museo").name_fi = "Museo Ähtäri"
    event = add_event()
    mine = record(scan(phone, event_id=event, children=1), people.gate).facts["use_id"]
    door = gate_at("museo", "Ovi 2")
    theirs = record(scan(phone_of(people.other_holder)), door).facts["use_id"]
    gone = record(scan(phone, NOON + MINUTE, assistants=1), people.gate).facts["use_id"]
    uses.undo_use(gone, by=people.gate, at=NOON + MINUTE, reason="gate")
    record(scan(phone, NOON + DAY), people.gate)
    record(scan(phone, NOON + HOUR), people.other_gate)

    lines = uses.uses_today(people.gate, date(2026, 11, 25))
    assert [(line.use_id, line.mine, line.undone_at is not None) for line in lines] == [
        (gone, True, True),
        (theirs, False, False),
        (mine, True, False),
    ]
    assert [(line.event_name, line.gate_name, line.children, line.assistants) for line in lines] == [
        (None, "Ovi 1", 0, 1),
        (None, "Ovi 2", 0, 0),
        ("Museoilta", "Ovi 1", 1, 0),
    ]
    assert {line.venue_name for line in lines} == {"Museo Ähtäri"}
    assert len(uses.uses_today(people.gate, date(2026, 11, 25), limit=2)) == 2
    assert uses.counts_today(people.gate, date(2026, 11, 25)) == (2, 1)
    assert uses.counts_today(people.gate, date(2026, 11, 24)) == (0, 0)


def test_visits_are_the_holders_own_newest_first_a_page_at_a_time(people: People, phone: bytes) -> None:
    ids = [record(scan(phone, NOON + n * DAY), people.gate).facts["use_id"] for n in range(5)]
    record(scan(phone_of(people.other_holder)), people.gate)
    first = uses.visits(people.holder, limit=2)
    assert [line.use_id for line in first] == [ids[4], ids[3]]
    second = uses.visits(people.holder, before=first[-1].use_id, limit=2)
    assert [line.use_id for line in second] == [ids[2], ids[1]]
    assert len(uses.visits(people.holder)) == 5
    assert len(uses.visits(people.other_holder)) == 1


def test_refused_scans_go_after_thirty_days_and_recorded_ones_stay(people: People, phone: bytes) -> None:
    """DOMAIN.md, "Retention"."""
    kept = scan(phone)
    first = record(kept, people.gate)
    uses.record_use(typed("TRE0001"), by=people.gate, at=NOON)
    uses.record_use(typed("TRE0002", NOON + SECOND), by=people.gate, at=NOON + SECOND)
    assert uses.purge_refusals(at=NOON + 30 * DAY) == 0
    assert uses.purge_refusals(at=NOON + 30 * DAY + SECOND) == 1
    assert count(Scan) == 2
    assert uses.record_use(kept, by=people.gate, at=NOON) == first


def test_a_child_ticket_without_a_birth_year_opens_the_door(people: People, phone: bytes) -> None:
    with act() as session:
        session.execute(update(ChildTicket).values(birth_year=None))
    assert told(record(scan(phone, children=3), people.gate)) == ("green", None)
