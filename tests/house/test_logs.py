"""Logs: a line a request, and never a code, a number, a name or a secret in one. Real requests, the real handler."""

import io
import json
import logging
import re
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.house.asking import ask
from tests.people import People
from wallet.clock import now
from wallet.holder import views as holder_views
from wallet.register import invitations, signins
from wallet.register.cards import card_of
from wallet.signin import pins
from wallet.web import logs

SITE = "https://localhost"
PIN = "402917"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the log's own handler writes, in place of stderr."""
    stream = io.StringIO()
    handler = next(one for one in logs.log.handlers if isinstance(one.formatter, logs.JsonLines))
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before or sys.stderr)


def lines_of(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def token(client: FlaskClient, page: str) -> str:
    """The token of a page's form."""
    found = re.search(r'csrf[-_]token"[^>]*(?:value|content)="([^"]+)"', ask(client, "GET", page).text)
    assert found, page
    return found.group(1)


def test_a_request_is_a_line_of_its_route_and_nothing_of_anyone(app: Flask, people: People, log: io.StringIO) -> None:
    number = card_of(people.holder, at=now()).number
    signins.set_pin(people.holder, pins.hash_of(PIN), at=now())
    letter = invitations.invite_holder(people.holder.card_id, by=None, at=now())
    client = app.test_client()

    def lets_in(page: str, **form: str) -> bool:
        form["csrf_token"] = token(client, page)
        return ask(client, "POST", page, data=form, headers={"Referer": f"{SITE}{page}"}).status_code == 302

    assert not lets_in("/activate", code="0000-0000-0000", birth_year="1986")
    assert lets_in("/activate", code=letter, birth_year="1986")
    assert not lets_in("/sign-in", number=number, pin="111222")
    assert lets_in("/sign-in", number=number, pin=PIN)
    assert ask(client, "GET", "/card").status_code == 200
    assert ask(client, "GET", f"/visits?number={number}").status_code == 200
    assert ask(client, "GET", f"/{number}/{letter}").status_code == 404
    assert ask(client, "POST", "/activate", data={"code": letter, "csrf_token": "forged"}).status_code == 400
    with client.session_transaction(base_url=SITE) as session:
        session["gate"] = people.gate.sign_in
        held = [str(value) for value in session.values()]
    script = {"X-CSRFToken": token(client, "/sign-in"), "Referer": f"{SITE}/gate", "Accept": "application/json"}
    record = {"scan_id": str(uuid.uuid4()), "scanned_at": now().isoformat(), "number": number, "kind": "ticket"}
    for path, body in (("/gate/check", {"record": record}), ("/gate/uses", {"records": [record, {"code": letter}]})):
        assert ask(client, "POST", path, json=body, headers=script).status_code == 200
    assert ask(client, "POST", "/gate/uses", data=f'{{"{number}', headers=script).status_code in (400, 415)

    lines = lines_of(log)
    assert len(lines) >= 16
    for line in lines:
        assert set(line) == {"at", "level", "event", "route", "method", "status", "ms"}
    assert {line["route"] for line in lines} >= {
        "signin.activate",
        "signin.sign_in",
        "holder.card",
        "gate.record",
        None,
    }
    written = log.getvalue()
    for secret in (number, number[:8], letter, PIN, "1986", record["scan_id"], people.gate.sign_in, *held, "Ovi 1"):
        assert secret not in written


def test_what_breaks_is_logged_by_its_kind_and_place(
    app: Flask, people: People, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception's own words may carry a number: they are left out, its type and line are enough."""
    number = card_of(people.holder, at=now()).number

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"no such card: {number}")

    monkeypatch.setattr(holder_views.cards, "card_of", broken)
    client = app.test_client()
    with client.session_transaction(base_url=SITE) as session:
        session["holder"] = people.holder.sign_in
    answer = ask(client, "GET", "/card")
    assert answer.status_code == 500
    assert number not in answer.text
    broke = [line for line in lines_of(log) if line["level"] == "ERROR"]
    assert [line["error"] for line in broke] == ["RuntimeError"]
    assert any(frame.startswith("test_logs.py:") for frame in broke[0]["where"])
    assert number not in log.getvalue()
