"""Signing in: activation letters, passkeys, PINs, invitations of staff, enrolment of gates; and the guards."""

from flask import Flask

from wallet.signin import guards
from wallet.signin.views import blueprint

__all__ = ["blueprint", "guards", "init"]


def init(app: Flask) -> None:
    """Set up who is asking."""
    guards.init(app)
