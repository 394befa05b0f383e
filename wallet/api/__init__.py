"""The JSON API: ticket agents' and venues' own systems check a card, record its use and undo it, so that nobody writes
the same use down twice."""

from wallet.api.views import blueprint

__all__ = ["blueprint"]
