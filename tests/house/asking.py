"""A request of the test client."""

import contextvars
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def ask(client: FlaskClient, method: str, address: str, **options: Any) -> TestResponse:
    """A request in a context of its own, as on a server: in the test's, it would find who asked last."""
    options = {"method": method, "base_url": "https://localhost"} | options
    return contextvars.Context().run(client.open, address, **options)
