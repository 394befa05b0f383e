"""The network's keys: the file they are kept in, and finding one by (type, kid).

A key has one purpose (C1 signs credentials of phones, C2 printed cards, C3 codes the server shows, L1 the list that
gates check with) and is
found by type and kid together, so that a code cannot borrow a key made for something else. The file is JSON:

    {"keys": [{"type": "C1", "kid": 4711, "private": PKCS8 PEM, "public": compressed point in hex,
               "made": ISO time, "earliest_issue_day": 0, "withdrawn": ISO time or null}]}

`private` may be missing: a checker has only public keys. `earliest_issue_day` (a day number, see `days`)
refuses everything that the key signed for an earlier day, after the key was stolen and its good codes made
anew.
"""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeGuard

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

TYPES = ("C1", "C2", "C3")
KEY_TYPES = (*TYPES, "L1")  # and the one that signs the gates' list
CURVE = ec.SECP256R1()
POINT_BYTES = 33
FIELDS = {"type", "kid", "private", "public", "made", "earliest_issue_day", "withdrawn"}


class KeyFileError(ValueError):
    """The key file cannot be used; the message says where and why, and never holds a key."""


@dataclass(frozen=True)
class NetworkKey:
    """One key of the network. `private` is None where the key can only check."""

    type: str
    kid: int
    public: ec.EllipticCurvePublicKey
    private: ec.EllipticCurvePrivateKey | None
    made: datetime
    earliest_issue_day: int = 0
    withdrawn: datetime | None = None


@dataclass(frozen=True)
class Keyring:
    """The keys of one deployment. KeyFileError when two share (type, kid), or one key has two purposes."""

    keys: tuple[NetworkKey, ...] = ()

    def __post_init__(self) -> None:
        names, points = set(), set()
        for key in self.keys:
            name, point = (key.type, key.kid), compress(key.public)
            if name in names:
                raise KeyFileError(f"{key.type}:{key.kid} is there twice")
            if point in points:
                raise KeyFileError(f"{key.type}:{key.kid} is the same key as another; a key has one purpose")
            names.add(name)
            points.add(point)

    def find(self, type: str, kid: int) -> NetworkKey | None:
        """The key of this type and kid, withdrawn or not."""
        return next((key for key in self.keys if (key.type, key.kid) == (type, kid)), None)

    def signing(self, type: str) -> NetworkKey:
        """The newest key of a type that can sign and is not withdrawn. KeyFileError when none is."""
        able = [key for key in self.keys if key.type == type and key.private and not key.withdrawn]
        if not able:
            raise KeyFileError(f"no {type} key to sign with")
        return max(able, key=lambda key: (key.made, key.kid))


def load(text: str) -> Keyring:
    """Read a key file. KeyFileError when it is not one, or a key in it is wrong."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KeyFileError("the key file is not JSON") from error
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise KeyFileError('the key file must be {"keys": [...]}')
    return Keyring(tuple(_key(entry, f"keys[{i}]") for i, entry in enumerate(document["keys"])))


def dump(keyring: Keyring, *, private: bool = True) -> str:
    """The key file of a keyring; with `private=False` what a checker may have."""
    entries = []
    for key in keyring.keys:
        entry = _entry(key)
        if not private:
            entry.pop("private", None)
        entries.append(entry)
    return json.dumps({"keys": entries}, indent=1) + "\n"


def new(type: str, made: datetime, taken: Collection[int] = ()) -> dict[str, Any]:
    """Make a key, as an entry of the key file. Its kid is random (1–65535, none of `taken`), so that a code
    of another deployment is most often met with "unknown key" and not with "forged"."""
    kid = secrets.choice([kid for kid in range(1, 0x10000) if kid not in taken])
    private = ec.generate_private_key(CURVE)
    return _entry(NetworkKey(type, kid, private.public_key(), private, made))


def add(keyring: Keyring, entry: Mapping[str, Any]) -> Keyring:
    """A keyring with one more key, as `new` made it. KeyFileError when the entry is wrong."""
    return Keyring((*keyring.keys, _key(entry, "the new key")))


def change(
    keyring: Keyring,
    type: str,
    kid: int,
    *,
    withdrawn: datetime | None = None,
    earliest_issue_day: int | None = None,
) -> Keyring:
    """A keyring in which one key is withdrawn, or refuses what it signed for days before
    `earliest_issue_day`. What is not given stays. KeyFileError when there is no such key."""
    old = keyring.find(type, kid)
    if old is None:
        raise KeyFileError(f"no key {type}:{kid}")
    changed = replace(
        old,
        withdrawn=withdrawn or old.withdrawn,
        earliest_issue_day=old.earliest_issue_day if earliest_issue_day is None else earliest_issue_day,
    )
    return Keyring(tuple(changed if key is old else key for key in keyring.keys))


def compress(public: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as a compressed point, 33 bytes."""
    return public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def decompress(point: bytes) -> ec.EllipticCurvePublicKey:
    """A compressed point of P-256 as a public key. ValueError when it is not 33 bytes or not on the curve."""
    if len(point) != POINT_BYTES:
        raise ValueError("a compressed P-256 point has 33 bytes")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)


def _key(entry: Any, where: str) -> NetworkKey:
    if not isinstance(entry, Mapping):
        raise KeyFileError(f"{where}: must be an object")
    if unknown := set(entry) - FIELDS:
        # A misspelt "withdrawn" would leave a stolen key in use.
        raise KeyFileError(f"{where}: unknown fields {sorted(unknown)}")
    type_, kid, earliest = entry.get("type"), entry.get("kid"), entry.get("earliest_issue_day", 0)
    if type_ not in KEY_TYPES:
        raise KeyFileError(f"{where}: type must be one of C1, C2, C3, L1")
    if not _whole(kid, least=1):
        raise KeyFileError(f"{where}: kid must be 1–65535")
    if not _whole(earliest, least=0):
        raise KeyFileError(f"{where}: earliest_issue_day must be 0–65535")
    public, private = _public(entry.get("public"), where), _private(entry.get("private"), where)
    if private and compress(private.public_key()) != compress(public):
        raise KeyFileError(f"{where}: the private key does not belong to the public one")
    withdrawn = entry.get("withdrawn")
    return NetworkKey(
        type=type_,
        kid=kid,
        public=public,
        private=private,
        made=_time(entry.get("made"), f"{where}: made"),
        earliest_issue_day=earliest,
        withdrawn=None if withdrawn is None else _time(withdrawn, f"{where}: withdrawn"),
    )


def _entry(key: NetworkKey) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": key.type, "kid": key.kid}
    if key.private:
        pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        entry["private"] = pem.decode("ascii")
    return entry | {
        "public": compress(key.public).hex(),
        "made": key.made.isoformat(),
        "earliest_issue_day": key.earliest_issue_day,
        "withdrawn": key.withdrawn.isoformat() if key.withdrawn else None,
    }


def _whole(value: Any, *, least: int) -> TypeGuard[int]:
    return type(value) is int and least <= value <= 0xFFFF


def _time(value: Any, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise KeyFileError(f"{where} must be an ISO time") from error
    if time.tzinfo is None:
        raise KeyFileError(f"{where} needs a time zone")
    return time


def _public(value: Any, where: str) -> ec.EllipticCurvePublicKey:
    try:
        return decompress(bytes.fromhex(value))
    except (TypeError, ValueError) as error:
        raise KeyFileError(f"{where}: public must be a compressed P-256 point in hex") from error


def _private(value: Any, where: str) -> ec.EllipticCurvePrivateKey | None:
    if value is None:
        return None
    try:
        private = load_pem_private_key(value.encode("ascii"), password=None)
    except (AttributeError, TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{where}: private must be a PKCS8 PEM without a password") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != CURVE.name:
        raise KeyFileError(f"{where}: private must be a P-256 key")
    return private
