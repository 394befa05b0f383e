"""The issuer's desk."""

from wallet.desk import community, giving, importing, paper, views  # noqa: F401  each module adds its pages to the blueprint
from wallet.desk.blueprint import blueprint

__all__ = ["blueprint"]
