"""Random lives of cards, against a model that knows nothing of the register: days as a calendar counts them, a list of
child tickets, a list of what was used. If this failed, some order of everyday acts gives a right twice, opens a door on
a day that was not the card's, or leaves a state that the journal does not explain.
"""

import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from tests.people import People, make_people
from tests.register.scans import NOON, step_of
from wallet.register import cards, credentials, desk_cards, uses, venues
from wallet.register.database import act, db
from wallet.register.errors import Refused
from wallet.register.identities import AtGate, Holder
from wallet.register.judging import Attempt
from wallet.register.tables import Card, ChildTicket, Event, JournalLine, Use
from wallet.register.tables_life import CardPeriod, CardYear

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)
CEILING = 4

ANY = st.integers(0, 10**6)  # which of those that are there: the remainder decides
CHILD = st.tuples(st.sampled_from([None, 2009, 2010, 2011, 2019]), st.sampled_from(["child", "grandchild"]))
CHILDREN = st.lists(CHILD, max_size=3)
BROUGHT = st.sampled_from([0, 0, 0, 1, 2])
WAIT = st.sampled_from([0, 0, 0, 1, 20, 24 * 60, 24 * 60, 30 * 24 * 60, 100 * 24 * 60])  # minutes before the act


def helsinki(at: datetime) -> date:
    return at.astimezone(ZoneInfo("Europe/Helsinki")).date()


def year_from(first: date) -> date:
    """The last day before this calendar day comes again."""
    day = first
    while (day.year, day.month, day.day) < (first.year + 1, first.month, first.day):
        day += DAY
    return day - DAY


@dataclass
class Child:
    born: int | None
    relation: str
    ends: date = date.max  # the first day on which it no longer counts
    own: bool = False  # became a card

    def counts(self, day: date) -> bool:
        return day < self.ends and (self.born is None or day.year <= self.born + 18)


@dataclass
class Life:
    """A card as a person would tell of it."""

    number: str
    born: int
    stretches: list[tuple[date, date]]
    children: list[Child]
    state: str = "registered"
    heir: int | None = None
    renewed_on: date | None = None
    phone: bytes | None = None

    @property
    def last(self) -> date:
        return self.stretches[-1][1]

    def covers(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.stretches)

    def ask_children(self, wanted: list[tuple[int | None, str]], today: date) -> None:
        """Who is named stays or comes (back); who is not, ends."""
        left = list(wanted)
        for child in self.children:
            if child.ends == date.max:
                if (child.born, child.relation) in left:
                    left.remove((child.born, child.relation))
                else:
                    child.ends = today
        for born, relation in left:
            gone = [
                one
                for one in self.children
                if not one.own and date.max > one.ends and (one.born, one.relation) == (born, relation)
            ]
            back = max(gone, key=lambda one: one.ends) if gone else None
            # One that was ended a moment ago, by this very asking, was not named: it can't be the one that is.
            if back is None:
                self.children.append(Child(born, relation))
            else:
                back.ends = date.max


@dataclass
class Visit:
    use_id: int
    card: int  # the card it counts for, before any replacement
    gate: AtGate
    slot: tuple[Any, ...]
    day: date
    children: int
    at: datetime
    event: int | None = None
    undone: bool = False


@dataclass
class Model:
    """What should be."""

    lives: dict[int, Life] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)

    def root(self, card: int) -> int:
        """The card that counts for the person now."""
        while (heir := self.lives[card].heir) is not None:
            card = heir
        return card

    def live(self, card: int) -> list[Visit]:
        return [one for one in self.visits if not one.undone and self.root(one.card) == self.root(card)]


class Lives(RuleBasedStateMachine):
    """Acts of two desks' people and two gates, one after another, as time goes on."""

    @initialize()
    def open(self) -> None:
        db.session.remove()
        with db.engine.begin() as connection:
            for table in reversed(db.metadata.sorted_tables):
                connection.execute(table.delete())
        self.people: People = make_people()
        self.now = NOON
        self.model = Model()
        self.events: list[tuple[int, date]] = []
        self.gates = (self.people.gate, self.people.other_gate)
        self.register(wait=0, born=1990, children=[(2019, "child"), (2009, "child")], printed=False)

    @property
    def today(self) -> date:
        return helsinki(self.now)

    def pick(self, n: int) -> tuple[int, Life]:
        ids = sorted(self.model.lives)
        if n % 4:  # mostly one that lives
            ids = [card for card in ids if self.model.lives[card].state == "registered"] or ids
        card = ids[n // 4 % len(ids)]
        return card, self.model.lives[card]

    def refused(self, reason: str | None, job: Any) -> Any:
        """Do it, and it is refused for this reason, or not at all."""
        if reason is None:
            return job()
        with pytest.raises(Refused) as refused:
            job()
        assert refused.value.reason == reason
        return None

    # Time: before each act some may pass

    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def until(self, day: date, seconds: int = 0) -> None:
        """To the midnight at which a day begins, if it has not come yet, or the second before."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Helsinki")).astimezone(UTC)
        self.now = max(self.now, midnight + timedelta(seconds=seconds))

    # The desk

    @rule(wait=WAIT, born=st.sampled_from([1950, 1990, 2010, 2011]), children=CHILDREN, printed=st.booleans())
    def register(self, wait: int, born: int, children: list[tuple[int | None, str]], printed: bool) -> None:
        self.wait(wait)
        number = None
        if printed:
            with act() as session:
                blank = Card(number=f"PRINT{secrets.token_hex(8)}".upper(), unit_id=self.people.unit)
                blank.user_handle = secrets.token_bytes(32)
                session.add(blank)
                number = blank.number
            found = uses.check_use(self._typed(number), by=self.people.gate, at=self.now)
            assert found.verdict == "red", "a blank card opens no door"
        given = self.refused(
            "too_young" if self.today.year - born < 16 else None,
            lambda: cards.register_card(
                self.people.unit,
                by=self.people.desk,
                at=self.now,
                birth_year=born,
                postcode="33100",
                children=children,
                number=number,
            ),
        )
        if given is not None:
            self._born(given, born, year_from(self.today), [Child(*child) for child in children])

    def _born(self, given: tuple[int, str], born: int, last: date, children: list[Child]) -> None:
        self.model.lives[given[0]] = Life(given[1], born, [(self.today, last)], children)

    @rule(n=ANY, children=CHILDREN, off=st.sampled_from([-60, -30, 1, 9, 9]), seconds=st.sampled_from([-1, 0, 0]))
    def renew(self, n: int, children: list[tuple[int | None, str]], off: int, seconds: int) -> None:
        """Around the midnights at which a renewal opens and the card ends, and in the days before and after."""
        card, life = self.pick(n)
        self.until(life.last + off * DAY, seconds)
        reason = None
        if life.state != "registered":
            reason = life.state
        elif life.renewed_on == self.today:
            reason = "renewed_already"
        elif (life.last - self.today).days > 60:
            reason = "renewal_too_early"
        last = self.refused(
            reason, lambda: desk_cards.renew_card(self.people.desk, card, at=self.now, children=children)
        )
        if last is not None:
            first = max(self.today, life.last + DAY)
            life.stretches.append((first, year_from(first)))
            life.renewed_on = self.today
            life.ask_children(children, self.today)
            assert last == life.last

    @rule(wait=WAIT, n=ANY, children=CHILDREN)
    def change_children(self, wait: int, n: int, children: list[tuple[int | None, str]]) -> None:
        self.wait(wait)
        card, life = self.pick(n)
        reason = life.state if life.state != "registered" else "card_expired" if life.last < self.today else None
        self.refused(reason, lambda: desk_cards.change_children(self.people.desk, card, at=self.now, children=children))
        if reason is None:
            life.ask_children(children, self.today)

    @rule(wait=WAIT, n=ANY, which=ANY)
    def own_card(self, wait: int, n: int, which: int) -> None:
        self.wait(wait)
        card, life = self.pick(n)
        tickets = list(
            db.session.scalars(select(ChildTicket).where(ChildTicket.card_id == card).order_by(ChildTicket.id))
        )
        if not tickets:
            return
        ticket = tickets[which % len(tickets)]
        ended = ticket.ended_on is not None
        born, relation = ticket.birth_year, ticket.relation
        reason = None
        if life.state != "registered":
            reason = life.state
        elif ended:
            reason = "own_card_given" if ticket.own_card_id else "ticket_ended"
        elif born is None:
            reason = "birth_year_missing"
        elif self.today.year - born < 16:
            reason = "too_young"
        given = self.refused(
            reason,
            lambda: desk_cards.own_card(self.people.desk, card, ticket.id, at=self.now, postcode="33100"),
        )
        if given is not None:
            assert born is not None
            child = next(
                one for one in life.children if (one.born, one.relation, one.ends) == (born, relation, date.max)
            )
            child.ends, child.own = self.today, True
            self._born(given, born, year_from(self.today), [])

    @rule(wait=WAIT, n=ANY, reason=st.sampled_from(desk_cards.BLOCK_REASONS))
    def block(self, wait: int, n: int, reason: str) -> None:
        self.wait(wait)
        card, life = self.pick(n)
        refused = life.state if life.state != "registered" else None
        self.refused(refused, lambda: desk_cards.block_card(self.people.desk, card, reason, at=self.now))
        if refused is None:
            life.state = "blocked"

    @rule(wait=WAIT, n=ANY)
    def replace(self, wait: int, n: int) -> None:
        self.wait(wait)
        card, life = self.pick(n)
        reason = "replaced" if life.state == "replaced" else "card_expired" if life.last < self.today else None
        given = self.refused(
            reason, lambda: desk_cards.replace_card(self.people.desk, card, at=self.now, reason="lost")
        )
        if given is not None:
            life.state, life.heir = "replaced", given[0]
            staying = [child for child in life.children if child.ends == date.max]
            self._born(given, life.born, life.last, [Child(child.born, child.relation) for child in staying])
            for child in staying:
                child.ends = self.today + DAY

    # The gates

    def _typed(self, number: str, **values: Any) -> Attempt:
        given = {"scan_id": str(uuid.uuid4()), "scanned_at": self.now, "read_by": "number", "number": number}
        return Attempt(**(given | values))

    @rule(wait=WAIT, days=st.sampled_from([0, 1, 7, 90]))
    def make_event(self, wait: int, days: int) -> None:
        self.wait(wait)
        starts = datetime(self.today.year, self.today.month, self.today.day, 16, tzinfo=UTC) + days * DAY
        event = venues.add_event(
            "museo", "Ilta", starts, starts + timedelta(hours=2), by=None, at=self.now, ceiling=CEILING
        )
        self.events.append((event, starts.date()))

    @rule(wait=WAIT, n=ANY, door=st.integers(0, 1), children=BROUGHT, another=st.booleans(), to_event=st.booleans())
    def use(self, *, wait: int, n: int, door: int, children: int, another: bool, to_event: bool) -> None:
        """By a number: told at the door, by telephone, or ahead for an event."""
        self.wait(wait)
        card, life = self.pick(n)
        event, day = self.events[-1] if to_event and door == 0 and self.events else (None, self.today)
        attempt = self._typed(life.number, children=children, another=another, event_id=event)
        self._record(card, attempt, self.gates[door], day)

    @rule(wait=WAIT, n=ANY, door=st.integers(0, 1), children=BROUGHT, when=ANY, off=st.integers(-1, 1))
    def late_form(self, *, wait: int, n: int, door: int, children: int, when: int, off: int) -> None:
        """A paper form that lay in a drawer, also over a renewal or a replacement: of yesterday, or of a day around
        which something of its card began or ended."""
        self.wait(wait)
        ids = sorted(self.model.lives)
        if n % 4:  # mostly one with a past
            lives = self.model.lives
            ids = [card for card in ids if lives[card].heir or len(lives[card].stretches) > 1] or ids
        card = ids[n // 4 % len(ids)]
        edges = [day for stretch in self.model.lives[card].stretches for day in stretch]
        days = [(self.today - day).days for day in [*edges, self.today, *(one.day for one in self.model.live(card))]]
        then = self.now - DAY * max(0, min(91, days[when % len(days)] + off))
        number = self.model.lives[card].number
        attempt = self._typed(number, children=children, scanned_at=then, read_by="form", late=True)
        self._record(card, attempt, self.gates[door], helsinki(then))

    def _record(self, card: int, attempt: Attempt, gate: AtGate, day: date) -> None:
        life = self.model.lives[card]
        allowed = sum(child.counts(day) for child in life.children)
        slot = (gate.venue_id, attempt.event_id or day)
        same = [one for one in self.model.live(card) if one.slot == slot]
        usable = life.covers(day) and (life.state == "registered" or attempt.late)
        may = usable and (attempt.another or not same) and attempt.children <= allowed
        if may and attempt.event_id is not None:
            may = self._taken(attempt.event_id) + 1 + attempt.children <= CEILING
        answer = uses.record_use(attempt, by=gate, at=self.now)
        assert answer.recorded is may, (answer, life, day)
        assert answer == uses.record_use(attempt, by=gate, at=self.now), "a retry heard something else"
        if may:
            visit = Visit(answer.facts["use_id"], card, gate, slot, day, attempt.children, self.now, attempt.event_id)
            self.model.visits.append(visit)

    def _taken(self, event: int) -> int:
        return sum(1 + one.children for one in self.model.visits if one.event == event and not one.undone)

    @rule(wait=WAIT, n=ANY, door=st.integers(0, 1))
    def show_phone(self, wait: int, n: int, door: int) -> None:
        """A phone's code. Whether its step is still good is CODES.md's matter; that it opens no more than the number
        would is this one's."""
        self.wait(wait)
        card, life = self.pick(n)
        if life.phone is None:
            why = life.state if life.state != "registered" else None if life.covers(self.today) else "card_expired"
            key = b"\x02" + secrets.token_bytes(32)
            made = self.refused(why, lambda: credentials.add_phone_key(Holder("", card), key, at=self.now))
            if made is None:
                return
            life.phone = made.credential
        attempt = Attempt(str(uuid.uuid4()), self.now, "phone", credential=life.phone, step=step_of(self.now))
        gate = self.gates[door]
        answer = uses.record_use(attempt, by=gate, at=self.now)
        slot = (gate.venue_id, self.today)
        usable = life.state == "registered" and life.covers(self.today)
        if answer.recorded:
            assert usable
            assert all(one.slot != slot for one in self.model.live(card))
            self.model.visits.append(Visit(answer.facts["use_id"], card, gate, slot, self.today, 0, self.now))
        elif usable:
            assert answer.reason in ("already_recorded", "used_elsewhere", "old_code")

    @precondition(lambda self: self.model.visits)
    @rule(wait=WAIT, n=ANY, door=st.integers(0, 1))
    def undo(self, wait: int, n: int, door: int) -> None:
        self.wait(wait)
        visit = self.model.visits[-1 - n % min(len(self.model.visits), 4)]
        gate = self.gates[door]
        reason = None
        if visit.gate != gate:
            reason = "use_not_found"
        elif visit.undone:
            reason = "undone_already"
        elif self.now > visit.at + timedelta(minutes=15):
            reason = "undo_too_late"
        self.refused(reason, lambda: uses.undo_use(visit.use_id, by=gate, at=self.now, reason="gate"))
        visit.undone = visit.undone or reason is None

    # What always holds

    @invariant()
    def no_right_is_used_twice(self) -> None:
        rows = db.session.execute(select(Use.card_id, Use.slot, Use.nth, Use.step, Use.undone_at)).all()
        slots = Counter((row.card_id, row.slot, row.nth) for row in rows if row.undone_at is None)
        steps = Counter((row.card_id, row.step) for row in rows if row.step is not None)
        assert max(slots.values(), default=1) == 1
        assert max(steps.values(), default=1) == 1

    @invariant()
    def counts_are_rows(self) -> None:
        model = self.model
        live = [one for one in model.visits if not one.undone]
        rows = db.session.execute(select(Use.id, Use.card_id, Use.day, Use.children).where(Use.undone_at.is_(None)))
        assert sorted(map(tuple, rows)) == sorted(
            (one.use_id, model.root(one.card), one.day, one.children) for one in live
        )
        for gate in self.gates:
            today = [one for one in live if one.gate == gate and one.day == self.today]
            told = uses.counts_today(gate, self.today)
            assert told == (len(today), sum(one.children for one in today))
        taken = dict(map(tuple, db.session.execute(select(Event.id, Event.taken))))
        assert taken == {event: self._taken(event) for event, _ in self.events}
        years = set(map(tuple, db.session.execute(select(CardYear.card_id, CardYear.year))))
        assert years == {(model.root(one.card), one.day.year) for one in live}
        assert db.session.scalar(select(func.count()).select_from(CardYear)) == len(years)

    @invariant()
    def cards_are_as_told(self) -> None:
        rows = {row.id: row for row in db.session.scalars(select(Card).where(Card.id.in_(self.model.lives)))}
        of_cards = CardPeriod.card_id.in_(self.model.lives)
        stretches = select(CardPeriod.card_id, CardPeriod.first_day, CardPeriod.last_day).where(of_cards)
        periods = Counter(map(tuple, db.session.execute(stretches)))
        tickets = Counter(
            (row.card_id, row.birth_year, row.relation, row.ended_on or date.max)
            for row in db.session.scalars(select(ChildTicket).where(ChildTicket.card_id.in_(self.model.lives)))
        )
        assert set(rows) == set(self.model.lives)
        for card, life in self.model.lives.items():
            row = rows[card]
            assert (row.state, row.last_day, row.replaced_by_id) == (life.state, life.last, life.heir)
            assert row.first_day is not None
            assert any(first == row.first_day for first, _ in life.stretches)
        assert periods == Counter((card, *one) for card, life in self.model.lives.items() for one in life.stretches)
        assert tickets == Counter(
            (card, child.born, child.relation, child.ends)
            for card, life in self.model.lives.items()
            for child in life.children
        )

    @invariant()
    def the_journal_explains_every_state(self) -> None:
        told: dict[int, tuple[str, date, int | None]] = {}
        lines = select(JournalLine).where(
            JournalLine.card_id.in_(self.model.lives), JournalLine.act.startswith("desk:card:")
        )
        for line in db.session.scalars(lines.order_by(JournalLine.id)):
            assert line.by_account_id == self.people.desk.account_id
            card = line.card_id or 0
            match line.act, told.get(card):
                case "desk:card:registered", None:
                    told[card] = ("registered", date.fromisoformat(line.facts["last_day"]), None)
                case "desk:card:renewed", ("registered", _, _):
                    told[card] = ("registered", date.fromisoformat(line.facts["last_day"]), None)
                case "desk:card:blocked", ("registered", last, _):
                    told[card] = ("blocked", last, None)
                case "desk:card:replaced", ("registered" | "blocked", last, _):
                    told[card] = ("replaced", last, line.facts["card"])
                case unexpected:
                    pytest.fail(f"the journal tells something impossible: {unexpected}")
        assert told == {card: (life.state, life.last, life.heir) for card, life in self.model.lives.items()}
        recorded = select(func.count()).where(JournalLine.act == "gate:use:recorded")
        undone = select(func.count()).where(JournalLine.act == "gate:use:undone")
        assert db.session.scalar(recorded) == len(self.model.visits)
        assert db.session.scalar(undone) == sum(one.undone for one in self.model.visits)


def test_lives_of_cards(app: Flask) -> None:
    """Never two uses for one right, no use on a card that could not be used that day, counts always equal rows, the
    journal explains every state."""
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,  # the same lives for everybody: who breaks one sees it at once
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_one_long_life(app: Flask) -> None:
    """The same model along a way that chance seldom takes whole: used, replaced and late; ended, renewed and late; a
    child who gets a card, and is named again."""
    lives = Lives()
    lives.open()
    first, second = 0, 4  # `pick`: the first and the second of all cards that there are

    def check() -> None:
        lives.no_right_is_used_twice()
        lives.counts_are_rows()
        lives.cards_are_as_told()
        lives.the_journal_explains_every_state()

    def use(card: int, **more: Any) -> None:
        lives.use(wait=0, n=card, **({"door": 0, "children": 0, "another": False, "to_event": False} | more))
        check()

    def late(card: int, days_ago: int, children: int = 0, door: int = 1) -> None:
        number = lives.model.lives[sorted(lives.model.lives)[card // 4]].number
        then = lives.now - days_ago * DAY
        attempt = lives._typed(number, children=children, scanned_at=then, read_by="form", late=True)
        lives._record(sorted(lives.model.lives)[card // 4], attempt, lives.gates[door], helsinki(then))
        check()

    use(first, children=2)
    lives.make_event(wait=0, days=1)
    use(first, children=1, to_event=True)
    lives.wait(60)
    lives.replace(wait=0, n=first)
    check()
    use(second)  # the right was used with the lost card
    use(second, to_event=True)
    use(second, to_event=True, another=True)
    use(second, another=True)
    late(first, 0, children=1)  # let in this morning with the lost one
    late(second, 0)
    lives.undo(wait=0, n=0, door=1)
    check()
    lives.block(wait=0, n=second, reason="stolen")
    use(second, door=1)
    late(second, 0, children=2)
    lives.replace(wait=20, n=second)
    check()
    third = 8
    last = lives.model.lives[sorted(lives.model.lives)[2]].last
    lives.renew(n=third, children=[(2019, "child")], off=9, seconds=0)
    check()
    for days_ago in (10, 9, 8, 1, 0):  # before the gap, in it, and after
        late(third, days_ago, children=1)
    assert lives.today == last + 9 * DAY
    lives.change_children(wait=0, n=third, children=[(2019, "child"), (2009, "child"), (2009, "child")])
    check()
    lives.own_card(wait=24 * 60, n=third, which=1)
    check()
    late(third, 1, children=2)
    use(third, children=2)
    lives.change_children(wait=0, n=third, children=[(2009, "child"), (2009, "child")])
    use(third, children=2, door=1)
    lives.renew(n=third, children=[], off=-60, seconds=0)
    check()
    lives.show_phone(wait=0, n=third, door=0)
    lives.show_phone(wait=1, n=third, door=1)
    lives.show_phone(wait=1, n=third, door=1)
    check()
    assert Counter(life.state for life in lives.model.lives.values()) == {"replaced": 2, "registered": 2}
    assert sum(not one.undone for one in lives.model.visits) >= 10
