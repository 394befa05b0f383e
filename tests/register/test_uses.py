"""Cards, places, what is asked for, ceilings, undoing, lists: what a gate is told, and what the register then holds."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from tests.people import People, gate_at, venue
from tests.register.scans import (
    NOON,
    add_event,
    count,
    phone_of,
    record,
    scan,
    set_area,
    set_card,
    told,
)
from wallet.register import cards, uses
from wallet.register.credentials import for_server
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder
from wallet.register.tables import ChildTicket, Credential, Event, JournalLine, Use, Venue

pytestmark = pytest.mark.usefixtures("noon")

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


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
    set_card(people.holder.card_id, kind="community", birth_year=None, postcode=None)
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
    acts = list(
        db.session.scalars(
            select(JournalLine.act).where(JournalLine.act.startswith("gate:use:")).order_by(JournalLine.id)
        )
    )
    assert acts == ["gate:use:recorded", "gate:use:undone"]


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


def test_a_child_ticket_without_a_birth_year_opens_the_door(people: People, phone: bytes) -> None:
    with act() as session:
        session.execute(update(ChildTicket).values(birth_year=None))
    assert told(record(scan(phone, children=3), people.gate)) == ("green", None)
