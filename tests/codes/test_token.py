"""Minting and checking, beyond the vectors. Missed otherwise: a code that the issuer can make and no checker reads, a
window or a day off by one, a refusal said in the wrong order, a wrong key accepted."""

import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet.codes import (
    OFFLINE,
    ONLINE,
    SERVER_SHOWN,
    Claims,
    CodeRefused,
    Window,
    days,
    keys,
    load,
    mint_paper,
    mint_server,
    parse,
    sign_credential,
    token,
    verify,
)
from wallet.codes.keys import compress

from .conftest import AT

STEP = 118_525_680


def reason_of(*arguments) -> str | None:
    try:
        verify(*arguments)
    except CodeRefused as refusal:
        return refusal.reason
    return None


@st.composite
def claims(draw) -> Claims:
    kind = draw(st.sampled_from([token.PERSONAL, token.COMMUNITY]))
    first, last = sorted(draw(st.tuples(*[st.integers(0, 0xFFFF)] * 2)))
    return Claims(
        credential=draw(st.binary(min_size=5, max_size=5)),
        issued_day=first,
        last_day=last,
        kind=kind,
        children=draw(st.integers(0, 15)),
        birth_year=draw(st.integers(1, 0xFFFF)) if kind == token.PERSONAL else 0,
    )


nibbles = st.integers(0, 15)


@settings(deadline=None)
@given(claims(), st.tuples(nibbles, nibbles), st.integers(0, 0xFFFF), st.data())
def test_what_is_minted_is_read_and_holds(issuer, said, party, audience, data):
    day = data.draw(st.integers(said.issued_day, said.last_day))
    noon = datetime.combine(days.date_of_day(day), datetime.min.time(), days.HELSINKI) + timedelta(hours=12)
    step = days.step_at(noon)
    children, assistants = party
    more = {"audience": audience, "party": token.party_byte(children, assistants)}
    sign = issuer.keyring.signing
    phone = compress(issuer.phone.public_key())
    held = sign_credential(said, phone, sign("C1"), issuer.deployment)
    shown = token.mint_phone(held, issuer.phone, issuer.deployment, step, **more)
    printed = mint_paper(said, sign("C2"), issuer.deployment)
    served = mint_server(said, sign("C3"), issuer.deployment, step, **more)

    for type_, text, length in ("C1", shown, 280), ("C2", printed, 124), ("C3", served, 135):
        code = verify(text, issuer.keyring, issuer.deployment, noon)
        assert len(text) == length
        assert token.to_text(code.raw) == text
        assert (code.type, code.kid) == (type_, sign(type_).kid)
        assert {name: getattr(code, name) for name in Claims.__dataclass_fields__} == vars(said)
        assert code.last_date - code.issued_date == timedelta(days=said.last_day - said.issued_day)
        if type_ == "C2":
            assert (code.step, code.audience, code.party_children, code.party_assistants) == (None, None, 0, 0)
        else:
            assert (code.step, code.audience) == (step, audience)
            assert (code.party_children, code.party_assistants) == (children, assistants)
        assert code.phone_key == (phone if type_ == "C1" else None)


@pytest.mark.parametrize(
    "changes",
    [
        {"credential": b"1234"},
        {"credential": b"123456"},
        {"issued_day": -1},
        {"issued_day": 2340},
        {"last_day": 65536},
        {"kind": 0},
        {"kind": 3},
        {"children": -1},
        {"children": 16},
        {"birth_year": 0},
        {"birth_year": -1},
        {"birth_year": 65536},
        {"kind": 2},
    ],
)
def test_nothing_can_be_claimed_that_no_code_carries(issuer, changes):
    with pytest.raises(ValueError, match=r"must be|has"):
        replace(issuer.claims, **changes)


@pytest.mark.parametrize(("children", "assistants"), [(16, 0), (0, 16), (-1, 0), (0, -1)])
def test_a_party_has_its_bounds(children, assistants):
    with pytest.raises(ValueError, match="0–15"):
        token.party_byte(children, assistants)


def test_a_key_signs_only_what_it_is_for(issuer):
    c1, c2, c3 = (issuer.keyring.signing(type_) for type_ in keys.TYPES)
    phone = compress(issuer.phone.public_key())
    for wrong in c2, c3:
        with pytest.raises(ValueError, match="needs a C1 key"):
            sign_credential(issuer.claims, phone, wrong, issuer.deployment)
    for wrong in c1, c3:
        with pytest.raises(ValueError, match="needs a C2 key"):
            mint_paper(issuer.claims, wrong, issuer.deployment)
    for wrong in c1, c2:
        with pytest.raises(ValueError, match="needs a C3 key"):
            mint_server(issuer.claims, wrong, issuer.deployment, STEP)
    with pytest.raises(ValueError, match="only check"):
        mint_paper(issuer.claims, replace(c2, private=None), issuer.deployment)


def test_a_credential_is_given_only_to_a_real_phone_key(issuer):
    for point in b"", b"\x02" + bytes(31) + b"\x01", b"\x04" + bytes(64):
        with pytest.raises(ValueError, match=r"point|EC key"):
            sign_credential(issuer.claims, point, issuer.keyring.signing("C1"), issuer.deployment)


def test_signatures_follow_rfc_6979():
    """Appendix A.2.5 of RFC 6979: P-256, SHA-256, message "sample"."""
    scalar = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    signature = token.sign(ec.derive_private_key(scalar, keys.CURVE), b"sample")
    assert signature.hex().upper() == (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )


def test_a_phone_proves_its_key_without_showing_a_card(issuer):
    """The server's nonce could be any bytes, a showing's among them: the prefix keeps the two apart."""
    public = issuer.phone.public_key()
    showing = issuer.credential + token.SHOWING.pack(STEP, 0, 0)
    proof = token.sign(issuer.phone, token.proof_message(issuer.deployment, showing))
    assert token.signed_by(public, proof, token.proof_message(issuer.deployment, showing))
    assert not token.signed_by(public, proof, token.proof_message(issuer.deployment, b"another nonce"))
    assert not token.signed_by(public, proof, token.proof_message("kokeilu.example.org", showing))
    code = token.to_text(showing + proof)
    assert reason_of(code, issuer.keyring, issuer.deployment, AT) == "forged"


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_is_none(issuer, length):
    assert not token.signed_by(issuer.phone.public_key(), b"\x01" * length, b"")


WINDOWS = {"C1 online": ("C1", ONLINE, -30, 60), "C1 offline": ("C1", OFFLINE, -60, 120)} | {
    "C3 online": ("C3", ONLINE, -30, 120),
    "C3 offline": ("C3", OFFLINE, -60, 120),
    "C3 as promised": ("C3", SERVER_SHOWN, -30, 120),
    "C3 wide": ("C3", Window(-5, 500), -5, 500),
    "C1 wide": ("C1", Window(-5, 500), -5, 500),
    "C1 one moment": ("C1", Window(0, 0), 0, 0),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_window(issuer, name):
    """The bounds belong to the window; a microsecond beyond does not."""
    type_, window, early, late = WINDOWS[name]
    if type_ == "C1":
        text = token.mint_phone(issuer.credential, issuer.phone, issuer.deployment, STEP)
    else:
        text = mint_server(issuer.claims, issuer.keyring.signing("C3"), issuer.deployment, STEP)
    instant = timedelta(microseconds=1)
    for age, expected in (
        (timedelta(seconds=early) - instant, "early_code"),
        (timedelta(seconds=early), None),
        (timedelta(seconds=late), None),
        (timedelta(seconds=late) + instant, "old_code"),
    ):
        assert reason_of(text, issuer.keyring, issuer.deployment, AT + age, window) == expected


def test_online_is_the_window_where_none_is_named(issuer):
    text = token.mint_phone(issuer.credential, issuer.phone, issuer.deployment, STEP)
    assert reason_of(text, issuer.keyring, issuer.deployment, AT + timedelta(seconds=60)) is None
    assert reason_of(text, issuer.keyring, issuer.deployment, AT + timedelta(seconds=61)) == "old_code"


def test_the_fields_of_a_read_code_are_not_believed(issuer):
    """A Code can be given to `verify`; what was replaced in it is read anew from its bytes."""
    code = parse(mint_paper(issuer.claims, issuer.keyring.signing("C2"), issuer.deployment))
    assert verify(code, issuer.keyring, issuer.deployment, AT) == code
    assert verify(replace(code, children=15), issuer.keyring, issuer.deployment, AT).children == 3
    late = replace(code, last_day=60_000)
    assert reason_of(late, issuer.keyring, issuer.deployment, AT + timedelta(days=60)) == "expired"
    assert reason_of(replace(code, raw=b""), issuer.keyring, issuer.deployment, AT) == "unreadable"


def test_a_refusal_brings_what_was_read(issuer):
    text = mint_paper(issuer.claims, issuer.keyring.signing("C2"), issuer.deployment)
    with pytest.raises(CodeRefused) as refusal:
        verify(text, issuer.keyring, issuer.deployment, AT + timedelta(days=60))
    assert refusal.value.code == parse(text)
    assert str(refusal.value) == refusal.value.reason == "expired"
    assert refusal.value.code.last_date.isoformat() == "2026-05-28"


def test_a_key_that_is_withdrawn_refuses_its_codes_at_once(issuer):
    """The rehearsal: the stolen key's codes stop, new ones from a new key hold, and other types are untouched."""
    printed = mint_paper(issuer.claims, issuer.keyring.signing("C2"), issuer.deployment)
    served = mint_server(issuer.claims, issuer.keyring.signing("C3"), issuer.deployment, STEP)
    old = issuer.keyring.signing("C2")
    keyring = keys.change(issuer.keyring, "C2", old.kid, withdrawn=AT)
    keyring = keys.add(keyring, keys.new("C2", AT, taken={old.kid}))
    anew = mint_paper(issuer.claims, keyring.signing("C2"), issuer.deployment)
    checker = load(keys.dump(keyring, private=False))
    assert reason_of(printed, checker, issuer.deployment, AT) == "withdrawn_key"
    assert reason_of(printed, checker, issuer.deployment, AT - timedelta(days=1)) == "withdrawn_key"
    assert reason_of(anew, checker, issuer.deployment, AT) is None
    assert reason_of(served, checker, issuer.deployment, AT) is None
    assert reason_of(anew, issuer.keyring, issuer.deployment, AT) == "unknown_key"


@pytest.mark.parametrize(("earliest", "expected"), [(2311, None), (2312, None), (2313, "withdrawn_key")])
def test_the_earliest_issue_day_is_itself_accepted(issuer, earliest, expected):
    text = mint_paper(issuer.claims, issuer.keyring.signing("C2"), issuer.deployment)
    kid = issuer.keyring.signing("C2").kid
    keyring = keys.change(issuer.keyring, "C2", kid, earliest_issue_day=earliest)
    assert reason_of(text, keyring, issuer.deployment, AT) == expected


def test_the_moment_needs_a_zone(issuer):
    text = mint_paper(issuer.claims, issuer.keyring.signing("C2"), issuer.deployment)
    with pytest.raises(ValueError, match="time zone"):
        verify(text, issuer.keyring, issuer.deployment, AT.replace(tzinfo=None))


def test_no_code_ends_with_white_space_so_that_callers_may_strip(issuer):
    """The last characters of a code stand for less than 32 (of three) or at most 5 (of two), the space for 36."""
    for text in (
        token.to_text(b"\xff" * 184),
        token.to_text(b"\xff" * 80),
        token.to_text(b"\xff" * 87),
    ):
        assert text == text.strip()


def test_a_huge_text_is_refused_before_any_work():
    """A browser or a client may post megabytes: nothing of them may be copied or decoded."""
    text = "KP1:" + "0" * 3_000_000
    tracemalloc.start()
    try:
        with pytest.raises(CodeRefused, match="unreadable"):
            parse(text)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
