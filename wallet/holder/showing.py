"""Showing a card: the code that the server renders, and the key that a phone proves and gets a credential for."""

import base64
import binascii
import secrets
import struct
from datetime import datetime
from typing import Any

from flask import session
from markupsafe import Markup

from wallet.codes import Claims, mint_server, sign_credential, svg
from wallet.codes.days import number_of_day, step_at
from wallet.codes.keys import decompress
from wallet.codes.token import COMMUNITY, PERSONAL, party_byte, proof_message, signed_by
from wallet.config import Settings
from wallet.register import credentials
from wallet.register.credentials import Issued
from wallet.register.errors import Refused
from wallet.register.identities import Holder

KEYS_IN_30_DAYS = 4  # the first of a sign-in, and three made silently after the browser lost one


def _claims(issued: Issued) -> Claims:
    return Claims(
        credential=issued.credential,
        issued_day=number_of_day(issued.first_day),
        last_day=number_of_day(issued.last_day),
        kind=COMMUNITY if issued.kind == "community" else PERSONAL,
        children=issued.children,
        birth_year=issued.birth_year,
    )


def server_code(by: Holder, settings: Settings, *, party: tuple[int, int], at: datetime) -> Markup:
    """The server-shown code (0xC3) of a card with `party` (children, assistants), as inline SVG."""
    issued = credentials.for_server(by, at=at)
    text = mint_server(
        _claims(issued),
        settings.keyring.signing("C3"),
        settings.host,
        step_at(at),
        party=party_byte(*party),
    )
    return Markup(svg(text))  # noqa: S704 - our own symbol, made of digits and path letters


def new_nonce() -> str:
    """A nonce for one proof; the signed session remembers it."""
    nonce = secrets.token_urlsafe(24)
    session["key_nonce"] = nonce
    return nonce


def prove_key(by: Holder, body: Any, settings: Settings, *, at: datetime) -> dict[str, Any]:
    """Check the proof of a phone's key and sign a credential for it.

    `body` is {"public_key": 33 bytes, "proof": 64 bytes}, base64url; a renewal has also "renews" (5 bytes, the old
    credential) and "once" (the one-time value that came with it). Raises Refused: key_stale, key_wrong, too_many_keys,
    key_known, renewal_unknown, renewal_copied, or why the card opens no door today."""
    nonce = session.pop("key_nonce", None)
    if nonce is None:
        raise Refused("key_stale")
    try:
        point, proof = _bytes(body["public_key"]), _bytes(body["proof"])
        public = decompress(point)
        old, once = (_bytes(body["renews"]), str(body.get("once"))) if "renews" in body else (None, "")
        once.encode()  # half a surrogate pair is JSON, and no text
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("key_wrong") from error
    if not signed_by(public, proof, proof_message(settings.host, nonce.encode())):
        raise Refused("key_wrong")
    if old is not None:
        issued = credentials.renew(by, old, once, point, at=at)
    elif credentials.keys_made(by, at=at) >= KEYS_IN_30_DAYS:
        raise Refused("too_many_keys")
    else:
        issued = credentials.add_phone_key(by, point, at=at)
    signed = sign_credential(_claims(issued), point, settings.keyring.signing("C1"), settings.host)
    return {
        "credential": base64.urlsafe_b64encode(signed).decode(),
        "lastDay": issued.last_day.isoformat(),
        "once": issued.once,
    }


def state_of(by: Holder, head: str, settings: Settings) -> str:
    """`live`, `withdrawn` or `unknown`: what became of the credential that a phone keeps, of which `head` is the first
    ten bytes in base64url (type, kid, id, issued day). One whose network key was withdrawn is withdrawn too."""
    try:
        _type, kid, credential, issued_day = struct.unpack(">BH5sH", _bytes(head))
    except (ValueError, struct.error):
        return "unknown"
    key = settings.keyring.find("C1", kid)
    if key is None or key.withdrawn or issued_day < key.earliest_issue_day:
        return "withdrawn"
    return credentials.key_state(by, credential)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, AttributeError) as error:
        raise ValueError("not base64url") from error
