"""Checking and recording over the wire.

If these fail, a visitor is turned away or counted twice, a record is lost on its way, a wrong clock is called a
forgery, or a stranger can try numbers.
"""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from tests.gate.doors import Door, paper_code, scan, server_code
from tests.people import gate_at
from wallet.clock import now
from wallet.register import blocking, signins, venues
from wallet.register.database import act, db
from wallet.register.numbers import check_digit
from wallet.register.tables import Card, Event, Use, Venue


def number_of(holder):
    return db.session.scalar(select(Card.number).where(Card.id == holder.card_id))


def uses_there():
    db.session.rollback()
    return db.session.scalars(select(Use).order_by(Use.id)).all()


def wrong_number(at=0):
    """A number that nobody has, its check digit right."""
    digits = f"{10_000_000_000 + at}"
    return digits + check_digit(digits)


# Who may


@pytest.mark.parametrize("path", ["/gate/check", "/gate/uses", "/gate/uses/1/undo"])
def test_only_an_enrolled_gate_checks_and_records(app, people, path):
    holder = Door(app, people.holder, "holder")
    staff = Door(app, people.desk, "staff")
    for stranger in (Door(app, None), holder, staff):
        stranger.open("/sign-in")
        answer = stranger.post(path, {"record": {}, "records": []})
        assert (answer.status_code, answer.json) == (401, {"error": "signed_out"})


def test_a_revoked_gate_is_out_at_its_next_request(door, people, phone):
    door.open()
    signins.revoke_gate(people.gate.gate_id, at=now())
    assert door.post("/gate/uses", {"records": [scan(phone.code())]}).status_code == 401
    assert uses_there() == []


def test_a_page_without_its_token_is_told_that_it_is_too_old(door):
    door.csrf = "made up"
    answer = door.post("/gate/uses", {"records": []})
    assert (answer.status_code, answer.json) == (400, {"error": "page_too_old"})


# The main line


def test_a_check_says_who_comes_and_records_nothing(door, phone, people):
    answer = door.check(scan(phone.code(party=(1, 1))))
    assert (answer["verdict"], answer["reason"], answer["recorded"]) == ("green", None, False)
    facts = answer["facts"]
    assert (facts["birth_year"], facts["children"], facts["assistants"]) == (1986, 1, 1)
    assert (facts["children_allowed"], facts["turning_18"]) == (2, 1)
    assert uses_there() == []
    number = number_of(people.holder)
    assert number not in str(answer), "the gate sees no number that was not told to it"


def test_more_children_ticked_than_the_card_has_are_brought_down_for_the_gate_to_see(door, phone):
    assert door.check(scan(phone.code(party=(5, 0))))["facts"]["children"] == 2


def test_one_tap_records_what_the_gate_chose(door, phone):
    code = phone.code(party=(1, 0))
    response = door.post("/gate/uses", {"records": [scan(code, children=2, assistants=1)]})
    (answer,) = response.json["answers"]
    assert (answer["verdict"], answer["recorded"], answer["notes"]) == ("amber", True, ["child_turning_18"])
    assert response.json["today"] == {"uses": 1, "children": 2}
    (use,) = uses_there()
    assert (use.children, use.assistants, use.read_by, use.venue_id) == (2, 1, "phone", "museo")


def test_the_servers_own_code_is_recorded_like_any_other(door, people, settings):
    (answer,) = door.record(scan(server_code(people.other_holder, settings)))
    assert (answer["verdict"], answer["recorded"]) == ("green", True)


def test_paper_and_number_are_amber_and_say_what_to_compare(door, people, settings):
    by_paper = door.check(scan(paper_code(people.holder, settings)))
    assert (by_paper["verdict"], by_paper["notes"], by_paper["facts"]["birth_year"]) == ("amber", ["compare"], 1986)
    typed = number_of(people.other_holder)
    (by_number,) = door.record(scan(number=f" {typed[:4]}-{typed[4:8]} {typed[8:].replace('0', 'O')}"))
    assert (by_number["verdict"], by_number["notes"], by_number["recorded"]) == ("amber", ["compare"], True)
    assert by_number["facts"]["last_day"] > str(now().date())


# A scan is answered once


def test_a_retry_hears_the_first_answer_whatever_has_changed_since(door, phone, people):
    record = scan(phone.code(), children=0, assistants=0)
    (first,) = door.record(record)
    blocking.block_card(people.holder.card_id, "lost", by=None, at=now())
    assert door.record(record) == [first]
    assert len(uses_there()) == 1


def test_one_scan_twice_in_one_list_is_one_use(door, phone):
    record = scan(phone.code())
    first, second = door.record(record, record)
    assert first == second
    assert len(uses_there()) == 1


def test_another_gate_with_the_same_scan_id_is_another_scan(door, other_door, phone, visitor):
    record = scan(phone.code())
    door.record(record)
    (answer,) = other_door.record(record | {"code": visitor.code()})
    assert (answer["verdict"], answer["recorded"]) == ("green", True)


def test_a_second_ticket_is_neutral_and_says_when_and_another_is_for_who_means_it(door, phone):
    (first,) = door.record(scan(phone.code()))
    later = phone.code(at=now() + timedelta(seconds=15))
    again = door.check(scan(later))
    assert (again["verdict"], again["reason"]) == ("neutral", "already_recorded")
    assert again["facts"]["use_id"] == first["facts"]["use_id"]
    (another,) = door.record(scan(later, another=True))
    assert another["recorded"]
    assert [use.nth for use in uses_there()] == [1, 2]


def test_a_code_used_elsewhere_is_red_and_says_where(door, other_door, phone):
    code = phone.code()
    other_door.record(scan(code))
    (answer,) = door.record(scan(code))
    assert (answer["verdict"], answer["reason"], answer["facts"]["venue"]) == ("red", "used_elsewhere", "Teatteri")


def test_another_gates_use_is_never_offered_for_undoing(app, door, phone):
    door.record(scan(phone.code()))
    second = Door(app, gate_at("museo", "Ovi 2"))
    answer = second.check(scan(phone.code(at=now() + timedelta(seconds=15))))
    assert (answer["verdict"], answer["facts"]["use_id"]) == ("neutral", None)


# Codes that are not taken


def flipped(code):
    return code[:100] + ("A" if code[100] != "A" else "B") + code[101:]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda phone: "https://example.org/KP1:", "other_system"),
        (lambda phone: "KP1:", "unreadable"),
        (lambda phone: phone.code().lower(), "other_system"),
        (lambda phone: phone.code() + " ", "unreadable"),
        (lambda phone: phone.code(host="testi.example.org"), "forged"),
        (lambda phone: phone.code(at=now() - timedelta(seconds=90)), "old_code"),
        (lambda phone: phone.code(at=now() + timedelta(seconds=60)), "early_code"),
    ],
)
def test_a_code_that_is_not_taken_has_its_reason(door, phone, make, reason):
    code = make(phone)
    assert door.check(scan(code))["reason"] == reason
    (answer,) = door.record(scan(code))
    assert (answer["verdict"], answer["reason"], answer["recorded"]) == ("red", reason, False)
    assert uses_there() == []


def test_an_altered_code_is_never_taken(door, phone):
    (answer,) = door.record(scan(flipped(phone.code())))
    assert answer["reason"] in ("forged", "unreadable", "unknown_key")


def test_a_blocked_card_is_refused_by_code_and_by_number(door, phone, people):
    number = number_of(people.holder)
    blocking.block_card(people.holder.card_id, "lost", by=None, at=now())
    assert door.check(scan(phone.code()))["reason"] == "blocked"
    assert door.check(scan(number=number))["reason"] == "blocked"


# The gate's clock


@pytest.mark.parametrize("minutes", [4, -4, 600, -600])
def test_a_gates_wrong_clock_is_put_right(door, phone, minutes):
    wrong = now() + timedelta(minutes=minutes)
    (answer,) = door.record(scan(phone.code(), at=wrong), sent_at=wrong.isoformat())
    assert (answer["verdict"], answer["recorded"]) == ("green", True)
    (use,) = uses_there()
    assert abs(use.scanned_at - now()) < timedelta(seconds=10)


@pytest.mark.parametrize(("minutes", "reason"), [(-4, "old_code"), (4, "early_code")])
def test_a_visitors_wrong_clock_is_never_called_a_forgery(door, phone, minutes, reason):
    code = phone.code(at=now() + timedelta(minutes=minutes))
    assert door.check(scan(code))["reason"] == reason


def test_what_waited_for_a_connection_is_recorded_for_when_it_was_scanned(door, phone):
    hour_ago = now() - timedelta(hours=1)
    (answer,) = door.record(scan(phone.code(at=hour_ago), at=hour_ago))
    assert answer["recorded"]
    (use,) = uses_there()
    assert use.late
    assert abs(use.scanned_at - hour_ago) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("ago", "reason"), [(timedelta(days=15), "scanned_too_long_ago"), (-timedelta(minutes=5), "scanned_in_future")]
)
def test_neither_the_future_nor_the_distant_past_is_recorded(door, people, ago, reason):
    (answer,) = door.record(scan(number=number_of(people.holder), at=now() - ago))
    assert (answer["reason"], answer["recorded"]) == (reason, False)


# Typed numbers


def test_a_mistyped_digit_is_told_from_a_number_that_is_not_there(door, people):
    number = number_of(people.holder)
    typed = number[:5] + str((int(number[5]) + 1) % 10) + number[6:]
    assert door.check(scan(number=typed))["reason"] == "mistyped_number"
    assert door.check(scan(number="ab"))["reason"] == "mistyped_number"


def test_unknown_and_blank_numbers_answer_alike(door):
    with act() as session:
        session.add(Card(number=wrong_number(7), state="blank", user_handle=b"7" * 32))
    unknown, blank = (door.check(scan(number=wrong_number(at), scan_id="same-scan-1")) for at in (8, 7))
    assert unknown == blank
    assert unknown["reason"] == "unknown_number"


def test_ten_misses_pause_typing_at_that_gate_alone_and_it_says_so(door, other_door, phone, people):
    for at in range(10):
        assert door.check(scan(number=wrong_number(at)))["reason"] == "unknown_number"
    number = number_of(people.other_holder)
    paused = door.check(scan(number=number))
    assert (paused["verdict"], paused["reason"], paused["facts"]) == ("red", "gate_paused", {"minutes": 10})
    assert door.check(scan(phone.code()))["verdict"] == "green", "scanning goes on"
    assert other_door.check(scan(number=number))["verdict"] == "amber"
    with time_machine.travel(now() + timedelta(minutes=11)):
        assert door.check(scan(number=number))["verdict"] == "amber"


# Kinds and events


def test_a_course_place_has_no_children(door, phone):
    with act() as session:
        session.execute(update(Venue).where(Venue.id == "museo").values(offers_course=True))
    course = scan(phone.code(party=(1, 0)), kind="course")
    assert door.check(course)["reason"] == "children_on_course"
    assert door.check(course | {"children": 0})["verdict"] == "green"


def test_another_venues_event_is_not_there(door, phone):
    event = venues.add_event("teatteri", "Ensi-ilta", now(), now() + timedelta(hours=2), by=None, at=now())
    for wanted in (event, event + 1000):
        assert door.check(scan(phone.code(), event=wanted))["reason"] == "event_not_found"


def test_a_full_event_refuses_and_an_undo_gives_the_seats_back(door, phone, visitor):
    event = venues.add_event("museo", "Museoilta", now(), now() + timedelta(hours=2), by=None, at=now(), ceiling=2)
    (first,) = door.record(scan(phone.code(), event=event, children=1))
    (full,) = door.record(scan(visitor.code(), event=event))
    assert (full["verdict"], full["reason"], full["facts"]) == ("red", "ceiling_reached", {"left": 0})
    assert door.undo(first["facts"]["use_id"]).status_code == 200
    db.session.rollback()
    assert db.session.scalar(select(Event.taken).where(Event.id == event)) == 0
    (now_in,) = door.record(scan(visitor.code(at=now() + timedelta(seconds=15)), event=event))
    assert now_in["recorded"]


# Undo


def test_an_undo_is_answered_and_counted_once(door, phone):
    (answer,) = door.record(scan(phone.code(), children=1))
    use_id = answer["facts"]["use_id"]
    undone = door.undo(use_id)
    assert undone.json == {"undone": use_id, "today": {"uses": 0, "children": 0}}
    again = door.undo(use_id)
    assert (again.status_code, again.json) == (422, {"error": "undone_already"})
    (use,) = uses_there()
    assert use.undone_at is not None


def test_an_undo_ends_after_fifteen_minutes(door, phone):
    (answer,) = door.record(scan(phone.code()))
    with time_machine.travel(now() + timedelta(minutes=15, seconds=5)):
        late = door.undo(answer["facts"]["use_id"])
    assert (late.status_code, late.json) == (422, {"error": "undo_too_late"})


def test_another_gates_use_and_one_that_is_not_there_answer_alike(door, other_door, phone):
    (answer,) = door.record(scan(phone.code()))
    use_id = answer["facts"]["use_id"]
    told = [other_door.undo(wanted) for wanted in (use_id, use_id + 1000)]
    assert {(one.status_code, one.json["error"]) for one in told} == {(422, "use_not_found")}
    assert uses_there()[0].undone_at is None


# Bad input


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scan_id": None}, "scan_id"),
        ({"scan_id": 7}, "scan_id"),
        ({"scan_id": "short"}, "scan_id"),
        ({"scan_id": "x" * 37}, "scan_id"),
        ({"scan_id": "emoji-🎟️-emoji"}, "scan_id"),
        ({"scanned_at": None}, "scanned_at"),
        ({"scanned_at": "yesterday"}, "scanned_at"),
        ({"scanned_at": "2026-11-25T10:00:00"}, "scanned_at"),
        ({"scanned_at": "0001-01-01T00:00:00+14:00"}, "scanned_at"),
        ({"scanned_at": 1764064800}, "scanned_at"),
        ({"code": None}, "code"),
        ({"code": ["KP1:"]}, "code"),
        ({"code": "K" * 401}, "code"),
        ({"number": "492100773186"}, "code"),
        ({"kind": "party"}, "kind"),
        ({"kind": None}, "kind"),
        ({"kind": ["ticket"]}, "kind"),
        ({"children": -1}, "children"),
        ({"children": 1.5}, "children"),
        ({"children": "2"}, "children"),
        ({"children": True}, "children"),
        ({"children": 100}, "children"),
        ({"assistants": 16}, "assistants"),
        ({"event": "1"}, "event"),
        ({"event": 2**31}, "event"),
        ({"another": "yes"}, "another"),
    ],
)
def test_a_record_of_wrong_types_names_its_field(door, phone, change, field):
    wrong = scan(phone.code()) | change
    response = door.post("/gate/check", {"record": wrong})
    assert response.status_code == 422
    assert (response.json["answer"]["reason"], response.json["answer"]["facts"]) == (
        "unreadable_record",
        {"field": field},
    )
    bad, good = door.record(wrong, scan(phone.code()))
    assert (bad["verdict"], bad["reason"], bad["facts"]) == ("red", "unreadable_record", {"field": field})
    assert good["recorded"], "one bad record does not take the others with it"


@pytest.mark.parametrize("item", [None, 7, "scan", [], [[]], {}])
def test_a_record_that_is_no_record_is_answered_too(door, item):
    (answer,) = door.record(item)
    assert answer["reason"] == "unreadable_record"
    assert door.post("/gate/check", {"record": item}).status_code == 422


@pytest.mark.parametrize("body", [[], 7, "text", {}, {"records": None}, {"records": {}}, {"records": "all"}])
def test_a_body_without_a_list_is_a_bad_request(door, body):
    answer = door.post("/gate/uses", body)
    assert (answer.status_code, answer.json) == (400, {"error": "bad_request"})
    assert door.post("/gate/check", body).status_code in (400, 422)


@pytest.mark.parametrize("sent_at", [7, "now", "2026-11-25T10:00:00", ["2026"], "0001-01-01T00:00:00+14:00"])
def test_a_sending_time_that_is_none_is_a_bad_request(door, phone, sent_at):
    assert door.post("/gate/uses", {"records": [scan(phone.code())], "sent_at": sent_at}).status_code == 400
    assert door.post("/gate/check", {"record": scan(phone.code()), "sent_at": sent_at}).status_code == 422
    assert uses_there() == []


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_a_bad_request(door, data):
    door.open()
    headers = {"Accept": "application/json", "X-CSRFToken": door.csrf}
    for path in ("/gate/check", "/gate/uses"):
        answer = door.ask(path, method="POST", data=data, content_type="application/json", headers=headers)
        assert (answer.status_code, answer.json) == (400, {"error": "bad_request"})


def test_too_much_at_once_is_refused_whole(door, phone):
    records = [scan(phone.code()) for _ in range(201)]
    assert door.post("/gate/uses", {"records": records}).status_code == 413
    answer = door.post("/gate/uses", {"records": [], "more": "x" * 600_000})
    assert (answer.status_code, answer.json) == (413, {"error": "too_large"})
    assert uses_there() == []


def test_an_empty_list_has_no_answers(door):
    assert door.record() == []
