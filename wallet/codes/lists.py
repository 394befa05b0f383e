"""The signed list that a gate checks with when it has no connection (CODES.md, "Offline").

It holds the network's public keys with their withdrawals and earliest issue days, and the sorted ids of withdrawn
credentials. Its number never goes backwards. It is signed by a key of its own purpose (L1), pinned in the gate's app.
As text it is JSON: {"kid": int, "body": base64url, "signature": base64url}; the signature is over the body's bytes.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wallet.codes.keys import Keyring, compress
from wallet.codes.token import sign, signed_by

LIST_TYPE = "L1"
ID_BYTES = 5
NEXT_UPDATE = timedelta(minutes=15)


class ListRefused(Exception):
    """A list that is not to be used: `reason` is unreadable, unknown_key or forged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class WithdrawalList:
    """A list as read. `withdrawn` are credential ids; `keys` is the public key file's own form."""

    number: int
    issued: datetime
    next_update: datetime
    withdrawn: frozenset[bytes]
    keys: tuple[dict[str, Any], ...]


def publish(number: int, issued: datetime, withdrawn: Iterable[bytes], keyring: Keyring, deployment: str) -> str:
    """The list as text, signed. KeyFileError when there is no L1 key that can sign."""
    key = keyring.signing(LIST_TYPE)
    body = {
        "number": number,
        "issued": issued.isoformat(),
        "next_update": (issued + NEXT_UPDATE).isoformat(),
        "keys": public_keys(keyring),
        "withdrawn": _text(b"".join(sorted(set(withdrawn)))),
    }
    raw = json.dumps(body, separators=(",", ":"), sort_keys=True).encode("ascii")
    signature = sign(_able(key.private), _message(deployment, raw))
    return json.dumps({"kid": key.kid, "body": _text(raw), "signature": _text(signature)})


def public_keys(keyring: Keyring) -> list[dict[str, Any]]:
    """The keys that check codes, without their private halves; list keys are pinned, never listed."""
    return [
        {
            "type": key.type,
            "kid": key.kid,
            "public": compress(key.public).hex(),
            "earliest_issue_day": key.earliest_issue_day,
            "withdrawn": key.withdrawn.isoformat() if key.withdrawn else None,
        }
        for key in keyring.keys
        if key.type != LIST_TYPE
    ]


def read(text: str, keyring: Keyring, deployment: str) -> WithdrawalList:
    """Check and read a list. Raises ListRefused."""
    try:
        outer = json.loads(text)
        raw, signature, kid = _bytes(outer["body"]), _bytes(outer["signature"]), outer["kid"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ListRefused("unreadable") from error
    key = keyring.find(LIST_TYPE, kid)
    if key is None or key.withdrawn:
        raise ListRefused("unknown_key")
    if not signed_by(key.public, signature, _message(deployment, raw)):
        raise ListRefused("forged")
    body = json.loads(raw)
    ids = _bytes(body["withdrawn"])
    return WithdrawalList(
        number=body["number"],
        issued=datetime.fromisoformat(body["issued"]),
        next_update=datetime.fromisoformat(body["next_update"]),
        withdrawn=frozenset(ids[start : start + ID_BYTES] for start in range(0, len(ids), ID_BYTES)),
        keys=tuple(body["keys"]),
    )


def _message(deployment: str, raw: bytes) -> bytes:
    return f"KP1/list/{deployment}\0".encode("ascii") + raw


def _able(private: Any) -> Any:
    # `signing` gives only keys that can sign.
    assert private is not None
    return private


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (AttributeError, UnicodeError, binascii.Error) as error:
        raise ValueError("not base64url") from error
