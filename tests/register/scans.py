"""Scans as a gate would send them, for the register's tests: its codes were verified before, so none is signed here."""

import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from wallet.register import credentials
from wallet.register.identities import Holder
from wallet.register.judging import Attempt

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
