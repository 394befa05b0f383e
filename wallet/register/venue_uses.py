"""What a venue recorded, as its own people and its ticket agents see it: by day, for any period, to look through and to
undo in. Nothing of a holder is in it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from wallet.register.database import db
from wallet.register.entries import ENTERED
from wallet.register.errors import NotFound
from wallet.register.identities import AtGate
from wallet.register.tables import Event, Gate, Use
from wallet.register.tables_life import Correction
from wallet.register.tables_offline import Conflict
from wallet.register.uses import listed

MOST_DAYS = 31


@dataclass(frozen=True)
class VenueUse:
    """A use in the venue's list."""

    use_id: int
    day: date
    scanned_at: datetime
    recorded_at: datetime
    kind: str
    until: date | None  # a season right's last day
    children: int
    assistants: int
    event_name: str | None
    gate_name: str | None
    read_by: str  # phone, server, paper, number, form
    late: bool
    group: bool  # part of a group's visit
    members: int  # of the group that a community card brought: their own cards' uses
    conflict: str | None  # why a late record of it did not fit
    asked: str | None  # a holder's correction that waits
    undone_at: datetime | None
    undone_reason: str | None


def uses_between(
    by: AtGate,
    first: date,
    last: date,
    *,
    entered: bool = False,
    after: tuple[date, int] | None = None,
    limit: int = 50,
) -> list[VenueUse]:
    """The uses for the days from `first` to `last`, newest first; with `entered` only typed and paper ones. `after` is
    (day, id) of the last line of the page before."""
    older = or_(Use.day < after[0], and_(Use.day == after[0], Use.id < after[1])) if after else Use.id.is_not(None)
    by_hand = Use.read_by.in_(ENTERED) if entered else Use.id.is_not(None)
    return _lines(listed(by), Use.day.between(first, last), older, by_hand, limit=limit)


def counts_between(by: AtGate, first: date, last: date, *, entered: bool = False) -> tuple[int, int]:
    """(uses, children) of these days, undone ones left out."""
    by_hand = Use.read_by.in_(ENTERED) if entered else Use.id.is_not(None)
    uses, children = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Use.children), 0)).where(
            listed(by), Use.day.between(first, last), by_hand, Use.undone_at.is_(None)
        )
    ).one()
    return int(uses), int(children)


def use_of(by: AtGate, use_id: int) -> VenueUse:
    """One use of the list. Raises NotFound for what is not this asker's."""
    found = _lines(listed(by), Use.id == use_id, limit=1)
    if not found:
        raise NotFound("use_not_found")
    return found[0]


def _lines(*conditions: ColumnElement[bool], limit: int) -> list[VenueUse]:
    conflict = select(func.min(Conflict.reason)).where(Conflict.use_id == Use.id).scalar_subquery()
    part = aliased(Use)
    members = select(func.count()).where(part.group_id == Use.id).scalar_subquery()
    asked = select(Correction.reason).where(Correction.use_id == Use.id, Correction.answered_at.is_(None))
    rows = db.session.execute(
        select(Use, Event.name, Gate.name, conflict, asked.scalar_subquery(), members)
        .outerjoin(Event, Event.id == Use.event_id)
        .outerjoin(Gate, Gate.id == Use.gate_id)
        .where(*conditions)
        .order_by(Use.day.desc(), Use.id.desc())
        .limit(limit)
    )
    return [
        VenueUse(
            use.id,
            use.day,
            use.scanned_at,
            use.recorded_at,
            use.kind,
            use.until,
            use.children,
            use.assistants,
            event,
            gate,
            use.read_by,
            use.late,
            use.group_id is not None,
            of_group,
            conflict_reason,
            asked_reason,
            use.undone_at,
            use.undone_reason,
        )
        for use, event, gate, conflict_reason, asked_reason, of_group in rows
    ]
