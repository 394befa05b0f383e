"""Checking, recording and undoing as systems do. If one of these fails, a use is lost, or written down twice, or a
ticket agent hears something else than the gate does."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from tests.api.system import System, problem, token_of
from tests.gate.doors import Door, Phone, paper_code, scan, server_code
from tests.people import People
from tests.register.scans import count, set_area, set_card
from wallet.clock import helsinki_day, now
from wallet.config import Settings
from wallet.register import blocking, rules, venues
from wallet.register.database import act, db
from wallet.register.tables import Gate, JournalLine, Scan, Use, Venue
from wallet.register.tables_offline import Conflict


def add_event(place: str = "museo", *, days: int = 0, **values: Any) -> int:
    """An event of three hours that began an hour ago, or does so in some days."""
    begins = now() + timedelta(days=days) - timedelta(hours=1)
    return venues.add_event(place, "Ilta", begins, begins + timedelta(hours=3), by=None, at=now(), **values)


def test_a_check_tells_what_the_gate_sees_and_no_more(agent: System, people: People, number: str, app: Flask) -> None:
    told = agent.check(number=f"{number[:4]} {number[4:8]}-{number[8:]}", children=2)
    assert told.status_code == 200
    assert told.json == {
        "verdict": "amber",
        "reason": None,
        "notes": ["compare", "child_turning_18"],
        "facts": {
            "kind": "personal",
            "birth_year": 1986,
            "last_day": told.json["facts"]["last_day"],
            "children": 2,
            "assistants": 0,
            "children_allowed": 2,
            "turning_18": 1,
        },
    }
    assert number not in told.text
    assert "33100" not in told.text
    gates = Door(app, people.gate).check(scan(number=number, children=2))
    assert gates["facts"] == told.json["facts"], "as at the gate"
    assert count(Use) == 0
    assert count(Scan) == 0


def test_a_phones_code_is_checked_and_recorded_with_its_party(agent: System, phone: Phone) -> None:
    code = phone.code(party=(1, 1))
    assert agent.check(code=code).json["verdict"] == "green"
    made = agent.record(code=code)
    assert made.status_code == 201
    assert made.json["verdict"] == "green"
    use = db.session.scalars(select(Use)).one()
    assert (use.children, use.assistants, use.read_by, use.venue_id) == (1, 1, "phone", "museo")
    assert made.json["id"] == use.id
    assert made.json["recorded_at"] == use.recorded_at.isoformat()
    assert made.json["undo_until"] == (use.recorded_at + timedelta(minutes=15)).isoformat()


@pytest.mark.parametrize("show", [paper_code, server_code])
def test_paper_and_the_servers_code_count_as_well(agent: System, people: People, settings: Settings, show: Any) -> None:
    assert agent.record(code=show(people.holder, settings)).status_code == 201


def test_a_use_says_where_it_was_and_which_system_wrote_it(agent: System, museum: System, number: str) -> None:
    """A ticket agent records for several venues, with the venue named on each record (issue)."""
    for venue in ("museo", "teatteri"):
        assert agent.record(venue, number=number).status_code == 201
    assert museum.record(number=number, another=True).status_code == 201
    rows = db.session.execute(select(Use.venue_id, Gate.name, Gate.kind).join(Gate, Gate.id == Use.gate_id))
    assert sorted(tuple(row) for row in rows) == [
        ("museo", "Lipputoimiston kassa", "api"),
        ("museo", "Museon kassa", "api"),
        ("teatteri", "Lipputoimiston kassa", "api"),
    ]
    lines = db.session.scalars(select(JournalLine).where(JournalLine.act == "gate:use:recorded")).all()
    uses = {use.id: use for use in db.session.scalars(select(Use))}
    assert [(line.by_gate_id, line.venue_id) for line in lines] == [
        (uses[line.facts["use"]].gate_id, uses[line.facts["use"]].venue_id) for line in lines
    ]
    assert len(lines) == 3
    assert count(JournalLine, JournalLine.act == "gate:api:opened") == 3


def test_a_use_can_be_for_a_later_day(agent: System, number: str) -> None:
    evening = add_event(days=5, ceiling=10)
    assert agent.record(number=number, event=evening, children=1).status_code == 201
    use = db.session.scalars(select(Use)).one()
    assert use.day == helsinki_day(now() + timedelta(days=5) - timedelta(hours=1))
    listed = agent.get("/venues/museo/events").json
    assert [(one["id"], one["left"]) for one in listed["events"]] == [(evening, 8)]


# Each reason


def test_every_refusal_has_its_reason(
    agent: System, people: People, phone: Phone, number: str, other_number: str
) -> None:
    """Nothing is recorded, and the reason is the gate's."""

    def refused(**body: Any) -> str:
        answer = agent.record(**body)
        status, reason = problem(answer)
        assert status == 422
        assert answer.json["verdict"] in ("red", "neutral")
        assert agent.check(**{k: v for k, v in body.items() if k != "scanned_at"}).json["reason"] in (reason, None)
        return reason

    at = now()
    code = phone.code()
    assert refused(code="hello") == "other_system"
    assert refused(code="KP1:%%%") == "unreadable"
    assert refused(code=code[:-2] + ("00" if not code.endswith("00") else "11")) in ("forged", "unreadable")
    assert refused(code=phone.code(host="another.example.org")) == "forged"
    assert refused(code=phone.code(at=at - timedelta(minutes=5))) == "old_code"
    assert refused(code=phone.code(at=at + timedelta(minutes=5))) == "early_code"
    assert refused(number="12") == "mistyped_number"
    assert refused(number="1234 5678 9013") == "mistyped_number"
    assert refused(number="ABCD1234") == "unknown_number"
    assert refused(number=number, event=99) == "event_not_found"
    assert refused(number=number, event=add_event("teatteri")) == "event_not_found"
    assert refused(number=number, scanned_at=(at + timedelta(minutes=5)).isoformat()) == "scanned_in_future"
    assert refused(number=number, scanned_at=(at - timedelta(days=15)).isoformat()) == "scanned_too_long_ago"
    assert refused(number=number, children=1, kind="course") == "children_on_course"
    assert agent.record(number=number, children=3).json["facts"]["children_allowed"] == 2
    assert refused(number=number, event=add_event(ceiling=0)) == "ceiling_reached"
    assert count(Use) == 0

    set_area("nokia", local_only=True)
    set_card(people.other_holder.card_id, area_id="nokia")
    assert refused(number=other_number) == "other_area"
    past = {"first_day": helsinki_day(at) - timedelta(days=9), "last_day": helsinki_day(at) - timedelta(days=1)}
    set_card(people.other_holder.card_id, area_id="tampere", **past)
    assert refused(number=other_number) == "card_expired"
    later = helsinki_day(at) + timedelta(days=9)
    set_card(people.other_holder.card_id, first_day=helsinki_day(at) + timedelta(days=3), last_day=later)
    assert refused(number=other_number) == "card_not_yet_valid"
    blocking.block_card(people.other_holder.card_id, "lost", by=people.desk, at=at)
    assert refused(number=other_number) == "blocked"
    set_card(people.other_holder.card_id, state="replaced")
    assert refused(number=other_number) == "replaced"
    assert count(Use) == 0

    assert agent.record(number=number).status_code == 201
    answer = agent.record(number=number)
    assert problem(answer) == (422, "already_recorded")
    assert answer.json["verdict"] == "neutral"
    assert answer.json["facts"]["used_at"]
    assert count(Use) == 1


def test_more_children_than_the_card_has_are_refused_not_cut(agent: System, number: str) -> None:
    assert problem(agent.record(number=number, children=3)) == (422, "too_many_children")


@pytest.mark.parametrize(
    ("period", "reason"),
    [({"closes": -1}, "venue_period_over"), ({"opens": 1}, "venue_not_yet_open")],
)
def test_a_venues_period_counts(agent: System, number: str, period: dict[str, int], reason: str) -> None:
    today = helsinki_day(now())
    with act() as session:
        session.execute(update(Venue).values(**{name: today + timedelta(days=n) for name, n in period.items()}))
    assert problem(agent.record(number=number)) == (422, reason)


def test_one_code_is_used_once(agent: System, phone: Phone) -> None:
    code = phone.code()
    assert agent.record("museo", code=code).status_code == 201
    elsewhere = agent.record("teatteri", code=code)
    assert problem(elsewhere) == (422, "used_elsewhere")
    assert elsewhere.json["facts"]["venue"] == "Museo"
    assert problem(agent.record("museo", code=code, another=True)) == (422, "old_code")
    assert count(Use) == 1


def test_numbers_that_are_not_found_pause_numbers_at_this_venue_for_this_token(
    agent: System, museum: System, phone: Phone, number: str
) -> None:
    for n in range(10):
        assert agent.check(number=f"ABCD12{n}").json["reason"] == "unknown_number"
    key = str(uuid.uuid4())
    for paused in (agent.check(number=number), agent.record(number=number, key=key)):
        assert problem(paused) == (429, "gate_paused")
        assert paused.headers["Retry-After"] == "600"
    assert agent.check(code=phone.code()).status_code == 200, "codes work all the time"
    assert agent.check("teatteri", number=number).status_code == 200
    assert museum.check(number=number).status_code == 200
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert agent.record(number=number, key=key).status_code == 201, "that was not the last word on this key"


def test_a_venues_typed_numbers_of_a_day_are_bounded(
    agent: System, phone: Phone, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A venue that invents visits could do it through its till as well (CODES.md, "Threats")."""
    monkeypatch.setattr(rules, "ENTRIES_A_DAY", 1)
    assert agent.record(number=number).status_code == 201
    for full in (agent.record(number=number, another=True), agent.check(number=number)):
        assert problem(full) == (429, "venue_entries_full")
        assert full.headers["Retry-After"] == "3600"
    assert agent.record(code=phone.code(), another=True).status_code == 201


# The key


def test_a_retry_hears_the_first_answer_whatever_has_changed_since(
    agent: System, people: People, phone: Phone, number: str
) -> None:
    key, code = "till-1-000017", phone.code()
    first = agent.record(code=code, key=key)
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=now())
    with time_machine.travel(now() + timedelta(hours=1)):
        again = agent.record(code=code, key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert count(Use) == 1


def test_a_refusal_is_heard_again_too(agent: System, people: People, number: str) -> None:
    set_card(people.holder.card_id, state="blocked")
    first = agent.record(number=number, key="till-1-000018")
    set_card(people.holder.card_id, state="registered")
    again = agent.record(number=number, key="till-1-000018")
    assert problem(first) == problem(again) == (422, "blocked")
    assert agent.record(number=number).status_code == 201, "a new key is a new use"


def test_a_key_of_another_request_is_refused(agent: System, number: str, other_number: str) -> None:
    """Were it answered, a till that counts from nought each morning would hear of yesterday's visitor."""
    assert agent.record(number=number, key="till-0001").status_code == 201
    assert problem(agent.record(number="12", key="till-0002")) == (422, "mistyped_number")
    for body in ({"number": other_number}, {"number": number, "children": 1}, {"number": number, "another": True}):
        assert problem(agent.record(key="till-0001", **body)) == (422, "key_reused")
        assert problem(agent.record(key="till-0002", **body)) == (422, "key_reused")
    assert problem(agent.record("teatteri", number=number, key="till-0001")) == (422, "key_reused")
    assert count(Use) == 1


def test_keys_of_different_systems_have_nothing_to_do_with_each_other(
    agent: System, museum: System, people: People, number: str, other_number: str
) -> None:
    """Systems count up. One that heard the other's answer would lose its use, and learn of a card."""
    assert agent.record(number=number, key="00000001").status_code == 201
    assert museum.record(number=other_number, key="00000001").status_code == 201
    door = Door(agent.app, people.gate)
    told = door.record(scan(number=other_number, scan_id="00000001", another=True))[0]
    assert (told["recorded"], told["facts"]["birth_year"]) == (True, 1961)
    assert count(Use) == 3
    again = System(agent.app, token_of(venue_id="museo", name="Toinen kassa"))
    assert again.record(number=number, key="00000001", another=True).status_code == 201


def test_the_print_of_a_request_is_not_found_by_trying_numbers(agent: System, number: str) -> None:
    """Scans outlive the link between a use and its card: what is kept must not lead back to the number."""
    agent.record(number=number)
    kept = db.session.scalars(select(Scan)).one().answer
    assert len(kept["asked"]) == 32
    assert number not in str(kept)


# Later, and undone


def test_a_record_that_comes_late_is_told_to_the_venue(agent: System, people: People, number: str) -> None:
    """A till's queue is a gate's queue: the visitor was let in, so it is a use and a line that the venue sees."""
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=now())
    answer = agent.record(number=number, scanned_at=(now() - timedelta(minutes=30)).isoformat())
    assert answer.status_code == 201
    assert answer.json["notes"][0] == "blocked_meanwhile"
    assert count(Conflict) == 1


def test_undo_is_for_fifteen_minutes_and_once(agent: System, number: str) -> None:
    evening = add_event(ceiling=1)
    use = agent.record(number=number, event=evening).json["id"]
    assert agent.undo(use, "not_visited").json == {"id": use, "undone": True}
    assert problem(agent.undo(use)) == (422, "undone_already")
    row = db.session.scalars(select(Use)).one()
    assert (row.undone_reason, count(JournalLine, JournalLine.act == "gate:use:undone")) == ("not_visited", 1)
    second = agent.record(number=number, event=evening)
    assert second.status_code == 201, "the place was given back"
    with time_machine.travel(now() + timedelta(minutes=16)):
        assert problem(agent.undo(second.json["id"])) == (422, "undo_too_late")


def test_events_are_paged(agent: System) -> None:
    made = [add_event(days=n // 2) for n in range(103)]
    first = agent.get("/venues/museo/events").json
    rest = agent.get(f"/venues/museo/events?after={first['next']}").json
    assert [one["id"] for one in first["events"] + rest["events"]] == made
    assert (len(first["events"]), rest["next"]) == (100, None)
    assert agent.get("/venues/museo/events?after=2147483647").json == {"events": [], "next": None}
    for wrong in ("-1", "2147483648", "1e3", "x", "", "١"):
        answer = agent.get(f"/venues/museo/events?after={wrong}")
        assert problem(answer) == (400, "unreadable_record"), wrong
        assert answer.json["field"] == "after"
