"""Logs of the API. If this fails, an operator's log holds a way in, or a card."""

import io

import pytest

from tests.api.system import System, problem
from tests.gate.doors import Phone
from tests.house.test_logs import lines_of, log
from wallet.api import views as api_views

__all__ = ["log"]  # the fixture


def test_a_log_holds_no_token_no_number_no_code_and_no_key(
    agent: System, agent_token: str, phone: Phone, number: str, log: io.StringIO
) -> None:
    code, key = phone.code(), "till-7-900017"
    assert agent.check(number=number).status_code == 200
    assert agent.check(code=code).status_code == 200
    use = agent.record(code=code, key=key).json["id"]
    assert problem(agent.record(number=number, key=key))[0] == 422
    assert agent.undo(use).status_code == 200
    assert agent.ask("POST", "/uses", data=f'{{"{number}').status_code == 400
    assert agent.get(f"/venues?token={agent_token}&number={number}").status_code == 200
    assert problem(agent.get(f"/{agent_token}/{number}"))[0] == 404
    assert problem(System(agent.app, agent_token[:-1] + "7").get("/venues"))[0] == 401
    lines = lines_of(log)
    assert len(lines) >= 9
    assert {line["route"] for line in lines} >= {"api.check", "api.record", "api.undo", "api.venues", None}
    written = log.getvalue()
    for secret in (agent_token, agent_token[3:], number, number[:8], code, code[4:40], key, "1986", "Lipputoimiston"):
        assert secret not in written


def test_what_breaks_is_logged_without_what_it_broke_on(
    agent: System, agent_token: str, number: str, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"{agent_token} {number}")

    monkeypatch.setattr(api_views.scans, "store", broken)
    assert problem(agent.record(number=number)) == (500, "broken")
    assert agent_token not in log.getvalue()
    assert number not in log.getvalue()
    assert "RuntimeError" in log.getvalue()
