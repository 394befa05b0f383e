"""A group's visit with a community card: one act with parts.

If these fail, half a group is inside when the other half is refused, a ticket is counted twice, an event is fuller than
its ceiling, or two groups wait for each other for ever.
"""

import uuid
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from tests.people import People
from tests.register.scans import NOON, add_event, count, phone_of, scan, set_area, set_card, step_of, told, typed
from tests.register.test_racing import at_once, meanwhile
from wallet.clock import now
from wallet.register import blocking, cards, community, desk_cards, groups, rules, uses
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.groups import Part, record_group
from wallet.register.identities import Holder
from wallet.register.judging import Answer, Attempt
from wallet.register.numbers import check_digit
from wallet.register.tables import Card, Credential, Event, JournalLine, Scan, Use
from wallet.register.tables_life import CardYear
from wallet.register.tables_offline import Conflict

pytestmark = pytest.mark.usefixtures("noon")

LATE = NOON + timedelta(hours=2)


def new_group_card(people: People) -> bytes:
    """A community card of the desk, and a code that shows it."""
    card_id, _ = community.add_community_card(people.desk, people.unit, "Ryhmäkortti", at=NOON)
    return phone_of(Holder("", card_id))


def new_member(people: People) -> tuple[int, bytes]:
    """A client with an own card."""
    card_id, _ = cards.register_card(people.unit, by=None, at=NOON, birth_year=1980, postcode="33100")
    return card_id, phone_of(Holder("", card_id))


@pytest.fixture
def own(people: People) -> bytes:
    return new_group_card(people)


@pytest.fixture
def clients(people: People) -> list[bytes]:
    """Three of them."""
    return [new_member(people)[1] for _ in range(3)]


def part(attempt: Attempt | Answer) -> Part:
    return Part(attempt.scanned_at if isinstance(attempt, Attempt) else NOON, attempt)


def visit(
    people: People, own: Attempt | Answer, *members: Attempt | Answer, late: bool = False, at: datetime = NOON
) -> Answer:
    """Record a group at "museo"."""

    def as_sent(one: Attempt | Answer) -> Part:
        return part(replace(one, late=late) if isinstance(one, Attempt) else one)

    return record_group(as_sent(own), [as_sent(one) for one in members], by=people.gate, at=at, late=late)


def parts(answer: Answer) -> list[tuple[str, str | None, bool]]:
    return [(one["verdict"], one["reason"], one["recorded"]) for one in answer.facts["parts"]]


def live() -> list[Use]:
    return list(db.session.scalars(select(Use).where(Use.undone_at.is_(None)).order_by(Use.id)))


def taken(event: int) -> int:
    return db.session.scalar(select(Event.taken).where(Event.id == event)) or 0


GOES = ("green", None, True)


# At the door


def test_the_employee_and_each_member_have_a_ticket_of_their_own(
    people: People, own: bytes, clients: list[bytes]
) -> None:
    """DOMAIN.md, "What a card gives": every group member over the age limit has an own card with them."""
    group = scan(own, children=2)
    answer = visit(people, group, *map(scan, clients))
    assert (told(answer), answer.recorded, answer.notes) == (("green", None), True, ())
    assert parts(answer) == [GOES] * 3
    first, *others = live()
    assert (first.group_id, first.children, first.id) == (None, 2, answer.facts["use_id"])
    assert [(use.group_id, use.children) for use in others] == [(first.id, 0)] * 3
    assert [one["use_id"] for one in answer.facts["parts"]] == [use.id for use in others]
    assert count(JournalLine, JournalLine.act == "gate:use:recorded") == 4
    assert count(CardYear) == 4
    assert count(Conflict) == 0


@pytest.mark.parametrize(
    ("along", "notes"),
    [
        ((0, 0), ("community_alone",)),
        ((1, 0), ()),
        ((0, 1), ()),
        ((3, 2), ()),
        ((3, 3), ("large_group",)),
    ],
)
def test_who_comes_along_decides_what_is_noted(
    people: People, own: bytes, clients: list[bytes], along: tuple[int, int], notes: tuple[str, ...]
) -> None:
    """DOMAIN.md, "What a card gives": 2–5 people, more than 5 is a note; an employee alone is amber."""
    members, children = along
    answer = visit(people, scan(own, children=children), *map(scan, clients[:members]))
    assert (answer.notes, answer.recorded) == (notes, True)
    checked = uses.check_use(scan(new_group_card(people), children=children, members=members), by=people.gate, at=NOON)
    assert checked.notes == notes


def test_the_rule_counts_members_and_minors_together() -> None:
    card = rules.CardFacts("registered", "community", "tampere", False, NOON.date(), NOON.date())
    place = rules.VenueFacts("tampere", False, None, None, frozenset({"ticket"}))
    for members, children, noted in ((0, 0, ("community_alone",)), (5, 0, ()), (5, 1, ("large_group",))):
        use = rules.UseFacts("ticket", NOON.date(), children, members=members)
        assert rules.notes(card, place, use, read_by="phone") == noted


def test_the_areas_age_is_told(people: People, own: bytes) -> None:
    """DOMAIN.md, "What a card gives": clients under 18 (an area may set 16)."""
    set_area("tampere", community_age=16)
    assert uses.check_use(scan(own), by=people.gate, at=NOON).facts["community_age"] == 16


def test_one_who_is_refused_keeps_all_out_until_taken_out(people: People, own: bytes, clients: list[bytes]) -> None:
    card_id, lost = new_member(people)
    blocking.block_card(card_id, "lost", by=None, at=NOON)
    members = [scan(clients[0]), scan(lost), scan(clients[1])]
    event = add_event(ceiling=10)
    group = scan(own)
    answer = visit(people, *(replace(one, event_id=event) for one in (group, *members)))
    assert (told(answer), answer.recorded) == (("red", "group_part_refused"), False)
    assert parts(answer) == [("green", None, False), ("red", "blocked", False), ("green", None, False)]
    assert (live(), taken(event), count(CardYear)) == ([], 0, 0)
    again = replace(scan(own), event_id=event)
    answer = visit(people, again, *(replace(one, event_id=event) for one in (members[0], members[2])))
    assert (answer.recorded, parts(answer), taken(event)) == (True, [GOES, GOES], 3)


def test_a_refusal_that_was_lost_on_the_way_loses_no_visit(people: People, own: bytes, clients: list[bytes]) -> None:
    """The page said "saved", and all went in: each card is then settled on its own."""
    card_id, lost = new_member(people)
    sent = [scan(own), scan(clients[0]), scan(lost)]
    blocking.block_card(card_id, "lost", by=None, at=NOON)
    assert told(visit(people, *sent)) == ("red", "group_part_refused")
    answer = visit(people, *sent, late=True)
    assert (answer.recorded, parts(answer), len(live())) == (True, [GOES, ("amber", None, True)], 3)
    assert visit(people, *sent, late=True) == answer


def test_a_members_code_that_is_none_keeps_all_out(people: People, own: bytes) -> None:
    forged = Answer(str(uuid.uuid4()), "red", "forged")
    answer = visit(people, scan(own), forged)
    assert (told(answer), parts(answer)) == (("red", "group_part_refused"), [("red", "forged", False)])
    assert live() == []


def test_a_group_has_one_community_card(people: People, own: bytes) -> None:
    for other in (new_group_card(people), own):
        answer = visit(people, scan(own), scan(other, step=step_of(NOON) + 1))
        assert parts(answer) == [("red", "group_one_community", False)]
    assert live() == []


def test_only_a_community_card_brings_a_group(people: People, phone: bytes, clients: list[bytes]) -> None:
    answer = visit(people, scan(phone), scan(clients[0]))
    assert (told(answer), live()) == (("red", "group_needs_community"), [])


def test_a_community_card_that_is_refused_says_why_for_all(people: People, own: bytes, clients: list[bytes]) -> None:
    """Hard refusals: community card for a course or season."""
    group = scan(own, kind="course")
    answer = visit(people, group, scan(clients[0], kind="course"))
    assert (told(answer), live()) == (("red", "community_ticket_only"), [])
    assert visit(people, group, scan(clients[0], kind="course")) == answer
    forged = Answer(str(uuid.uuid4()), "red", "forged")
    assert told(visit(people, forged, scan(clients[0]))) == ("red", "forged")
    assert live() == []


def test_one_member_twice_is_counted_once(people: People, own: bytes, clients: list[bytes]) -> None:
    twice = scan(clients[0], step=step_of(NOON) + 1)
    answer = visit(people, scan(own), scan(clients[0]), twice)
    assert parts(answer) == [GOES, ("neutral", "already_in_group", False)]
    assert len(live()) == 2


def test_a_member_whose_ticket_is_recorded_already_is_taken_out(
    people: People, own: bytes, clients: list[bytes]
) -> None:
    uses.record_use(scan(clients[0]), by=people.gate, at=NOON)
    answer = visit(people, scan(own), scan(clients[0], step=step_of(NOON) + 1))
    assert parts(answer) == [("neutral", "already_recorded", False)]
    assert len(live()) == 1


def test_a_scan_that_was_answered_alone_is_not_recorded_again(people: People, own: bytes, clients: list[bytes]) -> None:
    alone = scan(clients[0])
    uses.record_use(alone, by=people.gate, at=NOON)
    answer = visit(people, scan(own), alone, scan(clients[1]))
    assert (answer.recorded, parts(answer), len(live())) == (True, [GOES, GOES], 3)
    refused = scan(clients[2], kind="course", children=1)
    uses.record_use(refused, by=people.gate, at=NOON)
    answer = visit(people, scan(new_group_card(people)), refused)
    assert told(answer) == ("red", "group_part_refused")


# Idempotent


def test_a_retry_hears_the_whole_answer_again(people: People, own: bytes, clients: list[bytes]) -> None:
    sent = [scan(own, children=1), *map(scan, clients)]
    first = visit(people, *sent)
    assert visit(people, *sent) == first
    assert uses.answers_given(people.gate, [sent[0].scan_id])[sent[0].scan_id] == first
    assert (len(live()), count(Scan)) == (4, 4)
    member = uses.answers_given(people.gate, [sent[1].scan_id])[sent[1].scan_id]
    assert member.recorded, "each member's scan is answered too"


# Seats


def test_seats_are_for_all_or_for_none(people: People, own: bytes, clients: list[bytes]) -> None:
    """DOMAIN.md, "What a card gives": venues may set a ceiling per event; sold out is sold out."""
    event = add_event(ceiling=4)
    sent = [replace(scan(own, children=1), event_id=event), *(scan(one, event_id=event) for one in clients)]
    answer = visit(people, *sent)
    assert (told(answer), answer.facts["left"], taken(event), live()) == (("red", "ceiling_reached"), 4, 0, [])
    again = [replace(sent[0], scan_id=str(uuid.uuid4()), children=0), *sent[1:]]
    answer = visit(people, *again)
    assert (answer.recorded, taken(event), [use.seats for use in live()]) == (True, 4, [1, 1, 1, 1])


def test_a_full_event_says_how_many_are_left(people: People, own: bytes, clients: list[bytes]) -> None:
    event = add_event(ceiling=1)
    uses.record_use(scan(clients[2], event_id=event), by=people.gate, at=NOON)
    answer = visit(people, scan(own, event_id=event), scan(clients[0], event_id=event))
    assert (told(answer), answer.facts["left"]) == (("red", "ceiling_reached"), 0)


# Undo


def test_undoing_the_community_cards_use_undoes_the_group(people: People, own: bytes, clients: list[bytes]) -> None:
    event = add_event(ceiling=10)
    group = scan(own, event_id=event, children=2)
    answer = visit(people, group, *(scan(one, event_id=event) for one in clients))
    other = uses.record_use(scan(phone_of(people.other_holder), event_id=event), by=people.gate, at=NOON)
    member = answer.facts["parts"][0]["use_id"]
    uses.undo_use(member, by=people.gate, at=NOON, reason="gate")
    assert (taken(event), len(live())) == (6, 4)
    uses.undo_use(answer.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    assert (taken(event), [use.id for use in live()]) == (1, [other.facts["use_id"]])
    assert count(JournalLine, JournalLine.act == "gate:use:undone") == 4
    assert count(CardYear) == 1
    with pytest.raises(Refused, match="undone_already"):
        uses.undo_use(member, by=people.gate, at=NOON, reason="gate")


def test_a_group_is_undone_where_and_while_a_use_is(people: People, own: bytes, clients: list[bytes]) -> None:
    answer = visit(people, scan(own), scan(clients[0]))
    with pytest.raises(NotFound):
        uses.undo_use(answer.facts["use_id"], by=people.other_gate, at=NOON, reason="gate")
    with pytest.raises(Refused, match="undo_too_late"):
        uses.undo_use(answer.facts["use_id"], by=people.gate, at=NOON + timedelta(minutes=16), reason="gate")
    assert len(live()) == 2


def test_a_group_that_was_undone_may_come_again(people: People, own: bytes, clients: list[bytes]) -> None:
    answer = visit(people, scan(own), scan(clients[0]))
    uses.undo_use(answer.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    later = step_of(NOON) + 2
    answer = visit(people, scan(own, step=later), scan(clients[0], step=later))
    assert (answer.recorded, parts(answer)) == (True, [GOES])


# Numbers


def number_of(credential: bytes) -> str:
    wanted = select(Card.number).join(Credential, Credential.card_id == Card.id)
    return db.session.scalars(wanted.where(Credential.credential == credential)).one()


def wrong(n: int) -> str:
    digits = f"{10_000_000_000 + n}"
    return digits + check_digit(digits)


def test_members_may_tell_their_numbers(people: People, own: bytes, clients: list[bytes]) -> None:
    answer = visit(people, typed(number_of(own), children=0), *(typed(number_of(one)) for one in clients))
    assert (answer.recorded, answer.notes) == (True, ("compare",))
    assert parts(answer) == [("amber", None, True)] * 3


def test_a_guess_in_a_group_is_counted(people: People, own: bytes) -> None:
    """CODES.md: 10 misses in 10 minutes pause that gate."""
    for n in range(4):
        answer = visit(people, scan(own), *(typed(wrong(3 * n + m)) for m in range(3)))
        assert told(answer) == ("red", "group_part_refused")
    assert count(Scan, Scan.reason == "unknown_number") == 12
    paused = typed(wrong(99))
    answer = visit(people, scan(own), paused)
    assert (told(answer), answer.facts) == (("red", "gate_paused"), {"minutes": 10})
    assert count(Scan, Scan.scan_id == paused.scan_id) == 0, "it may come again when the pause is over"


def test_a_venue_that_has_typed_enough_today_types_no_group(
    people: People, own: bytes, clients: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "ENTRIES_A_DAY", 1)
    uses.record_use(typed(number_of(clients[0])), by=people.gate, at=NOON)
    group = [scan(own), typed(number_of(clients[1]))]
    assert told(visit(people, *group)) == ("red", "venue_entries_full")
    monkeypatch.undo()
    assert visit(people, *group).recorded, "it comes again"


def test_a_replaced_cards_successor_is_held_with_it(people: People, own: bytes) -> None:
    card_id, member = new_member(people)
    new_id, _ = desk_cards.replace_card(people.desk, card_id, at=NOON, reason="lost")
    heir = phone_of(Holder("", new_id))
    answer = visit(people, scan(own), scan(heir), scan(member), late=True, at=LATE)
    assert answer.facts["parts"][0]["recorded"]
    assert len(live()) == 2, "one right, whichever of the two cards is shown"


# Late


def test_a_group_that_comes_late_is_recorded_with_its_members(people: People, own: bytes, clients: list[bytes]) -> None:
    answer = visit(people, scan(own, children=1), *map(scan, clients), late=True, at=LATE)
    assert (answer.recorded, parts(answer)) == (True, [GOES] * 3)
    first, *others = live()
    assert all(use.late for use in (first, *others))
    assert {use.group_id for use in others} == {first.id}
    assert count(Conflict) == 0


def test_of_a_late_group_each_card_is_settled_on_its_own(people: People, own: bytes, clients: list[bytes]) -> None:
    """docs/decisions/0008: the visitors were let in, so what fits is a use, and what does not is a line."""
    card_id, lost = new_member(people)
    blocking.block_card(card_id, "lost", by=None, at=NOON + timedelta(hours=1))
    uses.record_use(scan(clients[1]), by=people.other_gate, at=NOON)
    sent: list[Any] = [scan(own), scan(lost), scan(clients[1]), scan(clients[2]), scan(clients[2], step=7)]
    sent += [scan(new_group_card(people)), Answer(str(uuid.uuid4()), "red", "forged"), typed(wrong(1))]
    answer = visit(people, *sent, late=True, at=LATE)
    assert answer.recorded
    assert parts(answer) == [
        ("amber", None, True),
        ("red", "used_elsewhere", False),
        ("green", None, True),
        ("neutral", "already_in_group", False),
        ("red", "group_one_community", False),
        ("red", "forged", False),
        ("red", "unknown_number", False),
    ]
    lines = Counter(db.session.scalars(select(Conflict.reason)))
    assert lines == {
        "blocked_meanwhile": 1,
        "used_elsewhere": 1,
        "group_one_community": 1,
        "forged": 1,
        "unknown_number": 1,
    }
    assert visit(people, *sent, late=True, at=LATE) == answer
    assert count(Scan) == 1 + len(sent)


def test_members_of_a_late_group_whose_own_card_is_no_good_still_count(
    people: People, own: bytes, clients: list[bytes], phone: bytes
) -> None:
    """A community card that is unknown by now, or is none: the members were let in with their own."""
    for n, first in enumerate((Answer(str(uuid.uuid4()), "red", "forged"), scan(phone))):
        answer = visit(people, first, scan(clients[n]), late=True, at=LATE)
        assert parts(answer) == [GOES]
    assert [use.group_id for use in live()] == [None, None, None]


def test_a_late_group_past_the_ceiling_takes_no_seats(people: People, own: bytes, clients: list[bytes]) -> None:
    event = add_event(ceiling=2, starts_at=NOON + timedelta(minutes=10))
    sent = [scan(one, event_id=event) for one in (own, *clients)]
    answer = visit(people, *sent, late=True, at=LATE)
    assert (answer.recorded, answer.notes) == (True, ())
    assert [one["notes"] for one in answer.facts["parts"]] == [[], ["ceiling_passed"], ["ceiling_passed"]]
    assert (taken(event), [use.seats for use in live()]) == (2, [1, 1, 0, 0])


def test_a_late_scan_that_was_answered_alone_stands(people: People, own: bytes, clients: list[bytes]) -> None:
    alone = scan(clients[0])
    uses.record_use(alone, by=people.gate, at=NOON)
    answer = visit(people, scan(own), alone, late=True, at=LATE)
    assert (parts(answer), len(live())) == ([GOES], 2)


# At once


def test_two_groups_with_common_members_in_opposite_order_both_end(app: Flask, people: People) -> None:
    """Cards are held in the order of their ids: neither waits for the other for ever, and nobody has two tickets."""
    members = [new_member(people)[1] for _ in range(8)]
    event = add_event(ceiling=100)
    jobs = []
    for n in range(12):
        order = members if n % 2 else members[::-1]
        sent = [scan(new_group_card(people), event_id=event)]
        sent += [scan(one, event_id=event, step=step_of(NOON) + n) for one in order]
        jobs.append(
            lambda sent=sent: record_group(
                part(sent[0]), [part(one) for one in sent[1:]], by=people.gate, at=now(), late=False
            )
        )
    answers = at_once(app, jobs)
    assert Counter(answer.reason for answer in answers) == {None: 1, "group_part_refused": 11}
    assert (len(live()), taken(event)) == (9, 9)


def test_groups_and_numbers_and_undoing_at_once(app: Flask, people: People) -> None:
    """Numbers hold the gate, codes their cards, undoing the uses: none of them waits for another for ever."""
    members = [new_member(people)[1] for _ in range(5)]
    numbers = [number_of(one) for one in members]
    event = add_event(ceiling=1000)

    def group(n: int) -> Answer:
        order = members if n % 2 else members[::-1]
        sent = [scan(own_cards[n], event_id=event)]
        sent += [scan(one, event_id=event, step=step_of(NOON) + n) for one in order[:3]]
        sent += [typed(numbers[members.index(one)], event_id=event) for one in order[3:]]
        answer = record_group(part(sent[0]), [part(one) for one in sent[1:]], by=people.gate, at=now(), late=False)
        if answer.recorded:
            uses.undo_use(answer.facts["use_id"], by=people.gate, at=now(), reason="gate")
        return answer

    def alone(n: int) -> Answer:
        attempt = typed(numbers[n % 5], event_id=event, another=True)
        answer = uses.record_use(attempt, by=people.gate, at=now())
        uses.undo_use(answer.facts["use_id"], by=people.gate, at=now(), reason="gate")
        return answer

    own_cards = [new_group_card(people) for _ in range(20)]
    jobs = [(lambda n=n: group(n // 2) if n % 2 == 0 else alone(n)) for n in range(40)]
    answers = at_once(app, jobs, threads=8)
    assert {answer.reason for answer in answers} <= {None, "group_part_refused"}
    assert (live(), taken(event), count(CardYear)) == ([], 0, 0)


def test_groups_that_race_for_the_last_seats_get_all_or_none(app: Flask, people: People) -> None:
    event = add_event(ceiling=10)
    jobs = []
    for _ in range(6):
        sent = [scan(new_group_card(people), event_id=event)]
        sent += [scan(new_member(people)[1], event_id=event) for _ in range(3)]
        jobs.append(
            lambda sent=sent: record_group(
                part(sent[0]), [part(one) for one in sent[1:]], by=people.gate, at=now(), late=False
            )
        )
    answers = at_once(app, jobs)
    assert Counter(answer.reason for answer in answers) == {None: 2, "ceiling_reached": 4}
    assert (taken(event), len(live())) == (8, 8)


def test_twenty_posts_of_one_group_hear_one_answer(app: Flask, people: People) -> None:
    sent = [scan(new_group_card(people)), *(scan(new_member(people)[1]) for _ in range(2))]

    def post() -> Answer:
        return record_group(part(sent[0]), [part(one) for one in sent[1:]], by=people.gate, at=now(), late=False)

    answers = at_once(app, [post] * 20)
    assert all(answer == answers[0] for answer in answers)
    assert len(live()) == 3


def test_the_last_seats_go_between_judging_and_taking(app: Flask, people: People) -> None:
    event = add_event(ceiling=3)
    sent = [scan(new_group_card(people), event_id=event), scan(new_member(people)[1], event_id=event)]
    full = update(Event).where(Event.id == event).values(taken=3)
    answer = meanwhile(
        app, lambda: record_group(part(sent[0]), [part(sent[1])], by=people.gate, at=now(), late=False), full
    )
    assert (told(answer), live()) == (("red", "ceiling_reached"), [])


def test_another_answer_to_a_members_scan_comes_first(app: Flask, people: People) -> None:
    """The index speaks; the group is judged again, and hears what that scan was told."""
    own, member = scan(new_group_card(people)), scan(new_member(people)[1])
    other = {
        "scan_id": member.scan_id,
        "verdict": "red",
        "reason": "other",
        "recorded": False,
        "notes": [],
        "facts": {},
    }
    kept = insert(Scan).values(
        gate_id=people.gate.gate_id, scan_id=member.scan_id, at=NOON, reason="other", answer=other
    )
    answer = meanwhile(app, lambda: record_group(part(own), [part(member)], by=people.gate, at=now(), late=False), kept)
    assert (told(answer), parts(answer)) == (("red", "group_part_refused"), [("red", "other", False)])
    assert live() == []


def test_nothing_is_written_of_a_group_that_breaks(people: People, own: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """One act: a fault after the first row takes that row with it."""
    card_id, member = new_member(people)
    set_card(card_id, number="BROKEN")

    def broken(*_args: object, **_values: object) -> Answer:
        raise RuntimeError

    monkeypatch.setattr(groups, "_with_parts", broken)
    with pytest.raises(RuntimeError):
        visit(people, scan(own), scan(member))
    with act():
        assert (count(Use), count(Scan), count(CardYear)) == (0, 0, 0)
