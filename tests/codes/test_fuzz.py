"""At least 50 000 altered codes and strange texts. Missed otherwise: a code that was altered and is accepted, and
a text at which a gate falls over and does not refuse.

One alteration is known and accepted: ECDSA's twin, (r, n − s) for (r, s). `test_the_twins_are_accepted` says which;
everywhere else an accepted text must be a good code or such a twin.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet.codes import CodeRefused, parse, verify
from wallet.codes.token import ORDER, to_text

from .make_vectors import ALPHABET, LIVE, NOON, credential, paper_code, phone_code, server_code

pytestmark = pytest.mark.no_cover  # fifty thousand codes are slow enough without being counted

# The three name one kid, so that only the type tells their keys apart.
GOOD = [phone_code(audience=0xBEEF, party=0x21), paper_code(), server_code(audience=7)]
OTHERS = [
    phone_code(step=118_525_681),
    phone_code(held=credential(children=15)),
    paper_code(children=4),
    server_code(party=1),
]


def twin(raw: bytes) -> bytes:
    """The code with the other s in its last signature."""
    return raw[:-32] + (ORDER - int.from_bytes(raw[-32:], "big")).to_bytes(32, "big")


def flipped_bits() -> Iterator[bytes]:
    """Every bit of every type."""
    for raw in GOOD:
        for bit in range(len(raw) * 8):
            altered = bytearray(raw)
            altered[bit // 8] ^= 1 << bit % 8
            yield bytes(altered)


def moved_bytes() -> Iterator[bytes]:
    """Bytes cut off, left out, put in, and pushed along within a code's length, at every place."""
    for raw in GOOD:
        for at in range(len(raw)):
            yield raw[:at]
            yield raw[at + 1 :]
            yield raw[:at] + raw[at + 1 :]
            yield raw[:at] + raw[at + 1 :] + b"\0"
            yield from (raw[:at] + bytes([new]) + raw[at:] for new in (0, 255, raw[at]))
            yield (raw[:at] + b"\x55" + raw[at:])[: len(raw)]
        yield raw + b"\0"
        yield raw + raw


def joined_codes() -> Iterator[bytes]:
    """The parts of two good codes, of one type or of two, joined at every place."""
    for head in GOOD:
        for tail in GOOD + OTHERS:
            for at in range(1, len(head)):
                yield head[:at] + tail[at - len(head) :]


def random_bytes() -> Iterator[bytes]:
    """Several bytes at once in a good code; and random bytes behind a part of one."""
    chance = random.Random(20260504)
    for _ in range(6000):
        raw = bytearray(chance.choice(GOOD))
        for _ in range(chance.randint(1, 8)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        yield bytes(raw)
        whole = chance.choice(GOOD)
        keep = chance.choice([0, 1, 3, 12, 16, len(whole) - 64, len(whole) - 32, len(whole) - 1])
        yield whole[:keep] + chance.randbytes(len(whole) - keep)


def other_characters() -> Iterator[str]:
    """Every other character of base45 in every place."""
    for text in map(to_text, GOOD):
        for at in range(len(text)):
            yield from (text[:at] + new + text[at + 1 :] for new in ALPHABET)


def moved_characters() -> Iterator[str]:
    for text in map(to_text, GOOD):
        for at in range(1, len(text)):
            yield text[:at]
            yield text[at:]
            yield text[at:] + text[:at]
            yield text[:at] + text[at + 1 :]
            yield text[:at] + text[at + 3 :]
            yield text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]
            yield text[:at] + text[at:].lower()
            yield from (text[:at] + new + text[at:] for new in ("0", "000", " ", "\n"))


def random_texts() -> Iterator[str]:
    chance = random.Random(20260505)
    lengths = [0, 1, 2, 3, 119, 120, 121, 131, 276, 277, 4296]
    alphabets = [ALPHABET, ALPHABET.lower(), "".join(map(chr, range(256))), "Ä１😀\ud800\0\n "]
    for _ in range(6000):
        tail = "".join(chance.choices(chance.choice(alphabets), k=chance.choice(lengths)))
        yield chance.choice(["KP1:", "KP1", "kp1:", ""]) + tail


def inputs() -> Iterator[tuple[str, str]]:
    """(how it was made, text)"""
    for make in flipped_bits, moved_bytes, joined_codes, random_bytes:
        yield from ((make.__name__, to_text(raw)) for raw in make())
    for make in other_characters, moved_characters, random_texts:
        yield from ((make.__name__, text) for text in make())


def reason_of(text: str, keyring) -> str | None:
    """At a moment when the good codes hold. Any exception but CodeRefused comes through and fails the test."""
    try:
        verify(text, keyring, LIVE, NOON)
    except CodeRefused as refusal:
        return refusal.reason
    return None


def test_no_altered_code_is_accepted(vector_keys):
    accepted = {to_text(raw) for good in GOOD + OTHERS for raw in (good, twin(good))}
    tried, reasons = Counter(), Counter()
    for how, text in inputs():
        if text not in accepted:
            reason = reason_of(text, vector_keys)
            assert reason is not None, (how, text)
            tried[how] += 1
            reasons[reason] += 1
    assert tried.total() >= 50_000, tried
    assert len(tried) == 7
    # The alterations go as deep as the checks do: they are not all turned away at the door.
    assert reasons["forged"] >= 10_000, reasons
    assert {"unreadable", "other_system", "unknown_key", "forged"} == set(reasons)


@pytest.mark.parametrize("raw", GOOD, ids=["C1", "C2", "C3"])
def test_the_twins_are_accepted(vector_keys, raw):
    """A twin says the same of the same card and step: what marks a code as used must not look at its text."""
    text, other = to_text(raw), to_text(twin(raw))
    assert text != other
    assert reason_of(text, vector_keys) is None
    assert reason_of(other, vector_keys) is None
    assert vars(parse(text)) | {"raw": b""} == vars(parse(other)) | {"raw": b""}


def test_the_networks_twin_in_a_phones_code_is_not(vector_keys):
    """The phone signs the network's signature with all else: only the holder can swap that one."""
    raw = GOOD[0]
    assert reason_of(to_text(twin(raw[:113]) + raw[113:]), vector_keys) == "forged"


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(["", "KP1:"]), st.text() | st.text(ALPHABET, min_size=120, max_size=120))
def test_any_text_is_refused(vector_keys, prefix, text):
    assert reason_of(prefix + text, vector_keys) is not None


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([184, 80, 87]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_any_bytes_are_refused(vector_keys, raw):
    assert reason_of(to_text(raw), vector_keys) is not None


YEARS = st.floats(-2e9, 6e9).map(lambda seconds: NOON + timedelta(seconds=seconds))  # 1963 to 2216


@settings(max_examples=200, deadline=None)
@given(YEARS, st.sampled_from(GOOD))
def test_a_wrong_clock_is_never_called_a_forgery(vector_keys, at, raw):
    try:
        verify(to_text(raw), vector_keys, LIVE, at)
        reason = None
    except CodeRefused as refusal:
        reason = refusal.reason
    assert reason in (None, "not_yet_valid", "expired", "old_code", "early_code")
