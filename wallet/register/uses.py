"""Uses of cards at gates: checking, recording, undoing, and the lists of what was recorded."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from wallet.register import card_years, conflicts, journal, rules
from wallet.register.database import act, db, held
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import AtGate
from wallet.register.judging import Answer, Attempt, Judgement, judge
from wallet.register.tables import Card, Credential, Event, Gate, Scan, Use, Venue
from wallet.register.tables_agents import ApiToken
from wallet.register.tables_staff import Role


def answers_given(by: AtGate, scan_ids: list[str]) -> dict[str, Answer]:
    """What this gate was told before of these scans (rule 1). Any phone of its venue counts: one that was enrolled anew
    is another gate, and its queue may hold what the old one had already sent. Others answer for themselves: systems
    count up, and two of them give the same name to scans of two visitors."""
    phones = select(Gate.id).where(Gate.venue_id == by.venue_id, Gate.kind == "phone")
    mine = Scan.gate_id.in_(phones) if by.kind == "phone" else Scan.gate_id == by.gate_id
    rows = db.session.scalars(select(Scan).where(mine, Scan.scan_id.in_(scan_ids)))
    return {row.scan_id: _from_row(row) for row in rows}


def check_use(attempt: Attempt, *, by: AtGate, at: datetime) -> Answer:
    """The verdict before anything is recorded. More children than the card has are brought down to what it has,
    since the holder ticked them: the gate decides. A number that is not found counts against the gate.

    A check is asked at the door, however slowly it came: what is forgiven to a late record is not forgiven to it."""
    attempt = replace(attempt, late=False)
    if attempt.number is None:
        before = answers_given(by, [attempt.scan_id]).get(attempt.scan_id)
        return before or judge(attempt, by, at, clamp=True).answer
    with act():
        answer = judge(attempt, by, at, clamp=True).answer
        before = answers_given(by, [attempt.scan_id]).get(attempt.scan_id)
        if before is None and answer.reason == "unknown_number":
            keep(answer, by, at)
        return before or answer


def record_use(attempt: Attempt, *, by: AtGate, at: datetime) -> Answer:
    """Record one use, or say why not. Idempotent by (gate, scan_id): a retry hears the first answer again."""
    try:
        return _record(attempt, by, at)
    except IntegrityError:
        # An index spoke: another request wrote this scan first, and now it can be seen.
        return _record(attempt, by, at)


def _record(attempt: Attempt, by: AtGate, at: datetime) -> Answer:
    with act():
        judgement = judge(attempt, by, at, lock=True)
        # Looked up under the card's lock, so that two posts of one scan can't both find nothing.
        before = answers_given(by, [attempt.scan_id]).get(attempt.scan_id)
        return before or settle(judgement, attempt, by=by, at=at)


def settle(
    judgement: Judgement,
    attempt: Attempt,
    *,
    by: AtGate,
    at: datetime,
    group_id: int | None = None,
    seated: bool = False,
) -> Answer:
    """Record what was judged, or keep why not, inside the act that is under way. `group_id` is the use of the community
    card that brought this card; `seated` says that its seats were counted with the whole group's."""
    answer, use = judgement.answer, None
    seats: int | None = 0
    if judgement.recordable:
        seats = seats_of(attempt) if seated else take_seats(attempt, seats_of(attempt))
    if seats is None and not attempt.late:
        answer = replace(answer, verdict="red", reason="ceiling_reached", notes=())
    elif judgement.recordable:
        use = _use_row(judgement, attempt, by, at)
        use.seats, use.group_id = seats or 0, group_id
        if seats is None and "ceiling_passed" not in answer.notes:
            answer = replace(answer, verdict="amber", notes=("ceiling_passed", *answer.notes))
        db.session.add(use)
        db.session.flush()
        card_years.used(use)
        undo_until = (at + timedelta(minutes=rules.UNDO_MINUTES)).isoformat()
        facts = answer.facts | {"use_id": use.id, "undo_until": undo_until, "recorded_at": at.isoformat()}
        answer = replace(answer, recorded=True, facts=facts)
        if attempt.credential is not None and attempt.step is not None:
            _remember_step(attempt.credential, attempt.step)
        journal.write("gate:use:recorded", at=at, by=by, card_id=use.card_id, venue_id=use.venue_id, use=use.id)
    if answer.reason in ("gate_paused", "venue_entries_full"):
        return answer  # not the last word on this scan: it may come again later
    keep(answer, by, at, use_id=use.id if use else None, asked=attempt.asked)
    # What is wrong with a paper form is told to the person who enters it, and put right there.
    if attempt.late and (use is not None or attempt.read_by != "form"):
        stands = use.id if use else judgement.standing
        conflicts.note(answer, stands, scanned_at=attempt.scanned_at, children=attempt.children, by=by, at=at)
    return answer


def refuse(
    answer: Answer, *, by: AtGate, at: datetime, late_scan: datetime | None = None, asked: str | None = None
) -> Answer:
    """Keep an answer that recorded nothing, for its retries; the first one kept stands. `late_scan` is when a record
    that came late was scanned: it leaves a conflict line."""
    try:
        with act():
            keep(answer, by, at, asked=asked)
            if late_scan is not None:
                conflicts.note(answer, None, scanned_at=late_scan, children=0, by=by, at=at)
    except IntegrityError:
        return answers_given(by, [answer.scan_id])[answer.scan_id]
    return answer


def undo_use(use_id: int, *, by: AtGate, at: datetime, reason: str) -> None:
    """Undo a use that this gate recorded in the last 15 minutes. The row stays and says so; seats are given back.

    Raises NotFound for another gate's use, Refused("undo_too_late" | "undone_already")."""
    with act():
        use = standing(use_id, Use.gate_id == by.gate_id)
        if not rules.gate_may_undo(use.recorded_at, at):
            raise Refused("undo_too_late")
        _undo(use, reason, by=by, at=at)


# Why a venue undoes a use in its list. A choice, so that nobody can write about a person.
UNDO_REASONS = ("wrong_card", "wrong_children", "entered_twice", "not_visited", "holder_asked")


def undo_at_venue(use_id: int, *, by: AtGate, at: datetime, reason: str) -> None:
    """Undo a use in its venue's list, within 30 days and with one of UNDO_REASONS. The row stays and says so.

    Raises NotFound for another venue's use and, where a ticket agent asks, for what the agent did not record;
    Refused("undone_already" | "venue_undo_too_late")."""
    with act():
        undo_in_list(use_id, by=by, at=at, reason=reason)


def undo_in_list(use_id: int, *, by: AtGate, at: datetime, reason: str) -> None:
    """What `undo_at_venue` does, inside the act that is under way."""
    assert reason in UNDO_REASONS
    use = standing(use_id, listed(by))
    if not rules.venue_may_undo(use.recorded_at, at):
        raise Refused("venue_undo_too_late")
    _undo(use, reason, by=by, at=at)


def standing(use_id: int, mine: ColumnElement[bool]) -> Use:
    """A use that nobody undid, its row locked until the act ends. `mine` says whose uses the asker finds.

    Raises NotFound("use_not_found"), Refused("undone_already")."""
    use = db.session.scalars(held(select(Use).where(Use.id == use_id, mine))).one_or_none()
    if use is None:
        raise NotFound("use_not_found")
    if use.undone_at is not None:
        raise Refused("undone_already")
    return use


def listed(by: AtGate) -> ColumnElement[bool]:
    """The uses that are this asker's to see in a list and to undo there: a venue's own people see all of the venue's,
    a ticket agent what the agent's people and systems recorded for it."""
    here = Use.venue_id == by.venue_id
    if by.kind != "agent":
        return here
    mine = select(Role.agent_id).where(Role.account_id == by.account_id, Role.agent_id.is_not(None))
    people = select(Role.account_id).where(Role.agent_id.in_(mine))
    systems = select(ApiToken.id).where(ApiToken.agent_id.in_(mine))
    agents = and_(Gate.kind == "agent", Gate.account_id.in_(people))
    theirs = or_(agents, Gate.token_id.in_(systems))
    return here & Use.gate_id.in_(select(Gate.id).where(Gate.venue_id == by.venue_id, theirs))


def _undo(use: Use, reason: str, *, by: AtGate, at: datetime) -> None:
    """Say of a use that it is undone, inside the act that is under way, and with a community card's use of its whole
    group: seats go back, a year without a use is gone."""
    of_group = select(Use).where(Use.group_id == use.id, Use.undone_at.is_(None)).order_by(Use.id)
    undoing = [use, *db.session.scalars(held(of_group))]
    # Cards before seats, in the order of their ids, as recording holds them.
    cards = [one.card_id for one in undoing if one.card_id is not None]
    db.session.execute(held(select(Card.id).where(Card.id.in_(cards)).order_by(Card.id))).all()
    for one in undoing:
        one.undone_at, one.undone_reason = at, reason
        db.session.flush()
        if one.seats:
            db.session.execute(update(Event).where(Event.id == one.event_id).values(taken=Event.taken - one.seats))
        card_years.undone(one)
        journal.write("gate:use:undone", at=at, by=by, card_id=one.card_id, venue_id=one.venue_id, use=one.id)


@dataclass(frozen=True)
class UseLine:
    """A use as a list shows it."""

    use_id: int
    day: date
    scanned_at: datetime
    recorded_at: datetime
    kind: str
    children: int
    assistants: int
    venue_id: str
    venue_name: str
    event_name: str | None
    gate_name: str | None
    mine: bool
    undone_at: datetime | None
    group_id: int | None  # the community card's use that brought this one


def uses_today(by: AtGate, day: date, *, limit: int = 200) -> list[UseLine]:
    """What this gate's venue recorded for `day`, newest first."""
    return _lines(Use.venue_id == by.venue_id, Use.day == day, limit=limit, gate_id=by.gate_id)


def counts_today(by: AtGate, day: date) -> tuple[int, int]:
    """(uses, children) of this gate's venue for `day`, undone ones left out."""
    uses, children = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Use.children), 0)).where(
            Use.venue_id == by.venue_id, Use.day == day, Use.undone_at.is_(None)
        )
    ).one()
    return int(uses), int(children)


def _lines(*conditions: Any, limit: int, gate_id: int | None = None) -> list[UseLine]:
    rows = db.session.execute(
        select(Use, Venue.name_fi, Event.name, Gate.name)
        .join(Venue, Venue.id == Use.venue_id)
        .outerjoin(Event, Event.id == Use.event_id)
        .outerjoin(Gate, Gate.id == Use.gate_id)
        .where(*conditions)
        .order_by(Use.id.desc())
        .limit(limit)
    )
    return [
        UseLine(
            use.id,
            use.day,
            use.scanned_at,
            use.recorded_at,
            use.kind,
            use.children,
            use.assistants,
            use.venue_id,
            venue_name,
            event_name,
            gate_name,
            use.gate_id == gate_id,
            use.undone_at,
            use.group_id,
        )
        for use, venue_name, event_name, gate_name in rows
    ]


def seats_of(attempt: Attempt) -> int:
    """The seats of its event that a scan asks for; none where it is for no event."""
    return 0 if attempt.event_id is None else 1 + attempt.children


def take_seats(attempt: Attempt, seats: int) -> int | None:
    """Count seats against the ceiling of a scan's event, in one statement: how many, or None when they are gone."""
    if attempt.event_id is None:
        return 0
    taken = db.session.execute(
        update(Event)
        .where(Event.id == attempt.event_id, or_(Event.ceiling.is_(None), Event.taken + seats <= Event.ceiling))
        .values(taken=Event.taken + seats)
        .execution_options(synchronize_session=False)
    )
    return seats if taken.rowcount == 1 else None  # type: ignore[attr-defined]


def _use_row(judgement: Judgement, attempt: Attempt, by: AtGate, at: datetime) -> Use:
    assert judgement.venue is not None
    assert judgement.use is not None
    assert judgement.right is not None
    return Use(
        card_id=judgement.card_id,
        venue_id=by.venue_id,
        event_id=attempt.event_id,
        gate_id=by.gate_id,
        kind=judgement.use.kind,
        sector=judgement.event.sector if judgement.event else judgement.venue.sector,
        day=judgement.use.day,
        children=attempt.children,
        assistants=attempt.assistants,
        read_by=attempt.read_by,
        step=attempt.step if judgement.card_id is not None else None,
        slot=judgement.right.slot,
        nth=judgement.nth,
        until=judgement.right.until,
        scanned_at=attempt.scanned_at,
        recorded_at=at,
        late=attempt.late,
    )


def _remember_step(credential: bytes, step: int) -> None:
    db.session.execute(
        update(Credential)
        .where(
            Credential.credential == credential,
            or_(Credential.last_step.is_(None), Credential.last_step < step),
        )
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )


def keep(answer: Answer, by: AtGate, at: datetime, use_id: int | None = None, asked: str | None = None) -> None:
    """Keep an answer for the retries of its scan, inside the act that is under way."""
    db.session.add(
        Scan(
            gate_id=by.gate_id,
            scan_id=answer.scan_id,
            at=at,
            reason=answer.reason,
            use_id=use_id,
            answer=asdict(answer) | {"notes": list(answer.notes)} | ({"asked": asked} if asked else {}),
        )
    )


def _from_row(row: Scan) -> Answer:
    kept = {name: value for name, value in row.answer.items() if name != "asked"}
    return Answer(**(kept | {"notes": tuple(kept["notes"])}))
