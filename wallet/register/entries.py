"""Entries by hand: numbers that are typed at a gate or a desk, and lines of paper forms. Nothing but the person who
typed one vouches for it, so there is a limit to them (CODES.md, "Paper" and "Threats")."""

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from wallet.clock import HELSINKI, helsinki_day
from wallet.register import rules
from wallet.register.database import db, held
from wallet.register.identities import AtGate
from wallet.register.tables import Gate, Scan, Use, Venue

ENTERED = ("number", "form")  # as `uses.read_by` has them
MISSES_ALLOWED = 10
MISS_MINUTES = 10


def numbers_refused(by: AtGate, at: datetime, *, lock: bool) -> tuple[str, dict[str, Any]] | None:
    """Why no number may be typed at this gate now, as (reason, facts). Holds the gate's row, and with `lock` the
    venue's."""
    if _paused(by, at):
        return "gate_paused", {"minutes": MISS_MINUTES}
    if _entries_full(by, at, lock=lock):
        return "venue_entries_full", {"most": rules.ENTRIES_A_DAY}
    return None


def _paused(by: AtGate, at: datetime) -> bool:
    """Ten misses in ten minutes pause typed numbers at a gate (CODES.md, "Paper"). The gate's row is locked, so
    that parallel guesses are counted one after another."""
    db.session.execute(held(select(Gate.id).where(Gate.id == by.gate_id)))
    misses = db.session.scalar(
        select(func.count()).where(
            Scan.gate_id == by.gate_id,
            Scan.reason == "unknown_number",
            Scan.at > at - timedelta(minutes=MISS_MINUTES),
        )
    )
    return (misses or 0) >= MISSES_ALLOWED


def _entries_full(by: AtGate, at: datetime, *, lock: bool) -> bool:
    """Whether the venue has its day's typed and paper entries (CODES.md, "Threats": a venue that invents visits). What
    is recorded is counted one after another, by the venue's row."""
    if lock:
        db.session.execute(held(select(Venue.id).where(Venue.id == by.venue_id)))
    today = helsinki_day(at)
    entered = db.session.scalar(
        select(func.count()).where(
            Use.venue_id == by.venue_id,
            Use.day >= today - timedelta(days=rules.FORM_DAYS),  # nothing older can be entered; the index begins there
            Use.recorded_at >= datetime.combine(today, time.min, HELSINKI),
            Use.read_by.in_(ENTERED),
            Use.undone_at.is_(None),
        )
    )
    return (entered or 0) >= rules.ENTRIES_A_DAY
