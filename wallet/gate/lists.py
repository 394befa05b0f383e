"""Publishing the gates' list: a new number when what it says has changed, or after ten minutes."""

import hashlib
import json
from datetime import datetime, timedelta

from wallet.clock import helsinki_day
from wallet.codes import lists
from wallet.codes.keys import compress
from wallet.config import Settings
from wallet.register import gate_lists

AGAIN = timedelta(minutes=10)


def current(settings: Settings, *, at: datetime) -> str:
    """The signed list as of now, as text. KeyFileError where the network has no L1 key."""
    keyring = settings.keyring
    stopped = gate_lists.stopped_credentials(helsinki_day(at))
    says = json.dumps([[one.hex() for one in stopped], lists.public_keys(keyring)]).encode()
    digest = hashlib.sha256(says).digest()
    last = gate_lists.newest()
    if last is not None and last.digest == digest and at - last.issued_at < AGAIN:
        return last.text
    number = last.number + 1 if last is not None else 1
    text = lists.publish(number, at, stopped, keyring, settings.host)
    return gate_lists.keep(number, digest, text, at=at)


def pinned(settings: Settings) -> dict[str, str]:
    """The list keys that a gate's app is given: kid → compressed point in hex."""
    return {
        str(key.kid): compress(key.public).hex()
        for key in settings.keyring.keys
        if key.type == lists.LIST_TYPE and not key.withdrawn
    }
