"""Scans as a gate would send them, for the register's tests: its codes were verified before, so none is signed here."""

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from wallet.register import credentials, uses, venues
from wallet.register.database import Base, act, db
from wallet.register.identities import AtGate, Holder
from wallet.register.judging import Answer, Attempt
from wallet.register.tables import Area, Card

# A Wednesday at noon in Finland: no test crosses midnight by accident.
NOON = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def phone_of(holder: Holder, *, at: datetime = NOON) -> bytes:
    """A credential of the holder's phone."""
    return credentials.add_phone_key(holder, b"\x02" + secrets.token_bytes(32), at=at).credential


def step_of(at: datetime) -> int:
    """The step that a code shown at this moment carries (CODES.md, "Bytes")."""
    return int(at.timestamp()) // 15


def scan(credential: bytes, at: datetime = NOON, **values: Any) -> Attempt:
    """A phone's code, read at `at`."""
    given = {"scan_id": str(uuid.uuid4()), "scanned_at": at, "read_by": "phone", "step": step_of(at)}
    return Attempt(credential=credential, **(given | values))


def typed(number: str, at: datetime = NOON, **values: Any) -> Attempt:
    """A number typed at `at`."""
    return Attempt(**({"scan_id": str(uuid.uuid4()), "scanned_at": at, "read_by": "number", "number": number} | values))


def record(attempt: Attempt, by: AtGate) -> Answer:
    """Record a scan at its own moment."""
    return uses.record_use(attempt, by=by, at=attempt.scanned_at)


def told(answer: Answer) -> tuple[str, str | None]:
    """What an answer comes down to."""
    return answer.verdict, answer.reason


def count(of: type[Base], *where: Any) -> int:
    """How many rows of a table there are."""
    return db.session.scalar(select(func.count()).select_from(of).where(*where)) or 0


def set_card(card_id: int, **values: object) -> None:
    """Make a card what a test needs."""
    with act() as session:
        session.execute(update(Card).where(Card.id == card_id).values(**values))


def set_area(area_id: str, **values: object) -> None:
    """Make an area what a test needs."""
    with act() as session:
        session.execute(update(Area).where(Area.id == area_id).values(**values))


def add_event(place: str = "museo", *, starts_at: datetime = NOON + timedelta(hours=6), **values: Any) -> int:
    """An event of three hours."""
    ends_at = starts_at + timedelta(hours=3)
    return venues.add_event(place, "Museoilta", starts_at, ends_at, by=None, at=NOON, **values)
