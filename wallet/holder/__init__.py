"""The holder's pages: my card, my children, my visits."""

from wallet.holder.views import blueprint

__all__ = ["blueprint"]
