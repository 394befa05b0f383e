"""The holder's pages: my card, my children, places, my visits, my data."""

from wallet.holder import data, views, visits  # noqa: F401  each module adds its pages to the blueprint
from wallet.holder.blueprint import blueprint

__all__ = ["blueprint"]
