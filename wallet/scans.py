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
from wallet.register import groups, uses
from wallet.register.identities import AtGate
from wallet.register.judging import Answer, Attempt
from wallet.register.numbers import normalise

KINDS = ("ticket", "course", "season")
MOST_CHILDREN = 99  # a community card brings a bus
MOST_ASSISTANTS = 15
MOST_MEMBERS = 30  # of a community card's group, with own cards
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
    members: tuple["Record", ...] = ()  # of a community card's group
    let_in: bool = False  # the group was let in without our answer


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
    let_in = item.get("let_in", False)
    if not isinstance(let_in, bool):
        raise fault("let_in")
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
        _members(item, scan_id, gate_clock_ahead),
        let_in,
    )


def _members(item: dict[str, Any], scan_id: str, ahead: timedelta) -> tuple[Record, ...]:
    """The members of a group: each a scan with a name, a code or number and perhaps a time of its own; what they come
    for is the group's. Under-18s are counted with the community card, so a member's own party is none."""
    given = item.get("members")
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MOST_MEMBERS:
        raise BadRecord(scan_id, "members")
    shared = {"scanned_at": item.get("scanned_at"), "kind": item.get("kind", "ticket"), "event": item.get("event")}
    own = ("scan_id", "code", "number", "scanned_at")
    found = []
    for one in given:
        named = {name: one[name] for name in own if name in one} if isinstance(one, dict) else {}
        try:
            found.append(read(shared | named | {"children": 0, "assistants": 0}, gate_clock_ahead=ahead))
        except BadRecord as bad:
            raise BadRecord(scan_id, "members") from bad
    if len({scan_id, *(one.scan_id for one in found)}) <= len(found):
        raise BadRecord(scan_id, "members")
    return tuple(found)


def is_late(record: Record, at: datetime) -> bool:
    """Whether a record came too late to have been read with a connection. A group's members are scanned one after
    another: it is as late as its last scan, or where its gate says that it was let in without our answer."""
    last = max(one.scanned_at for one in (record, *record.members))
    return at - last > LIVE or (bool(record.members) and record.let_in)


def attempt(record: Record, settings: Settings, *, late: bool) -> Attempt | Answer:
    """What to put to the register; or the answer already, where the code or the number is not one."""
    common: dict[str, Any] = {
        "scan_id": record.scan_id,
        "scanned_at": record.scanned_at,
        "kind": record.kind,
        "event_id": record.event_id,
        "another": record.another,
        "late": late,
        "members": len(record.members),
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
    wanted = attempt(record, settings, late=is_late(record, at))
    return wanted if isinstance(wanted, Answer) else uses.check_use(wanted, by=by, at=at)


def store(record: Record, settings: Settings, *, by: AtGate, at: datetime, asked: str | None = None) -> Answer:
    """Record the use, or keep why not. `asked` is a print of the whole request, where a system made it."""
    late = is_late(record, at)
    wanted = attempt(record, settings, late=late)
    if record.members:
        own = groups.Part(record.scanned_at, wanted if isinstance(wanted, Answer) else replace(wanted, asked=asked))
        members = [groups.Part(one.scanned_at, attempt(one, settings, late=late)) for one in record.members]
        return groups.record_group(own, members, by=by, at=at, late=late)
    if isinstance(wanted, Answer):
        return uses.refuse(wanted, by=by, at=at, late_scan=record.scanned_at if late else None, asked=asked)
    return uses.record_use(replace(wanted, asked=asked), by=by, at=at)
