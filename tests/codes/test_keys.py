"""The key file. Missed otherwise: a broken or mixed-up file that starts, signs with the wrong key, or lets a stolen
key pass."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from wallet.codes import KeyFileError, Keyring, load
from wallet.codes.keys import add, change, dump, new

MADE = datetime(2026, 1, 1, tzinfo=UTC)
LATER = MADE + timedelta(days=1)


def file_of(*entries) -> str:
    return json.dumps({"keys": entries})


def pem(key, encryption=None) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


def test_what_is_dumped_is_loaded():
    keyring = load(file_of(new("C1", MADE), new("C2", MADE), new("C3", MADE)))
    keyring = change(keyring, "C2", keyring.keys[1].kid, withdrawn=LATER, earliest_issue_day=2000)
    again = load(dump(keyring))
    assert dump(again) == dump(keyring)
    for key, same in zip(keyring.keys, again.keys, strict=True):
        assert same.private.private_numbers() == key.private.private_numbers()
    assert (again.keys[1].withdrawn, again.keys[1].earliest_issue_day) == (LATER, 2000)
    assert again.keys[0].withdrawn is None


def test_a_checker_gets_no_private_keys():
    keyring = load(file_of(new("C1", MADE)))
    public = dump(keyring, private=False)
    assert "PRIVATE" not in public
    checker = load(public)
    assert checker.keys[0].public == keyring.keys[0].public
    assert dump(checker, private=False) == dump(checker) == public
    with pytest.raises(KeyFileError, match="no C1 key to sign with"):
        checker.signing("C1")


def test_a_short_entry_is_enough():
    entry = new("C2", MADE)
    for field in ("private", "withdrawn", "earliest_issue_day"):
        del entry[field]
    key = load(file_of(entry)).find("C2", entry["kid"])
    assert (key.private, key.withdrawn, key.earliest_issue_day) == (None, None, 0)


def test_keys_are_found_by_type_and_kid_together():
    one, other = new("C1", MADE) | {"kid": 7}, new("C2", MADE) | {"kid": 7}
    keyring = load(file_of(one, other))
    assert keyring.find("C1", 7).type == "C1"
    assert keyring.find("C2", 7).type == "C2"
    assert keyring.find("C3", 7) is None
    assert keyring.find("C1", 8) is None


def test_the_newest_key_that_is_not_withdrawn_signs():
    old, newer, newest = (new("C1", MADE + timedelta(days=n)) | {"kid": 10 - n} for n in range(3))
    newest |= {"withdrawn": LATER.isoformat()}
    keyring = load(file_of(newest, old, newer, new("C2", LATER)))
    assert keyring.signing("C1").kid == newer["kid"]
    keyring = change(keyring, "C1", newer["kid"], withdrawn=LATER)
    assert keyring.signing("C1").kid == old["kid"]
    with pytest.raises(KeyFileError, match="no C1 key"):
        change(keyring, "C1", old["kid"], withdrawn=LATER).signing("C1")
    with pytest.raises(KeyFileError, match="no C3 key"):
        keyring.signing("C3")


def test_a_change_leaves_the_rest():
    keyring = load(file_of(new("C1", MADE) | {"kid": 1, "withdrawn": LATER.isoformat()}, new("C2", MADE)))
    keyring = change(keyring, "C1", 1, earliest_issue_day=0)
    keyring = change(keyring, "C1", 1, earliest_issue_day=5)
    keyring = change(keyring, "C1", 1, withdrawn=None)
    assert keyring.keys[0].withdrawn == LATER
    assert keyring.keys[0].earliest_issue_day == 5
    assert keyring.keys[1].withdrawn is None
    with pytest.raises(KeyFileError, match="no key C1:2"):
        change(keyring, "C1", 2, withdrawn=LATER)


def test_a_new_kid_is_none_of_the_taken():
    assert new("C1", MADE, taken=set(range(1, 65535)))["kid"] == 65535
    kids = {new("C1", MADE)["kid"] for _ in range(5)}
    assert len(kids) > 1
    assert all(1 <= kid <= 65535 for kid in kids)


def test_the_file_of_no_keys_is_a_file():
    assert load(dump(Keyring())) == Keyring()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, "[]", "{}", '{"keys": {}}', '{"keys": [1]}', '{"keys": ["C1"]}', "null", '{"keys": null}'],
)
def test_what_is_no_key_file(text):
    with pytest.raises(KeyFileError):
        load(text)


P256, P384, EDWARDS = (
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
    (ed25519.Ed25519PrivateKey.generate()),
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"type": "C4"}, "type"),
        ({"type": None}, "type"),
        ({"type": []}, "type"),
        ({"kid": 0}, "kid"),
        ({"kid": 65536}, "kid"),
        ({"kid": "7"}, "kid"),
        ({"kid": True}, "kid"),
        ({"kid": 1.0}, "kid"),
        ({"earliest_issue_day": -1}, "earliest_issue_day"),
        ({"earliest_issue_day": None}, "earliest_issue_day"),
        ({"public": None}, "public"),
        ({"public": "xyz"}, "public"),
        ({"public": "02" + "00" * 31}, "public"),
        ({"public": "02" + f"{1:064x}"}, "public"),
        ({"public": "02" + "ff" * 32}, "public"),
        ({"public": "00" * 33}, "public"),
        (
            {"public": P384.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()},
            "public",
        ),
        ({"private": pem(P256)}, "does not belong"),
        ({"private": pem(P384)}, "P-256"),
        ({"private": pem(EDWARDS)}, "P-256"),
        ({"private": pem(P256, BestAvailableEncryption(b"secret"))}, "PKCS8"),
        ({"private": "not a key"}, "PKCS8"),
        ({"private": "ä"}, "PKCS8"),
        ({"private": 5}, "PKCS8"),
        ({"made": None}, "made must be"),
        ({"made": "yesterday"}, "made must be"),
        ({"made": "2026-01-01T00:00:00"}, "made needs a time zone"),
        ({"withdrawn": "2026-01-01"}, "withdrawn needs a time zone"),
        ({"withdrawn": False}, "withdrawn must be"),
        ({"withdrawm": "2026-01-01T00:00:00Z"}, "unknown fields"),
    ],
)
def test_what_is_wrong_with_a_key_is_said(changes, said):
    with pytest.raises(KeyFileError, match=said) as error:
        load(file_of(new("C2", MADE), new("C1", MADE) | changes))
    assert str(error.value).startswith("keys[1]: ")
    assert "BEGIN" not in str(error.value)


def test_no_two_keys_share_a_name():
    one = new("C1", MADE)
    with pytest.raises(KeyFileError, match="twice"):
        load(file_of(one, new("C1", MADE) | {"kid": one["kid"]}))
    with pytest.raises(KeyFileError, match="twice"):
        add(load(file_of(one)), one)


def test_no_key_has_two_purposes():
    one = new("C1", MADE)
    with pytest.raises(KeyFileError, match="one purpose"):
        load(file_of(one, one | {"type": "C2"}))
