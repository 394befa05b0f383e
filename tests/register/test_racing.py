"""What happens at once. If one of these fails, a ticket is given twice at a busy door, or a guesser is not counted."""

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import Executable, func, insert, select, text, update

from tests.people import People, gate_at, venue
from tests.register.scans import NOON, phone_of, scan, step_of, typed
from wallet.clock import now
from wallet.register import cards, invitations, signins, uses, venues
from wallet.register.database import act, db
from wallet.register.errors import Refused
from wallet.register.identities import AtGate, Holder
from wallet.register.judging import Answer, Attempt
from wallet.register.tables import Card, Credential, Event, Scan, Use

pytestmark = pytest.mark.usefixtures("from_noon")
T = TypeVar("T")


def at_once(app: Flask, jobs: list[Callable[[], T]], threads: int | None = None) -> list[T]:
    """Do the jobs side by side, each in a context of its own, as requests are; the results in the jobs' order."""
    db.session.remove()
    waiting = threading.Barrier(threads or len(jobs))
    late = threading.local()

    def one(job: Callable[[], T]) -> T:
        if not hasattr(late, "begun"):
            late.begun = True
            waiting.wait(30)
        with app.app_context():
            return job()

    with ThreadPoolExecutor(threads or len(jobs)) as pool:
        return list(pool.map(one, jobs))


@pytest.mark.parametrize("gates", [1, 2, 4])
def test_twenty_posts_of_one_code_are_one_use(app: Flask, people: People, gates: int) -> None:
    """Issue: 20 parallel posts of one code give one use, on both databases."""
    doors = [people.gate, people.other_gate, gate_at("museo", "Ovi 2"), gate_at("teatteri", "Ovi")][:gates]
    phone = phone_of(people.holder)
    posts = [scan(phone, children=1) for _ in range(20)]
    answers = at_once(
        app,
        [lambda p=post, g=doors[n % gates]: uses.record_use(p, by=g, at=now()) for n, post in enumerate(posts)],
    )
    assert db.session.scalar(select(func.count()).select_from(Use)) == 1
    told = Counter((answer.verdict, answer.reason, answer.recorded) for answer in answers)
    assert told.pop(("green", None, True)) == 1
    assert set(told) <= {("neutral", "already_recorded", False), ("red", "used_elsewhere", False)}


def test_twenty_posts_of_one_scan_hear_one_answer(app: Flask, people: People) -> None:
    """A double frame and impatient retries carry one scan_id."""
    post = scan(phone_of(people.holder))
    answers = at_once(app, [lambda: uses.record_use(post, by=people.gate, at=now())] * 20)
    assert db.session.scalar(select(func.count()).select_from(Use)) == 1
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].recorded


def _evening(people: People) -> tuple[list[AtGate], list[list[bytes]], list[str], dict[str, int]]:
    """Four gates at three venues, each with an event that has a ceiling; forty cards with two phones each."""
    with act() as session:
        session.add(venue("areena", sector="sport"))
    gates = [people.gate, people.other_gate, gate_at("museo", "Ovi 2"), gate_at("areena", "Portti")]
    events = {
        place: venues.add_event(place, "Ilta", NOON, NOON + timedelta(hours=3), by=None, at=NOON, ceiling=12)
        for place in ("museo", "teatteri", "areena")
    }
    phones, numbers = [], []
    for _ in range(40):
        card_id, number = cards.register_card(
            people.unit, by=None, at=NOON, birth_year=1980, postcode="33100", children=((2019, "child"),)
        )
        phones.append([phone_of(Holder("", card_id)) for _ in range(2)])
        numbers.append(number)
    return gates, phones, numbers, events


def _scans(seed: int, people: People) -> list[tuple[Attempt, AtGate]]:
    """2 400 scans, of which about 30 % are a scan sent again, soon after or much later."""
    gates, phones, numbers, events = _evening(people)
    chance = random.Random(seed)
    scans: list[tuple[Attempt, AtGate]] = []
    while len(scans) < 2400:
        if scans and chance.random() < 0.3:
            scans.append(chance.choice(scans[-30:] if chance.random() < 0.7 else scans))
            continue
        card, gate = chance.randrange(len(phones)), chance.choice(gates)
        at = NOON + timedelta(seconds=chance.randrange(60))
        values = {
            "event_id": events[gate.venue_id] if chance.random() < 0.5 else None,
            "another": chance.random() < 0.2,
            "children": chance.choice((0, 0, 1)),
        }
        if chance.random() < 0.15:
            scans.append((typed(numbers[card], at, **values), gate))
        else:
            phone = chance.choice(phones[card])
            late = chance.random() < 0.1
            scans.append((scan(phone, at, step=step_of(NOON) + chance.randrange(8), late=late, **values), gate))
    return scans


def test_2400_racing_scans(app: Flask, people: People) -> None:
    """Issue: 2 400 racing scans from 16 threads with 30 % retries: never two uses for one (card, step)."""
    scans = _scans(20261125, people)
    chance = random.Random(1)
    undoing = {n for n in range(len(scans)) if chance.random() < 0.05}

    def job(n: int) -> Answer:
        post, gate = scans[n]
        answer = uses.record_use(post, by=gate, at=now())
        if n in undoing and answer.recorded:
            with suppress(Refused):  # a retry of the scan undid it already
                uses.undo_use(answer.facts["use_id"], by=gate, at=now(), reason="gate")
        return answer

    answers = at_once(app, [lambda n=n: job(n) for n in range(len(scans))], threads=16)

    rows = db.session.scalars(select(Use)).all()
    live = [use for use in rows if use.undone_at is None]
    steps = Counter((use.card_id, use.step) for use in rows if use.step is not None)
    assert max(steps.values()) == 1, "two uses of one code"
    assert max(Counter((use.card_id, use.slot, use.nth) for use in live).values()) == 1, "two live uses of one ticket"
    by_scan = defaultdict(list)
    for (post, gate), answer in zip(scans, answers, strict=True):
        by_scan[gate.gate_id, post.scan_id].append(answer)
    assert all(answer == told[0] for told in by_scan.values() for answer in told), "a retry heard another answer"
    assert len(rows) == sum(told[0].recorded for told in by_scan.values()), "an answer without its use, or the reverse"
    assert db.session.scalar(select(func.count()).select_from(Scan)) == len(by_scan)
    for event in db.session.scalars(select(Event)):
        mine = [use for use in live if use.event_id == event.id]
        seats = sum(use.seats for use in mine)
        assert all(use.seats == 1 + use.children for use in mine if not use.late)
        assert all(use.seats in (0, 1 + use.children) for use in mine), "a late one past the ceiling takes no seat"
        assert event.taken == seats, "the count of seats drifted"
        assert seats <= 12, "more than the ceiling"
    # The evening was what it claims to be: enough of each kind of answer.
    reasons = Counter(told[0].reason for told in by_scan.values())
    assert len(rows) > 150
    assert {None, "already_recorded", "old_code", "ceiling_reached", "used_elsewhere"} <= set(reasons)


def test_codes_and_numbers_of_one_card_at_one_gate_do_not_wait_for_each_other_for_ever(
    app: Flask, people: People
) -> None:
    """A typed number counts misses under the gate's lock; a code's use points at the gate. Both need the card."""
    number = db.session.get_one(Card, people.holder.card_id).number
    phone = phone_of(people.holder)
    posts = [
        typed(number, another=True) if n % 2 else scan(phone, step=step_of(NOON) + n, another=True) for n in range(120)
    ]
    answers = at_once(app, [lambda p=post: uses.record_use(p, by=people.gate, at=now()) for post in posts], threads=12)
    assert {answer.reason for answer in answers} <= {None, "old_code"}
    assert sum(answer.recorded for answer in answers) == db.session.scalar(select(func.count()).select_from(Use)) > 60


@pytest.mark.parametrize("act_of_gate", [uses.check_use, uses.record_use])
def test_a_hundred_guesses_at_once_are_a_hundred_guesses(
    app: Flask, people: People, act_of_gate: Callable[..., Answer]
) -> None:
    """CODES.md: 10 misses in 10 minutes pause that gate. Parallel guesses may not slip past the count."""
    guesses = [typed(f"TRE{n:04}") for n in range(100)]
    answers = at_once(app, [lambda g=guess: act_of_gate(g, by=people.gate, at=now()) for guess in guesses], threads=16)
    assert Counter(answer.reason for answer in answers) == {"unknown_number": 10, "gate_paused": 90}


def test_a_letter_used_ten_times_at_once_is_used_once(app: Flask, people: People) -> None:
    code = invitations.invite_holder(people.holder.card_id, by=None, at=NOON)

    def redeem() -> str:
        try:
            return str(invitations.redeem_letter(code, 1986, at=now()))
        except Refused as refused:
            return refused.reason

    told = Counter(at_once(app, [redeem] * 10))
    assert told == {str(people.holder.card_id): 1, "code_used": 9}


def test_wrong_birth_years_at_once_are_each_counted(app: Flask, people: People) -> None:
    """A wrong birth year five times kills the letter, however fast they come."""
    code = invitations.invite_holder(people.holder.card_id, by=None, at=NOON)

    def guess(year: int) -> str:
        try:
            return str(invitations.redeem_letter(code, year, at=now()))
        except Refused as refused:
            return refused.reason

    told = Counter(at_once(app, [lambda y=year: guess(y) for year in range(1940, 1960)], threads=10))
    assert told == {"birth_year_wrong": 4, "code_cancelled": 16}
    with pytest.raises(Refused, match="code_cancelled"):
        invitations.redeem_letter(code, 1986, at=NOON)


def test_a_gate_code_used_at_once_makes_one_gate(app: Flask, people: People) -> None:
    code = invitations.invite_gate("museo", by=None, at=NOON)

    def enrol(n: int) -> bool:
        try:
            invitations.enrol_gate(code, f"Ovi {n}", at=now())
        except Refused:
            return False
        return True

    assert sum(at_once(app, [lambda n=n: enrol(n) for n in range(10)])) == 1


def test_a_hundred_pin_tries_at_once_compare_five(app: Flask, people: People) -> None:
    """A try is counted before the PIN is compared."""
    signins.set_pin(people.holder, "a hash", at=NOON)
    number = db.session.get_one(Card, people.holder.card_id).number
    tries = at_once(app, [lambda: signins.begin_pin_try(number, at=now())] * 100, threads=16)
    assert sum(found is not None for found in tries) == 5


def test_undoing_twice_at_once_gives_the_seats_back_once(app: Flask, people: People) -> None:
    event = venues.add_event("museo", "Ilta", NOON, NOON + timedelta(hours=3), by=None, at=NOON, ceiling=10)
    answer = uses.record_use(scan(phone_of(people.holder), event_id=event, children=1), by=people.gate, at=NOON)

    def undo() -> str:
        try:
            uses.undo_use(answer.facts["use_id"], by=people.gate, at=now(), reason="gate")
        except Refused as refused:
            return refused.reason
        return "undone"

    assert Counter(at_once(app, [undo] * 8)) == {"undone": 1, "undone_already": 7}
    assert db.session.get_one(Event, event).taken == 0


def test_a_card_has_two_live_keys_however_many_come_at_once(app: Flask, people: People) -> None:
    """CODES.md: at most two live keys a card."""
    at_once(app, [lambda: phone_of(people.holder, at=now())] * 8)
    live = select(func.count()).where(Credential.card_id == people.holder.card_id, Credential.withdrawn_at.is_(None))
    assert db.session.scalar(live) == 2


def test_a_scan_that_two_cards_claim_has_one_answer(app: Flask, people: People) -> None:
    """No lock is shared here: the index alone speaks."""
    first, second = scan(phone_of(people.holder)), scan(phone_of(people.other_holder))
    posts = [replace(post, scan_id="one-scan") for post in (first, second)] * 5
    answers = at_once(app, [lambda p=post: uses.record_use(p, by=people.gate, at=now()) for post in posts])
    assert all(answer == answers[0] for answer in answers)
    assert db.session.scalar(select(func.count()).select_from(Use)) == 1


def meanwhile(app: Flask, job: Callable[[], T], statement: Executable) -> T:
    """Another connection does `statement` and commits only once `job` waits for it; returns what `job` then gave.

    PostgreSQL only: on SQLite writers come one after another, so nothing can come between two of an act's steps."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite's writers come one after another")
    db.session.remove()
    given: list[T] = []

    def work() -> None:
        with app.app_context():
            given.append(job())

    worker = threading.Thread(target=work)
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with db.engine.connect() as other, db.engine.connect() as looking:
        other.execute(statement)
        worker.start()
        for _ in range(200):
            if looking.scalar(waits):
                break
            looking.rollback()
            worker.join(0.05)
        else:
            pytest.fail("nothing waited")
        other.commit()
        worker.join(30)
    return given[0]


@pytest.mark.parametrize("late", [False, True])
def test_the_last_seat_goes_between_judging_and_taking(app: Flask, people: People, late: bool) -> None:
    """The ceiling is kept by the statement that takes the seat, whatever was read before it."""
    event = venues.add_event("museo", "Ilta", NOON, NOON + timedelta(hours=3), by=None, at=NOON, ceiling=1)
    post = scan(phone_of(people.holder), event_id=event, late=late)
    taken = update(Event).where(Event.id == event).values(taken=1)
    answer = meanwhile(app, lambda: uses.record_use(post, by=people.gate, at=now()), taken)
    if late:
        assert (answer.recorded, answer.notes) == (True, ("ceiling_passed",))
    else:
        assert (answer.verdict, answer.reason, answer.recorded) == ("red", "ceiling_reached", False)
    assert db.session.scalar(select(Event.taken)) == 1


def test_another_answer_to_the_same_scan_comes_first(app: Flask, people: People) -> None:
    """The index speaks, and the scan that lost the race hears what the other was told."""
    post = scan(phone_of(people.holder))
    other = {"scan_id": post.scan_id, "verdict": "red", "reason": "other", "recorded": False, "notes": [], "facts": {}}
    kept = insert(Scan).values(gate_id=people.gate.gate_id, scan_id=post.scan_id, at=NOON, reason="other", answer=other)
    answer = meanwhile(app, lambda: uses.record_use(post, by=people.gate, at=now()), kept)
    assert (answer.reason, answer.recorded) == ("other", False)
    assert db.session.scalar(select(func.count()).select_from(Use)) == 0, "its own use is undone with it"
