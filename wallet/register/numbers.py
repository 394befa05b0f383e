"""The card's number: 11 random digits and a Damm check digit, shown 4-4-4 (DOMAIN.md, "Who gets a card").

Numbers of older cards are imported as they are: an opaque string of letters and digits.
"""

import re
import secrets
import unicodedata

# Damm's quasigroup of order 10 (H. M. Damm, 2004): finds every single wrong digit and every swap of neighbours.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_OUR_LENGTH = 12


def check_digit(digits: str) -> str:
    """The Damm check digit of a string of digits."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return str(interim)


def new_number() -> str:
    """A number for a new card: 12 digits, not yet compared with the register."""
    digits = "".join(secrets.choice("0123456789") for _ in range(_OUR_LENGTH - 1))
    return digits + check_digit(digits)


def mistyped(number: str) -> bool:
    """True where a normalised number has our shape but not our check digit."""
    return number.isdecimal() and len(number) == _OUR_LENGTH and check_digit(number[:-1]) != number[-1]


def normalise(typed: str) -> str | None:
    """What a person typed, as the register keeps it; None where it can't be a number at all.

    Accepts lower case, spaces, hyphens, full-width digits, and in a number of digits O for 0, I or l for 1.
    """
    text = unicodedata.normalize("NFKC", typed)
    text = re.sub(r"[\s\-\u2010-\u2015\u2212.]", "", text)
    if not re.fullmatch(r"[0-9A-Za-z]{4,24}", text):
        return None
    digits = text.translate(str.maketrans("OoIil", "00111"))
    # Letters of an older number stay what they are: only an all-digit reading is repaired.
    return digits if digits.isdecimal() else text.upper()


def shown(number: str) -> str:
    """The number as people read it: groups of four."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
