"""The gate's pages: check a card, record its use, undo; and the office, where the same is done at a desk."""

from wallet.gate import office
from wallet.gate.views import blueprint

__all__ = ["blueprint", "office"]
