"""Python's checker and the gate's JavaScript one on 100 000 random and mutated codes: the same reason, not only the
same yes or no. Missed otherwise: a visitor who is welcome with a connection and turned away without one."""

import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wallet.codes import OFFLINE, CodeRefused, verify
from wallet.codes.token import to_text

from .make_vectors import ALPHABET, LIVE, NOON
from .test_fuzz import GOOD, OTHERS, twin

pytestmark = pytest.mark.no_cover  # a hundred thousand codes are slow enough without being counted

TRIED = 100_000
HERE = Path(__file__).parent
# Around a good code's moment: both ends of the window to the second, midnight, its last day, and the years about it.
MOMENTS = [
    -86_400 * 400,
    -86_400,
    -3_600,
    -62,
    -61,
    -60,
    -31,
    0,
    1,
    59,
    60,
    61,
    119,
    120,
    121,
    134,
    136,
    3_600,
    86_400 * 30,
]


def mutants(chance: random.Random) -> Iterator[tuple[str, datetime]]:
    """Good codes at odd moments, bits flipped, bytes changed and moved, texts changed, and plain nonsense."""
    whole = GOOD + OTHERS
    while True:
        raw = chance.choice(whole)
        at = NOON + timedelta(seconds=chance.choice(MOMENTS) + chance.choice((0, 0, 0.5)))
        kind = chance.random()
        if kind < 0.12:
            yield to_text(twin(raw) if chance.random() < 0.2 else raw), at
        elif kind < 0.32:
            changed = bytearray(raw)
            for _ in range(chance.choice((1, 1, 1, 2, 5))):
                # The head has the fields; most of the rest is signature, where each bit is alike.
                bit = chance.randrange(128 if chance.random() < 0.6 else len(raw) * 8)
                changed[bit // 8] ^= 1 << bit % 8
            yield to_text(bytes(changed)), at
        elif kind < 0.5:
            keep = chance.randrange(len(raw))
            tail = chance.choice((b"", chance.randbytes(len(raw) - keep), chance.choice(whole)[keep:], raw[keep + 1 :]))
            yield to_text(raw[:keep] + tail), at
        elif kind < 0.85:
            text = list(to_text(raw))
            for _ in range(chance.choice((1, 1, 2, 4))):
                place = chance.randrange(len(text))
                match chance.randrange(4):
                    case 0:
                        text[place] = chance.choice(ALPHABET)
                    case 1:
                        text[place] = text[place].lower()
                    case 2:
                        text[place] = chance.choice(" \n\u00e4\u0660\U0001f3ab\0")
                    case 3:
                        del text[place]
            yield "".join(text), at
        elif kind < 0.95:
            yield "KP1:" + "".join(chance.choices(ALPHABET, k=chance.choice((0, 1, 120, 131, 276)))), at
        else:
            yield (
                chance.choice(("", "KP1", "kp1:", "https://example.org/?KP1:", "KP1:")) + chance.choice(("", "A", " ")),
                at,
            )


def test_both_checkers_give_the_same_reason(vectors, vector_keys, tmp_path):
    chance = random.Random(20261125)
    made = mutants(chance)
    codes = [next(made) for _ in range(TRIED)]
    asked, told = tmp_path / "codes.json", tmp_path / "reasons.json"
    asked.write_text(
        json.dumps(
            {
                "keys": vectors["keys"],
                "deployment": LIVE,
                "codes": [[text, round(at.timestamp() * 1000)] for text, at in codes],
            }
        )
    )
    with subprocess.Popen(["node", HERE / "agree.mjs", asked, told]) as node:
        reasons = []
        for text, at in codes:
            try:
                verify(text, vector_keys, LIVE, at.astimezone(UTC), OFFLINE)
                reasons.append(None)
            except CodeRefused as refused:
                reasons.append(refused.reason)
    assert node.returncode == 0
    theirs = json.loads(told.read_text())
    differ = [(ours, other, code) for ours, other, code in zip(reasons, theirs, codes, strict=True) if ours != other]
    assert differ[:3] == []
    # The heap had enough of each kind, so that agreeing on it means something.
    counted = Counter(reasons)
    for reason in (
        "unreadable",
        "other_system",
        "unknown_key",
        "forged",
        "not_yet_valid",
        "old_code",
        "early_code",
        None,
    ):
        assert counted[reason] >= 500, f"only {counted[reason]} of {reason}: {counted}"
