"""A system for tests: a program with a token that speaks JSON, and keeps no cookies."""

import uuid
from typing import Any

from flask import Flask

from tests.house.asking import ask
from wallet.clock import now
from wallet.register import tokens
from wallet.register.database import db

V1 = "/api/v1"
UNSENT = object()


class System:
    """What has a token, or none."""

    def __init__(self, app: Flask, token: str | None) -> None:
        self.app, self.token = app, token
        self.client = app.test_client(use_cookies=False)

    def ask(self, method: str, path: str, body: Any = UNSENT, **more: Any) -> Any:
        """One request, in a context of its own."""
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        headers |= more.pop("headers", {})
        sent = {} if body is UNSENT else {"json": body}
        db.session.rollback()  # what the test read before ends here; it reads what the request wrote
        return ask(self.client, method, V1 + path, headers=headers, **sent, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("GET", path, **more)

    def check(self, venue: str = "museo", **body: Any) -> Any:
        return self.ask("POST", "/checks", {"venue": venue} | body)

    def record(self, venue: str = "museo", *, key: str | None = None, **body: Any) -> Any:
        """A use, with a key of its own unless one is given."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.ask("POST", "/uses", {"venue": venue} | body, headers=headers)

    def undo(self, use_id: int, reason: str = "wrong_card") -> Any:
        return self.ask("POST", f"/uses/{use_id}/undo", {"reason": reason})


def token_of(*scopes: str, name: str = "Kassa", **owner: str) -> str:
    """A new token, of an agent or of a venue; with every scope unless some are given."""
    return tokens.make_token(name, scopes or tokens.SCOPES, by=None, at=now(), **owner)


def problem(answer: Any) -> tuple[int, str]:
    """What a problem document comes down to; it is a whole one."""
    assert answer.mimetype == "application/problem+json", answer.text
    told = answer.json
    assert told["type"] == f"http://localhost{V1}/problems/{told['reason']}"
    assert told["title"]
    assert told["detail"]
    assert told["status"] == answer.status_code
    return answer.status_code, told["reason"]
