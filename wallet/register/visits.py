"""A holder's visits: what was recorded with their card. A new card takes over those of the lost one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select

from wallet.clock import helsinki_day
from wallet.register import rules
from wallet.register.database import db
from wallet.register.errors import NotFound
from wallet.register.identities import Holder
from wallet.register.tables import Event, Use, Venue
from wallet.register.tables_life import Correction


@dataclass(frozen=True)
class Visit:
    """A use as its holder sees it, and what became of their word that it is wrong."""

    use_id: int
    day: date
    kind: str
    until: date | None  # a season right's last day
    children: int
    assistants: int
    venue_name_fi: str
    venue_name_sv: str | None
    venue_name_en: str | None
    event_name: str | None
    recorded_at: datetime
    undone_at: datetime | None
    asked_on: date | None = None
    asked_reason: str | None = None
    outcome: str | None = None  # undone, kept; None while the venue has not answered

    def may_ask(self, at: datetime) -> bool:
        """Whether the holder may still say that this is wrong (`corrections.ask`)."""
        return rules.venue_may_undo(self.recorded_at, at) and self.undone_at is None and self.asked_on is None


def visits(by: Holder, *, before: int | None = None, limit: int = 50) -> list[Visit]:
    """What was recorded, newest first; `before` is the last id of the page before."""
    query = _visits(by)
    if before is not None:
        query = query.where(Use.id < before)
    return [_visit(*row) for row in db.session.execute(query.order_by(Use.id.desc()).limit(limit))]


def visit(by: Holder, use_id: int) -> Visit:
    """One visit. Raises NotFound for another holder's."""
    row = db.session.execute(_visits(by).where(Use.id == use_id)).one_or_none()
    if row is None:
        raise NotFound("use_not_found")
    return _visit(*row)


def _visits(by: Holder) -> Select[*tuple[Any, ...]]:
    return (
        select(Use, Venue, Event.name, Correction)
        .join(Venue, Venue.id == Use.venue_id)
        .outerjoin(Event, Event.id == Use.event_id)
        .outerjoin(Correction, Correction.use_id == Use.id)
        .where(Use.card_id == by.card_id)
    )


def _visit(use: Use, venue: Venue, event: str | None, asked: Correction | None) -> Visit:
    return Visit(
        use.id,
        use.day,
        use.kind,
        use.until,
        use.children,
        use.assistants,
        venue.name_fi,
        venue.name_sv,
        venue.name_en,
        event,
        use.recorded_at,
        use.undone_at,
        helsinki_day(asked.asked_at) if asked else None,
        asked.reason if asked else None,
        asked.outcome if asked else None,
    )
