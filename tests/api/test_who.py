"""Who may not, and who may what. If one of these fails, a system reads or writes what is not its own."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.api.system import V1, System, problem, token_of
from tests.house.asking import ask
from tests.people import People
from wallet.clock import now
from wallet.register import agents, tokens
from wallet.signin import guards

WRONG = "kk_" + "a" * 32


def endpoints(app: Flask) -> Iterator[tuple[str, str]]:
    """Each (method, path) that is for systems with a token."""
    for rule in app.url_map.iter_rules():
        if guards.audience_of(rule.endpoint) == "api":
            assert rule.rule.startswith(V1)
            path = re.sub(r"<[^>]+>", "1", rule.rule.removeprefix(V1))
            yield from ((method, path) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def test_without_a_live_token_nobody_gets_in(app: Flask, people: People, agent_token: str) -> None:
    ended = token_of(venue_id="museo")
    tokens.end_token(tokens.tokens(venue_id="museo")[0].token_id, by=None, at=now())
    shown = [
        None,
        f"Bearer {WRONG}",
        f"Bearer {ended}",
        f"Bearer {agent_token.upper()}",
        f"Bearer {agent_token} ",
        f"Bearer {agent_token[:-1]}",
        "Bearer",
        "Bearer \udcff",
        f"Basic {agent_token}",
        f"Token {agent_token}",
        agent_token,
    ]
    asked = list(endpoints(app))
    assert len(asked) == 5
    for method, path in asked:
        for header in shown[:3]:
            answer = System(app, None).ask(method, path, headers={} if header is None else {"Authorization": header})
            assert problem(answer) == (401, "token_unknown"), (method, path, header)
            assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="api"')
    for header in shown[3:]:
        raw = header.encode("utf-8", "surrogateescape").decode("latin-1").rstrip()
        answer = System(app, None).get("/venues", headers={"Authorization": raw})
        told = problem(answer) if answer.status_code != 200 else None
        assert told == ((401, "token_unknown") if raw != f"Bearer {agent_token}" else None), header
    # It is no way in elsewhere: not in the query, not in a cookie, not at a gate's pages.
    assert System(app, None).get(f"/venues?access_token={agent_token}").status_code == 401
    for path in ("/gate", "/card", "/desk"):
        assert (
            ask(app.test_client(), "GET", path, headers={"Authorization": f"Bearer {agent_token}"}).status_code == 302
        )


def test_a_signed_in_browser_is_no_system(app: Flask, people: People) -> None:
    client = app.test_client()
    with client.session_transaction(base_url="https://localhost") as session:
        session.update(gate=people.gate.sign_in, staff=people.support.sign_in, holder=people.holder.sign_in)
    for method, path in endpoints(app):
        assert ask(client, method, V1 + path).status_code == 401


def test_an_error_is_named_only_where_a_token_was_shown(stranger: System) -> None:
    assert "error" not in stranger.get("/venues").headers["WWW-Authenticate"]
    told = stranger.get("/venues", headers={"Authorization": f"Bearer {WRONG}"}).headers["WWW-Authenticate"]
    assert 'error="invalid_token"' in told


def test_a_token_does_what_its_scopes_say(app: Flask, people: People, number: str) -> None:
    checks, records, undoes = (System(app, token_of(scope, venue_id="museo")) for scope in tokens.SCOPES)
    assert checks.check(number=number).status_code == 200
    assert records.record(number=number).status_code == 201
    for system, allowed in ((checks, "check"), (records, "record"), (undoes, "undo")):
        asked = {"check": system.check(number=number), "record": system.record(number=number), "undo": system.undo(1)}
        for scope, answer in asked.items():
            if scope == allowed:
                assert answer.status_code != 403
                continue
            assert problem(answer) == (403, "scope_missing")
            assert answer.json["scope"] == scope
            assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["WWW-Authenticate"]
        assert system.get("/venues").status_code == 200


def test_a_venue_that_is_not_the_tokens_is_not_found(agent: System, museum: System, number: str) -> None:
    for venue in ("galleria", "nowhere", "Museo", "museo ", "\ud800", "\x00"):
        for answer in (agent.check(venue, number=number), agent.record(venue, number=number)):
            assert problem(answer) == (404, "venue_not_found"), venue
    assert problem(agent.get("/venues/galleria/events")) == (404, "venue_not_found")
    assert problem(museum.check("teatteri", number=number)) == (404, "venue_not_found")
    assert [one["id"] for one in agent.get("/venues").json["venues"]] == ["museo", "teatteri"]
    assert [one["id"] for one in museum.get("/venues").json["venues"]] == ["museo"]


def test_a_use_is_undone_by_the_token_that_recorded_it_alone(
    agent: System, museum: System, theatre: System, app: Flask, number: str
) -> None:
    use = agent.record(number=number).json["id"]
    other = System(app, token_of(agent_id="lippu", name="Toinen"))
    for system in (museum, theatre, other):
        assert problem(system.undo(use)) == (404, "use_not_found")
    for unknown in (0, 2**31, 2**63 - 1):
        assert problem(agent.undo(unknown)) == (404, "use_not_found")
    for no_id in (2**63, 10**400):
        assert problem(agent.undo(no_id)) == (404, "not_found")
    assert agent.undo(use).json == {"id": use, "undone": True}


def test_what_ends_ends_at_the_next_request(agent: System, agent_token: str, number: str) -> None:
    use = agent.record("museo", number=number).json["id"]
    agents.set_agent_venues("lippu", ["teatteri"], by=None, at=now())
    assert problem(agent.check("museo", number=number)) == (404, "venue_not_found")
    assert problem(agent.undo(use)) == (404, "use_not_found")
    assert agent.check("teatteri", number=number).status_code == 200
    tokens.end_token(tokens.tokens(agent_id="lippu")[0].token_id, by=None, at=now())
    assert problem(agent.check("teatteri", number=number)) == (401, "token_unknown")


@pytest.mark.parametrize("path", ["/openapi.json", "/problems", "/problems/blocked"])
def test_the_description_is_everyones(stranger: System, path: str) -> None:
    assert stranger.get(path).status_code == 200
