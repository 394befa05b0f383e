"""Every code of vectors.json gets the answer that was written for it by hand. Missed otherwise: any change of the
format, of the order of refusals or of a bound, and the day the two languages part."""

import json
from collections import Counter
from datetime import datetime
from typing import get_args

import base45
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from wallet.codes import Claims, CodeRefused, Window, mint_paper, mint_server, parse, sign_credential, verify
from wallet.codes.days import day_at, step_at
from wallet.codes.keys import decompress
from wallet.codes.keys import load as load_keys
from wallet.codes.token import Reason, mint_phone, party_byte

from . import make_vectors
from .make_vectors import FILE, KID, NETWORK, STEP, as_text

CASES = json.loads(FILE.read_text(encoding="ascii"))["codes"]


def check(case, keyring):
    at = datetime.fromisoformat(case["at"])
    return verify(case["text"], keyring, case["deployment"], at, Window(*case["window"]))


def test_the_file_is_what_the_script_makes():
    assert FILE.read_text(encoding="ascii") == as_text()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_code(case, vector_keys):
    if case["reason"] is None:
        code = check(case, vector_keys)
        for field, expected in case.get("fields", {}).items():
            value = getattr(code, field)
            assert (value.hex() if isinstance(value, bytes) else value) == expected, field
        assert parse(case["text"]) == code
    else:
        with pytest.raises(CodeRefused) as refusal:
            check(case, vector_keys)
        assert refusal.value.reason == case["reason"]
        assert (refusal.value.code is None) == (case["reason"] in ("other_system", "unreadable"))


def test_every_reason_has_cases_and_every_name_is_its_own():
    reasons = Counter(case["reason"] for case in CASES)
    assert set(reasons) == {None, *get_args(Reason)}
    assert min(reasons.values()) >= 3
    assert len(CASES) - reasons[None] >= 40
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_minting_makes_the_vectors_bytes(vectors):
    """Signatures are deterministic, so minting must give the very bytes put together from the description."""
    entries = [entry for entry in vectors["keys"] if entry["kid"] == KID]
    for entry in entries:
        entry["private"] = pem(NETWORK[(entry["type"], KID)])
    keyring = load_keys(json.dumps({"keys": entries}))
    phone = load_pem_private_key(vectors["phone"]["private"].encode(), None)
    claims = Claims(bytes.fromhex("a1b2c3d4e5"), 2312, 2339, 1, 3, 1984)
    point = bytes.fromhex(vectors["phone"]["public"])
    credential = sign_credential(claims, point, keyring.signing("C1"), vectors["deployment"])

    def low(signature):
        return min(signature, make_vectors.twin(signature), key=lambda one: one[32:])

    assert low(credential[49:]) == bytes.fromhex(vectors["phone"]["credential"])[49:]
    assert credential[:49] == bytes.fromhex(vectors["phone"]["credential"])[:49]
    kept = bytes.fromhex(vectors["phone"]["credential"])
    party = party_byte(children=15, assistants=2)
    for minted, made in (
        (
            mint_phone(kept, phone, vectors["deployment"], STEP, audience=0xBEEF, party=party),
            make_vectors.phone_code(audience=0xBEEF, party=0x2F),
        ),
        (mint_paper(claims, keyring.signing("C2"), vectors["deployment"]), make_vectors.paper_code()),
        (
            mint_server(claims, keyring.signing("C3"), vectors["deployment"], STEP, audience=7, party=party),
            make_vectors.server_code(audience=7, party=0x2F),
        ),
    ):
        raw = parse(minted).raw
        assert raw[:-64] == made[:-64]
        assert low(raw[-64:]) == made[-64:]


def test_points(vectors):
    for row in vectors["points"]:
        if row["point"]:
            key = decompress(bytes.fromhex(row["compressed"]))
            assert key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex() == row["point"]
        else:
            with pytest.raises(ValueError, match=r"point|EC key"):
                decompress(bytes.fromhex(row["compressed"]))


def test_base45(vectors):
    """The library, called with bytes as `parse` does; given a str it would drop line ends."""
    for row in vectors["base45"]:
        if row["hex"] is None:
            with pytest.raises(ValueError, match=r"base45|codec"):
                base45.b45decode(row["text"].encode())
        else:
            assert base45.b45decode(row["text"].encode()).hex() == row["hex"]
            assert base45.b45encode(bytes.fromhex(row["hex"])).decode() == row["text"]


def test_moments(vectors):
    for row in vectors["moments"]:
        at = datetime.fromisoformat(row["at"])
        assert (day_at(at), step_at(at)) == (row["day"], row["step"]), row["at"]


def pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
