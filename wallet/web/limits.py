"""Limits on guessing, by address. They count misses only, and generously: forty people share a venue's Wi-Fi.

What stops a guesser is counted where the guess is aimed: five tries of a letter, five of a PIN, ten misses of a gate.
"""

from flask import Response, g
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, headers_enabled=False, swallow_errors=True)


def _missed(_response: Response) -> bool:
    return bool(g.get("missed"))


guessing = limiter.shared_limit("120 per 10 minutes", scope="guessing", deduct_when=_missed)
