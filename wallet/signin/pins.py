"""The PIN: six digits with the card's number, for a phone that has no passkey."""

from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from wallet.register import signins
from wallet.register.numbers import normalise

# OWASP's setting for argon2id: 19 MiB, two passes; eight sign-ins at once still fit a small server.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Compared where there is nothing to compare, so that an unknown number takes as long as a wrong PIN.
_NOBODY = _hasher.hash("no card has this")


def hash_of(pin: str) -> str:
    """The hash that the register keeps."""
    return _hasher.hash(pin)


def card_with(number: str, pin: str, *, at: datetime) -> int | None:
    """The card of this number and PIN; None where they don't fit, or the card must wait after five tries."""
    wanted = normalise(number)
    found = signins.begin_pin_try(wanted, at=at) if wanted else None
    card_id, kept = found if found else (None, _NOBODY)
    try:
        _hasher.verify(kept, pin)
    except (VerifyMismatchError, InvalidHashError):
        return None
    if card_id is not None:
        signins.pin_was_right(card_id, at=at)
    return card_id
