"""Corrections: a holder says that a recorded use is wrong, and its venue answers. Reasons are a choice, so that nobody
can write about a person."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from wallet.register import journal, rules, uses
from wallet.register.database import act, db, held
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import AtGate, Holder
from wallet.register.tables import Event, Gate, Use
from wallet.register.tables_life import Correction

REASONS = ("not_mine", "children", "day", "kind")
OUTCOMES = ("undone", "kept")


def ask(by: Holder, use_id: int, reason: str, *, at: datetime) -> None:
    """The holder asks the venue to put a use right, with one of REASONS; once for each use, and while the venue may
    undo it.

    Raises NotFound for another holder's use; Refused("undone_already" | "correction_too_late" | "correction_asked")."""
    assert reason in REASONS
    try:
        with act() as session:
            use = uses.standing(use_id, Use.card_id == by.card_id)
            if not rules.venue_may_undo(use.recorded_at, at):
                raise Refused("correction_too_late")
            session.add(Correction(use_id=use_id, venue_id=use.venue_id, reason=reason, asked_at=at))
            facts = {"use": use_id, "reason": reason}
            journal.write("holder:correction:asked", at=at, by=by, card_id=use.card_id, venue_id=use.venue_id, **facts)
    except IntegrityError as error:
        raise Refused("correction_asked") from error


@dataclass(frozen=True)
class CorrectionLine:
    """A correction that waits for its venue's answer, and what was recorded."""

    correction_id: int
    reason: str
    asked_at: datetime
    use_id: int
    day: date
    scanned_at: datetime
    kind: str
    children: int
    assistants: int
    event_name: str | None
    gate_name: str | None
    undone_at: datetime | None


def open_corrections(by: AtGate, *, limit: int = 50) -> list[CorrectionLine]:
    """What holders asked of this venue and nobody has answered, the oldest first. The venue's own people alone see
    them: a ticket agent and a phone at the door do not."""
    if by.kind != "office":
        return []
    rows = db.session.execute(
        select(Correction, Use, Event.name, Gate.name)
        .join(Use, Use.id == Correction.use_id)
        .outerjoin(Event, Event.id == Use.event_id)
        .outerjoin(Gate, Gate.id == Use.gate_id)
        .where(Correction.venue_id == by.venue_id, Correction.answered_at.is_(None))
        .order_by(Correction.id)
        .limit(limit)
    )
    return [
        CorrectionLine(
            asked.id,
            asked.reason,
            asked.asked_at,
            use.id,
            use.day,
            use.scanned_at,
            use.kind,
            use.children,
            use.assistants,
            event,
            gate,
            use.undone_at,
        )
        for asked, use, event, gate in rows
    ]


def answer(by: AtGate, correction_id: int, outcome: str, *, at: datetime) -> None:
    """The venue's answer: `undone` undoes the use, if nobody did before; `kept` leaves it.

    Raises NotFound for what is not this venue's to answer; Refused("answered_already" | "venue_undo_too_late")."""
    assert outcome in OUTCOMES
    if by.kind != "office":
        raise NotFound("correction_not_found")
    with act() as session:
        here = select(Correction).where(Correction.id == correction_id, Correction.venue_id == by.venue_id)
        asked = session.scalars(held(here)).one_or_none()
        if asked is None:
            raise NotFound("correction_not_found")
        if asked.answered_at is not None:
            raise Refused("answered_already")
        done = session.scalar(select(Use.undone_at).where(Use.id == asked.use_id))
        if outcome == "undone" and done is None:
            uses.undo_in_list(asked.use_id, by=by, at=at, reason="holder_asked")
        asked.answered_at, asked.outcome = at, outcome
        facts = {"use": asked.use_id, "outcome": outcome}
        journal.write("venue:correction:answered", at=at, by=by, venue_id=by.venue_id, **facts)
