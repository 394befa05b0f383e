"""The description is what the API does. schemathesis makes up requests from it, right ones and wrong ones, always the
same. If this fails, a program that was written from the description breaks on the first busy evening."""

import contextvars
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig

from tests.api.system import System
from tests.gate.reasons import heard
from wallet.api import openapi
from wallet.register.tokens import SCOPES
from wallet.web import problems
from wallet.web.limits import limiter

EXAMPLES = 30  # made-up requests an operation, beside those at each limit of each field


class Served:
    """The application of the test that is running, as schemathesis finds it; each request in a context of its own."""

    app: Flask | None = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        assert self.app is not None
        environ["REMOTE_ADDR"] = "127.0.0.1"
        return contextvars.Context().run(self.app, environ, start)


served = Served()
DESCRIPTION = openapi.description("http://localhost")
# A refusal of the register is no fault of the request: 422 is for it alone, and what can't be read is 400.
_ANSWERS = {"positive_data_acceptance": {"expected-statuses": ["2xx", "422", "404"]}}
api = schemathesis.openapi.from_dict(DESCRIPTION, config=SchemathesisConfig.from_dict({"checks": _ANSWERS, "seed": 1}))
api.app = served


@pytest.mark.one_database
@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_what_is_made_up_from_it_is_answered_as_it_says(
    case: schemathesis.Case, app: Flask, agent_token: str, number: str
) -> None:
    served.app = app
    limiter.reset()
    if isinstance(case.body, dict) and case.body.get("venue") and isinstance(case.body.get("number"), str):
        # A made-up venue and number reach no rule: these do.
        case.body |= {"venue": "museo", "number": number}
    case.call_and_validate(headers={"Authorization": f"Bearer {agent_token}"})


def test_it_is_openapi() -> None:
    api.validate()
    assert DESCRIPTION["openapi"].startswith("3.1")
    broken = openapi.description("http://localhost") | {"paths": {"/checks": {"post": {"responses": 1}}}}
    with pytest.raises(Exception, match=r"responses|valid"):
        schemathesis.openapi.from_dict(broken).validate()


def test_it_tells_every_endpoint_and_no_other(app: Flask, stranger: System) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    served = {re.sub(r"<[^>]+>", "{id}", rule.rule.removeprefix("/api/v1")) for rule in rules}
    about = {"/openapi.json", "/problems", "/problems/{id}"}
    assert served == {*DESCRIPTION["paths"]} | about
    told = stranger.get("/openapi.json")
    assert told.json == DESCRIPTION
    scopes = {
        s
        for path in DESCRIPTION["paths"].values()
        for s in path.get("post", {}).get("security", [{"token": ()}])[0]["token"]
    }
    assert scopes == set(SCOPES)


def test_every_reason_is_told(stranger: System) -> None:
    """A reason that the register begins to give is a problem with words of its own, and in the description."""
    assert sorted(heard() - {*problems.PROBLEMS}) == []
    listed = stranger.get("/problems").json["problems"]
    assert [one["reason"] for one in listed] == list(problems.PROBLEMS)
    for one in listed:
        alone = stranger.get(one["type"].removeprefix("http://localhost/api/v1"))
        assert alone.json == one
        assert one["title"][-1] != "."
        assert one["detail"][-1] == "."
    assert problems.PROBLEMS["blocked"][0] == 422


def test_a_reason_without_words_is_told_all_the_same(app: Flask) -> None:
    with app.test_request_context("/api/v1/uses"):
        answer = problems.answer("brand_new", facts={})
    told = json.loads(answer.get_data())
    assert (answer.status_code, told["reason"], told["facts"]) == (422, "brand_new", {})
