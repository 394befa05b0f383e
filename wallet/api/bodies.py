"""What a system sends, read strictly: a field that we don't know is heard as the typing error that it is."""

import hashlib
import hmac
import json
import re
from datetime import datetime, timedelta
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from wallet import scans
from wallet.register.uses import UNDO_REASONS
from wallet.scans import BadRecord, Record

LARGEST = 16 * 1024  # bytes
LONGEST_VENUE = 96
KEY = re.compile(r"[0-9A-Za-z-]{8,36}")
# RFC 3339 with its zone; Python would also read weeks and days of a year.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
CHECK_FIELDS = frozenset({"venue", "code", "number", "kind", "event", "children", "assistants"})
USE_FIELDS = CHECK_FIELDS | {"scanned_at", "another"}


class BadBody(Exception):
    """A body that can't be taken. `field` is None where it is not even JSON."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


def read(allowed: frozenset[str]) -> dict[str, Any]:
    """The JSON object that was sent. Raises BadBody for what is none, and for a field that is unknown or null;
    UnsupportedMediaType, RequestEntityTooLarge."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    sent = request.get_data()
    if len(sent) >= LARGEST:
        raise RequestEntityTooLarge  # sent in chunks, it ends here without an error of its own
    try:
        body = json.loads(sent.decode("utf-8"), parse_constant=_no_number, parse_float=_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise BadBody("bad_request") from error
    if not isinstance(body, dict):
        raise BadBody("bad_request")
    for name, value in body.items():
        if name not in allowed or value is None:
            raise BadBody("unreadable_record", name if name in allowed else "unknown")
    return body


def venue_of(body: dict[str, Any]) -> str:
    """The venue that a body names; whether it is the asker's is another question. Raises BadBody."""
    venue = body.get("venue")
    if not isinstance(venue, str) or not 0 < len(venue) <= LONGEST_VENUE:
        raise BadBody("unreadable_record", "venue")
    return venue


def record_of(body: dict[str, Any], scan_id: str, *, at: datetime) -> Record:
    """A body as the record that a gate would send. Raises BadBody."""
    moment = body.get("scanned_at", at.isoformat())
    if not isinstance(moment, str) or not MOMENT.fullmatch(moment):
        raise BadBody("unreadable_record", "scanned_at")
    try:
        return scans.read(body | {"scan_id": scan_id, "scanned_at": moment}, gate_clock_ahead=timedelta(0))
    except BadRecord as bad:
        raise BadBody("unreadable_record", bad.field) from bad


def undo_reason() -> str:
    """Why a use is undone. Raises BadBody."""
    reason = read(frozenset({"reason"})).get("reason")
    if not isinstance(reason, str) or reason not in UNDO_REASONS:
        raise BadBody("unreadable_record", "reason")
    return reason


def idempotency_key() -> str:
    """The name that the system gave this use, for its retries. Raises BadBody."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        raise BadBody("key_missing")
    if not KEY.fullmatch(key):
        raise BadBody("key_shape")
    return key


def page_after() -> int | None:
    """The last event of the page before. Raises BadBody."""
    after = request.args.get("after")
    if after is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", after) or int(after) >= 2**31:
        raise BadBody("unreadable_record", "after")
    return int(after)


def printed(body: dict[str, Any]) -> str:
    """A print of a request, to know it again. It is keyed with the token, which the register does not have: from the
    print alone nobody finds a card's number by trying them all."""
    token = request.authorization.token if request.authorization else None
    text = json.dumps(body, sort_keys=True)
    return hmac.new((token or "").encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


def _number(text: str) -> float:
    """JSON has one kind of number: 2.0 is a whole one, as in its schemas."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _no_number(name: str) -> Any:
    raise ValueError(name)
