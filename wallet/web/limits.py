"""Limits on guessing, by address. They count misses only, and generously: forty people share a venue's Wi-Fi.

What stops a guesser is counted where the guess is aimed: five tries of a letter, five of a PIN, ten misses of a gate.
"""

from ipaddress import IPv6Address, ip_address, ip_network

from flask import Response, g, request
from flask_limiter import Limiter


def address() -> str:
    """Who is counted: the visitor's IPv4 address, or the /64 of their IPv6 one, since a household has all of a /64."""
    given = request.remote_addr or ""
    try:
        found = ip_address(given.partition("%")[0])
    except ValueError:
        return given  # a socket of the same machine
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


# Where the shared counter is away, each worker counts for itself until it is back: nobody is turned away for it.
limiter = Limiter(address, headers_enabled=False, swallow_errors=True, in_memory_fallback_enabled=True)


def _missed(_response: Response) -> bool:
    return bool(g.get("missed"))


guessing = limiter.shared_limit("120 per 10 minutes", scope="guessing", deduct_when=_missed)


# Of the JSON API. A right token is never counted with the wrong ones of its address: nobody can shut a neighbour out.


@limiter.shared_limit("600 per minute", scope="token", key_func=lambda: f"token:{g.token_id}")
def of_token() -> None:
    """Count a request of the token `g.token_id`. Raises RateLimitExceeded."""


@limiter.shared_limit("120 per minute", scope="wrong token")
def of_wrong_token() -> None:
    """Count a request without a token, or with one that is none, by its address. Raises RateLimitExceeded."""
