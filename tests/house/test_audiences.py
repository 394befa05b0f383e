"""Every endpoint is somebody's. A fault here is a page that anyone can open."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.house.asking import ask
from tests.people import People
from wallet.signin import guards

# What everyone may ask for, spelt out. A new one is added here by someone who thought about it.
PUBLIC = {
    "api.all_problems",  # words, the same for everyone
    "api.description",
    "api.one_problem",
    "components.page",  # in development only
    "gate.gate_list",  # signed, the same for everyone, nothing of anyone in it
    "gate.offline",  # a shell without anything of any gate
    "holder.offline_card",  # a shell without anything of anyone
    "holder.server_time",
    "signin.activate",
    "signin.enrol_gate",
    "signin.passkey_sign_in",
    "signin.passkey_sign_in_options",
    "signin.sign_in",
    "signin.sign_out",
    "signin.signed_out",
    "signin.staff_sign_in",
    "signin.staff_start",
    "signin.start",
    "web.gate_manifest",
    "web.manifest",
    "web.service_worker",
}
ROOM_OF = {"holder": "holder", "gate": "gate", "office": "staff", "desk": "staff", "coordinator": "staff", "api": "api"}


def _rules(app: Flask, audience: str) -> Iterator[tuple[Rule, str, str]]:
    """Each rule of an audience with a method and an address that fits it."""
    for rule in app.url_map.iter_rules():
        if guards.audience_of(rule.endpoint) != audience:
            continue
        address = re.sub(r"<(?:int|any)[^>]*>", "1", rule.rule)
        address = re.sub(r"<[^>]+>", "x", address)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, address


def test_every_endpoint_has_an_audience_and_the_public_ones_are_these(app: Flask) -> None:
    audiences = {endpoint: guards.audience_of(endpoint) for endpoint in app.view_functions}
    assert set(audiences.values()) == {"public", "holder", "gate", "staff", "api"}  # api: tests/api/test_who.py
    assert {endpoint for endpoint, audience in audiences.items() if audience == "public"} == PUBLIC


def test_a_room_is_its_own_peoples(app: Flask) -> None:
    for endpoint in app.view_functions:
        room = endpoint.partition(".")[0]
        if room in ROOM_OF and endpoint not in PUBLIC:
            assert guards.audience_of(endpoint) == ROOM_OF[room], endpoint


def test_an_endpoint_without_an_audience_is_not_served(app: Flask) -> None:
    """Default deny: the application does not even start with one."""
    silent = Flask("silent")
    silent.add_url_rule("/silent", "silent", lambda: "something")
    with pytest.raises(RuntimeError, match="without an audience: silent"):
        guards.require_audiences(silent)


def client_of(app: Flask, people: People, audience: str | None) -> FlaskClient:
    """A browser that is signed in for one audience, or for none."""
    client = app.test_client()
    if audience is not None:
        who = {"holder": people.holder, "gate": people.gate, "staff": people.desk}[audience]
        with client.session_transaction(base_url="https://localhost") as session:
            session[audience] = who.sign_in
    return client


@pytest.mark.parametrize("audience", ["holder", "gate", "staff"])
@pytest.mark.parametrize("asking", [None, "holder", "gate", "staff"])
def test_nobody_gets_into_anothers_pages(app: Flask, people: People, audience: str, asking: str | None) -> None:
    """Each page of each audience, asked for by each of the others."""
    if asking == audience:
        return
    client = client_of(app, people, asking)
    tried = 0
    for rule, method, address in _rules(app, audience):
        answer = ask(client, method, address)
        if method == "GET":
            assert answer.status_code == 302, f"{rule.endpoint} let {asking or 'a stranger'} in"
        else:
            # Without the page's token nothing gets as far as the guard.
            assert answer.status_code in (302, 400), f"{rule.endpoint} took a {method} of {asking or 'a stranger'}"
        as_script = ask(client, method, address, headers={"Accept": "application/json"})
        assert as_script.status_code in (400, 401), rule.endpoint
        assert as_script.is_json
        tried += 1
    assert tried


def test_the_test_would_notice_an_open_page(app: Flask, people: People) -> None:
    client = client_of(app, people, "holder")
    assert ask(client, "GET", "/visits").status_code == 200


def test_the_guards_also_stand_behind_the_token(app: Flask, people: People) -> None:
    """A stranger who has a form's token of their own is stopped by the guard itself."""
    client = client_of(app, people, None)
    page = ask(client, "GET", "/sign-in").text
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    headers = {"X-CSRFToken": found.group(1), "Referer": "https://localhost/", "Accept": "application/json"}
    for audience in ("holder", "gate", "staff"):
        for rule, method, address in _rules(app, audience):
            if method != "GET":
                answer = ask(client, method, address, headers=headers, json={})
                assert (answer.status_code, answer.json) == (401, {"error": "signed_out"}), rule.endpoint
