"""What several of these tests start from: the vectors, their keyring, and keys that can sign."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from wallet.codes import Claims, Keyring, sign_credential
from wallet.codes.keys import CURVE, add, compress, load, new

from .make_vectors import FILE

AT = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def vectors() -> dict:
    return json.loads(FILE.read_text(encoding="ascii"))


@pytest.fixture(scope="session")
def vector_keys(vectors) -> Keyring:
    return load(json.dumps({"keys": vectors["keys"]}))


@pytest.fixture(scope="session")
def issuer() -> SimpleNamespace:
    """A deployment with one key of each type, and a phone that holds a credential of a personal card."""
    keyring = Keyring()
    for type_ in ("C1", "C2", "C3"):
        keyring = add(keyring, new(type_, AT))
    phone = ec.generate_private_key(CURVE)
    claims = Claims(b"\x01\x02\x03\x04\x05", 2312, 2339, 1, 3, 1984)
    return SimpleNamespace(
        deployment="kortti.example.org",
        keyring=keyring,
        phone=phone,
        claims=claims,
        credential=sign_credential(claims, compress(phone.public_key()), keyring.signing("C1"), "kortti.example.org"),
    )
