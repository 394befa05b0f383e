"""The issuer's desk."""

from wallet.desk.views import blueprint

__all__ = ["blueprint"]
