"""The gate's pages: check a card, record its use, undo."""

from wallet.gate.views import blueprint

__all__ = ["blueprint"]
