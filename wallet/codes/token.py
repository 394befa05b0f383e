"""The rotating code (format KP1): making it, reading it, checking it.

    off len field                                        off len field
      0   1 type 0xC1 phone, 0xC2 paper, 0xC3 server      13   1 children, 0–15
      1   2 kid of the network's key                      14   2 birth year, 0 for a community card
      3   5 credential id                                 16  33 phone key, compressed point (C1 only)
      8   2 issued day                                    49  64 network signature (C1 only)
     10   2 last day, inclusive                          113   4 step, 2 audience, 1 party (high nibble
     12   1 kind, 1 personal, 2 community                        assistants, low children), 64 signature

C2 is bytes 0–15 and a signature; C3 bytes 0–15, step, audience, party and a signature. Integers are
big-endian. A signature is raw r‖s over a prefix that names its purpose, the deployment's host name, a zero
byte, and all bytes before it; the deployment is never sent, so a test system's codes are worthless in the
live one. The text is `KP1:` and base45.

ECDSA is malleable: with (r, s) the twin (r, n − s) verifies too, and both are accepted. Never use the text or
a signature as a key for anything; what marks a showing as used is (card, step).
"""

import struct
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import base45
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from wallet.codes.days import date_of_day, day_at, step_start
from wallet.codes.keys import POINT_BYTES, Keyring, NetworkKey, decompress

PREFIX = "KP1:"
PERSONAL, COMMUNITY = 1, 2
# The order n of P-256's group (FIPS 186-5, SP 800-186 section 3.2.1.3).
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

HEAD = struct.Struct(">BH5sHHBBH")
SHOWING = struct.Struct(">IHB")
SIGNATURE_BYTES = 64
CREDENTIAL_BYTES = HEAD.size + POINT_BYTES + SIGNATURE_BYTES
LENGTHS = {
    "C1": CREDENTIAL_BYTES + SHOWING.size + SIGNATURE_BYTES,
    "C2": HEAD.size + SIGNATURE_BYTES,
    "C3": HEAD.size + SHOWING.size + SIGNATURE_BYTES,
}
TEXT_LENGTHS = {len(PREFIX) + n // 2 * 3 + n % 2 * 2 for n in LENGTHS.values()}

Reason = Literal[
    "unreadable",
    "other_system",
    "unknown_key",
    "withdrawn_key",
    "forged",
    "not_yet_valid",
    "expired",
    "old_code",
    "early_code",
]


@dataclass(frozen=True)
class Window:
    """The ages that are accepted, in seconds, both ends included. Age is the checker's time minus the start
    of the code's step, so it is negative where the showing clock is ahead."""

    early: int
    late: int


ONLINE = Window(-30, 60)
OFFLINE = Window(-60, 120)
# The page that shows a C3 code says that it holds for 120 seconds, so a C3 code gets at least that.
SERVER_SHOWN = Window(-30, 120)


@dataclass(frozen=True)
class Claims:
    """What the network says of a card, in every type of code. ValueError when a code could not carry it.

    `credential` is 5 random bytes, never used again; days are day numbers (`days.number_of_day`), `last_day`
    inclusive; `kind` is PERSONAL or COMMUNITY; `children` the registered child tickets; `birth_year` 0 for a
    community card.
    """

    credential: bytes
    issued_day: int
    last_day: int
    kind: int
    children: int
    birth_year: int

    def __post_init__(self) -> None:
        if len(self.credential) != 5:
            raise ValueError("a credential id has 5 bytes")
        if not 0 <= self.issued_day <= self.last_day <= 0xFFFF:
            raise ValueError("days must be 0–65535, the last not before the issued one")
        if self.kind not in (PERSONAL, COMMUNITY):
            raise ValueError("kind must be 1 or 2")
        if not 0 <= self.children <= 15:
            raise ValueError("children must be 0–15")
        if not 0 <= self.birth_year <= 0xFFFF or (self.birth_year == 0) != (self.kind == COMMUNITY):
            raise ValueError("a personal card has a birth year, a community card has 0")

    @property
    def issued_date(self) -> date:
        """The issued day as a calendar day."""
        return date_of_day(self.issued_day)

    @property
    def last_date(self) -> date:
        """The last valid day as a calendar day."""
        return date_of_day(self.last_day)


@dataclass(frozen=True)
class Code(Claims):
    """A code as read, not yet checked. Paper has no step, no audience, and a party of 0 and 0."""

    type: str
    kid: int
    phone_key: bytes | None
    step: int | None
    audience: int | None
    party_children: int
    party_assistants: int
    raw: bytes


class CodeRefused(Exception):
    """A code was refused. `reason` is stable; `code` is what was read, or None when nothing was.

    Before `not_yet_valid` in the order of checks, `code` is only a claim: nothing in it has been proved.
    """

    def __init__(self, reason: Reason, code: Code | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.code = code


def parse(text: str) -> Code:
    """Read a code's text strictly; nothing is checked against a key.

    CodeRefused `other_system` when the text does not begin with `KP1:`, `unreadable` when what follows is not
    exactly one code. Nothing is trimmed; no code begins or ends with white space, so a caller may strip.
    """
    if not text.startswith(PREFIX):
        raise CodeRefused("other_system")
    if len(text) not in TEXT_LENGTHS:
        raise CodeRefused("unreadable")
    try:
        # As bytes: given a str, the library drops line ends at the end.
        return _read(base45.b45decode(text[len(PREFIX) :].encode("ascii")))
    except ValueError:
        raise CodeRefused("unreadable") from None


def verify(text_or_code: str | Code, keyring: Keyring, deployment: str, at: datetime, window: Window = ONLINE) -> Code:
    """Check a code with the network's public keys alone, at a moment (with a time zone), and return it.

    CodeRefused with the first reason that applies, in this order: `other_system`, `unreadable`,
    `unknown_key`, `withdrawn_key` (the key is withdrawn, whenever, or the code was issued before the key's
    earliest issue day), `forged` (a signature, or a phone key that is no point), `not_yet_valid` and
    `expired` (days in Helsinki), `old_code` and `early_code` (the window). Whether the credential is
    withdrawn or the step already used, the list and the register know. ValueError when `at` has no time zone.
    """
    # A Code is read again from its bytes: its fields could have been replaced.
    code = parse(text_or_code if isinstance(text_or_code, str) else to_text(text_or_code.raw))
    today = day_at(at)
    key = keyring.find(code.type, code.kid)
    if key is None:
        raise CodeRefused("unknown_key", code)
    if key.withdrawn or code.issued_day < key.earliest_issue_day:
        raise CodeRefused("withdrawn_key", code)
    if not _signatures_hold(code, key, deployment):
        raise CodeRefused("forged", code)
    if today < code.issued_day:
        raise CodeRefused("not_yet_valid", code)
    if today > code.last_day:
        raise CodeRefused("expired", code)
    if code.step is not None:
        age = at - step_start(code.step)
        late = max(window.late, SERVER_SHOWN.late) if code.type == "C3" else window.late
        if age > timedelta(seconds=late):
            raise CodeRefused("old_code", code)
        if age < timedelta(seconds=window.early):
            raise CodeRefused("early_code", code)
    return code


def sign_credential(claims: Claims, phone_key: bytes, key: NetworkKey, deployment: str) -> bytes:
    """The credential that a phone keeps: the first 113 bytes of its codes.

    ValueError when `phone_key` is not a compressed point, or `key` is not a C1 key with its private half.
    """
    decompress(phone_key)
    body = _head("C1", key, claims) + phone_key
    return body + _sign_as_network(key, _message("cred", deployment, body))


def party_byte(children: int, assistants: int) -> int:
    """Who is with the holder today, in one byte. ValueError when either is not 0–15."""
    if not (0 <= children <= 15 and 0 <= assistants <= 15):
        raise ValueError("a party has 0–15 children and 0–15 assistants")
    return assistants << 4 | children


def phone_message(deployment: str, credential: bytes, step: int, audience: int = 0, party: int = 0) -> bytes:
    """What a phone signs to show its 113-byte credential in a step."""
    return _message("show", deployment, credential + SHOWING.pack(step, audience, party))


def proof_message(deployment: str, nonce: bytes) -> bytes:
    """What a phone signs to prove at activation that it kept its key. Its own prefix: a nonce that the server
    chose can never pass for a showing."""
    return _message("prove", deployment, nonce)


def mint_phone(
    credential: bytes,
    private: ec.EllipticCurvePrivateKey,
    deployment: str,
    step: int,
    *,
    audience: int = 0,
    party: int = 0,
) -> str:
    """A C1 code as a phone would show it; `private` is the phone's key."""
    signature = sign(private, phone_message(deployment, credential, step, audience, party))
    return to_text(credential + SHOWING.pack(step, audience, party) + signature)


def mint_server(
    claims: Claims, key: NetworkKey, deployment: str, step: int, *, audience: int = 0, party: int = 0
) -> str:
    """A C3 code, for a card page whose phone has no key. ValueError when `key` is no C3 key that can sign."""
    body = _head("C3", key, claims) + SHOWING.pack(step, audience, party)
    return to_text(body + _sign_as_network(key, _message("server", deployment, body)))


def mint_paper(claims: Claims, key: NetworkKey, deployment: str) -> str:
    """A C2 code, for printing. ValueError when `key` is not a C2 key that can sign."""
    body = _head("C2", key, claims)
    return to_text(body + _sign_as_network(key, _message("paper", deployment, body)))


def to_text(raw: bytes) -> str:
    """A code's bytes as the text that goes into the QR symbol."""
    encoded: bytes = base45.b45encode(raw)
    return PREFIX + encoded.decode("ascii")


def sign(private: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """A raw r‖s signature (64 bytes), by RFC 6979 where the backend can."""
    deterministic = default_backend().ecdsa_deterministic_supported()
    der = private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=deterministic))
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signed_by(public: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    """Whether a raw r‖s signature is this key's over this message. High s is accepted."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != SIGNATURE_BYTES or not (0 < r < ORDER and 0 < s < ORDER):
        return False
    try:
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _read(raw: bytes) -> Code:
    """ValueError when the bytes are not exactly one code."""
    type_ = f"{raw[0]:X}" if raw else ""
    if len(raw) != LENGTHS.get(type_):
        raise ValueError("no code has this type and length")
    _, kid, credential, issued_day, last_day, kind, children, birth_year = HEAD.unpack_from(raw)
    step, audience, party, phone_key = None, None, 0, None
    if type_ != "C2":
        step, audience, party = SHOWING.unpack_from(raw, len(raw) - SIGNATURE_BYTES - SHOWING.size)
    if type_ == "C1":
        phone_key = raw[HEAD.size : HEAD.size + POINT_BYTES]
    return Code(
        credential=credential,
        issued_day=issued_day,
        last_day=last_day,
        kind=kind,
        children=children,
        birth_year=birth_year,
        type=type_,
        kid=kid,
        phone_key=phone_key,
        step=step,
        audience=audience,
        party_children=party & 0x0F,
        party_assistants=party >> 4,
        raw=raw,
    )


def _signatures_hold(code: Code, key: NetworkKey, deployment: str) -> bool:
    body, last = code.raw[:-SIGNATURE_BYTES], code.raw[-SIGNATURE_BYTES:]
    if code.phone_key is None:
        purpose = "paper" if code.type == "C2" else "server"
        return signed_by(key.public, last, _message(purpose, deployment, body))
    signed_end = HEAD.size + POINT_BYTES
    credential = _message("cred", deployment, body[:signed_end])
    if not signed_by(key.public, body[signed_end:CREDENTIAL_BYTES], credential):
        return False
    try:
        phone = decompress(code.phone_key)
    except ValueError:
        return False
    return signed_by(phone, last, _message("show", deployment, body))


def _message(purpose: str, deployment: str, body: bytes) -> bytes:
    return f"KP1/{purpose}/{deployment}\0".encode("ascii") + body


def _head(type_: str, key: NetworkKey, claims: Claims) -> bytes:
    if key.type != type_:
        raise ValueError(f"a {type_} code needs a {type_} key")
    return HEAD.pack(
        int(type_, 16),
        key.kid,
        claims.credential,
        claims.issued_day,
        claims.last_day,
        claims.kind,
        claims.children,
        claims.birth_year,
    )


def _sign_as_network(key: NetworkKey, message: bytes) -> bytes:
    if key.private is None:
        raise ValueError("this key can only check")
    return sign(key.private, message)
