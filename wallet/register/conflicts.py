"""Conflicts: late records that did not fit. By the written rules (docs/decisions/0008) a record becomes one use,
or none where the right was used already, and a line that its venue sees."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from wallet.register.database import db
from wallet.register.identities import AtGate
from wallet.register.judging import MEANWHILE, Answer
from wallet.register.tables import Gate
from wallet.register.tables_offline import Conflict


@dataclass(frozen=True)
class ConflictLine:
    """A conflict as its venue sees it: nothing of the holder."""

    conflict_id: int
    reason: str
    counted: bool  # whether this record became a use
    children: int
    gate_name: str
    scanned_at: datetime
    noted_at: datetime


def note(answer: Answer, use_id: int | None, *, scanned_at: datetime, children: int, by: AtGate, at: datetime) -> None:
    """Write the line of a late record, inside the act that is under way, where there is something to say.
    `use_id` is the use that stands."""
    meanwhile = [noted for noted in answer.notes if noted in MEANWHILE]
    if answer.recorded and not meanwhile:
        return
    db.session.add(
        Conflict(
            venue_id=by.venue_id,
            gate_id=by.gate_id,
            scan_id=answer.scan_id,
            reason=meanwhile[0] if answer.recorded else answer.reason or "unknown",
            use_id=use_id,
            children=children,
            scanned_at=scanned_at,
            noted_at=at,
        )
    )


def conflicts(by: AtGate, *, limit: int = 50) -> list[ConflictLine]:
    """The newest conflicts of this gate's venue."""
    rows = db.session.execute(
        select(Conflict, Gate.name)
        .join(Gate, Gate.id == Conflict.gate_id)
        .where(Conflict.venue_id == by.venue_id)
        .order_by(Conflict.id.desc())
        .limit(limit)
    )
    return [
        ConflictLine(row.id, row.reason, row.reason in MEANWHILE, row.children, gate, row.scanned_at, row.noted_at)
        for row, gate in rows
    ]
