"""One record as a gate sends it: read strictly, its code verified, then put to the register.

Codes and register have never met: they are introduced to each other here, for every room that records uses. Online is
an offline queue of one: the check before recording, the record itself and a queue's upload all come through here.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wallet.codes import OFFLINE, ONLINE, CodeRefused, verify
from wallet.config import Settings
from wallet.register import uses
from wallet.register.identities import AtGate
from wallet.register.judging import Answer, Attempt
from wallet.register.numbers import normalise

KINDS = ("ticket", "course", "season")
MOST_CHILDREN = 99  # a community card brings a bus
MOST_ASSISTANTS = 15
LONGEST_TEXT = 400
# A record that comes within two minutes of its scan was read with a connection; staff may look before they tap.
LIVE = timedelta(minutes=2)
_SCAN_ID = re.compile(r"[0-9A-Za-z-]{8,36}")
_SHOWN_BY = {"C1": "phone", "C2": "paper", "C3": "server"}


@dataclass(frozen=True)
class BadRecord(Exception):
    """A record that can't be read: `field` says where, and the answer is `unreadable_record`."""

    scan_id: str
    field: str


@dataclass(frozen=True)
class Record:
    """A record with its types right, its code not yet verified."""

    scan_id: str
    scanned_at: datetime
    code: str | None
    number: str | None
    kind: str
    children: int | None  # None: as the code says
    assistants: int | None
    event_id: int | None
    another: bool


def scan_id_of(item: Any) -> str | None:
    """The name that a gate gave its scan, or None where it is none: a database takes no NUL and no half pair."""
    found = item.get("scan_id") if isinstance(item, dict) else None
    return found if isinstance(found, str) and _SCAN_ID.fullmatch(found) else None


def read(item: Any, *, gate_clock_ahead: timedelta) -> Record:
    """A record from JSON. `scanned_at` is ISO 8601 with its zone, by the gate's clock, and is put right by how far
    that clock is ahead of ours. Raises BadRecord."""
    if not isinstance(item, dict):
        raise BadRecord("", "record")
    scan_id = scan_id_of(item)
    if scan_id is None:
        raise BadRecord("", "scan_id")

    def fault(field: str) -> BadRecord:
        return BadRecord(scan_id, field)

    def text(field: str) -> str | None:
        value = item.get(field)
        if value is None:
            return None
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise fault(field)
        return value

    def count(field: str, most: int) -> int | None:
        value = item.get(field)
        if value is None:
            return None
        if type(value) is not int or not 0 <= value <= most:
            raise fault(field)
        return value

    code, number = text("code"), text("number")
    if (code is None) == (number is None):
        raise fault("code")
    kind = item.get("kind", "ticket")
    if kind not in KINDS:
        raise fault("kind")
    another = item.get("another", False)
    if not isinstance(another, bool):
        raise fault("another")
    try:
        scanned_at = datetime.fromisoformat(text("scanned_at") or "")
        if scanned_at.tzinfo is None:
            raise ValueError
        scanned_at = scanned_at.astimezone(UTC) - gate_clock_ahead
    except (ValueError, OverflowError) as error:
        raise fault("scanned_at") from error
    return Record(
        scan_id,
        scanned_at,
        code,
        number,
        kind,
        count("children", MOST_CHILDREN),
        count("assistants", MOST_ASSISTANTS),
        count("event", 2**31 - 1),
        another,
    )


def attempt(record: Record, settings: Settings, *, at: datetime) -> Attempt | Answer:
    """What to put to the register; or the answer already, where the code or the number is not one."""
    late = at - record.scanned_at > LIVE
    common: dict[str, Any] = {
        "scan_id": record.scan_id,
        "scanned_at": record.scanned_at,
        "kind": record.kind,
        "event_id": record.event_id,
        "another": record.another,
        "late": late,
    }
    if record.code is None:
        number = normalise(record.number or "")
        if number is None:
            return Answer(record.scan_id, "red", "mistyped_number")
        return Attempt(
            **common,
            read_by="number",
            number=number,
            children=record.children or 0,
            assistants=record.assistants or 0,
        )
    try:
        code = verify(record.code, settings.keyring, settings.host, record.scanned_at, OFFLINE if late else ONLINE)
    except CodeRefused as refused:
        return Answer(record.scan_id, "red", refused.reason)
    return Attempt(
        **common,
        read_by=_SHOWN_BY[code.type],
        credential=code.credential,
        step=code.step,
        children=code.party_children if record.children is None else record.children,
        assistants=code.party_assistants if record.assistants is None else record.assistants,
    )


def check(record: Record, settings: Settings, *, by: AtGate, at: datetime) -> Answer:
    """The verdict, before anything is recorded."""
    wanted = attempt(record, settings, at=at)
    return wanted if isinstance(wanted, Answer) else uses.check_use(wanted, by=by, at=at)


def store(record: Record, settings: Settings, *, by: AtGate, at: datetime, asked: str | None = None) -> Answer:
    """Record the use, or keep why not. `asked` is a print of the whole request, where a system made it."""
    wanted = attempt(record, settings, at=at)
    if isinstance(wanted, Answer):
        late = at - record.scanned_at > LIVE
        return uses.refuse(wanted, by=by, at=at, late_scan=record.scanned_at if late else None, asked=asked)
    return uses.record_use(replace(wanted, asked=asked), by=by, at=at)
