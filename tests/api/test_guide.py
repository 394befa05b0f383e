"""docs/api.md, as its readers type it. If this fails, the first thing that somebody tries does not work."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.api.system import System, token_of
from tests.people import People, venue
from wallet.register.database import act, db
from wallet.register.tables import Use
from wallet.register.tokens import SCOPES
from wallet.register.uses import UNDO_REASONS
from wallet.web import problems

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def typed(command: str) -> tuple[str, dict[str, str], Any]:
    """A curl command as (path, headers, body)."""
    words = shlex.split(command.replace("\\\n", " "))
    headers = [word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H"]
    body = words[words.index("-d") + 1] if "-d" in words else None
    return words[1].removeprefix("$API"), dict(headers), json.loads(body) if body else None


def test_its_commands_work_in_their_order(people: People, app: Any, number: str) -> None:
    with act() as session:
        session.add(venue("vapriikki"))
    system = System(app, token_of(venue_id="vapriikki"))
    commands = re.findall(r"^    (curl (?:.*\\\n)*.*)$", GUIDE, re.MULTILINE)
    assert len(commands) == 5
    told = []
    for command in commands:
        path, headers, body = typed(command)
        assert headers.pop("Authorization") == "Bearer $TOKEN"
        if body and "number" in body:
            body["number"] = number
        use = db.session.scalars(select(Use.id)).first()
        path = path.replace("4711", str(use))
        answer = system.ask("POST", path, body, headers=headers) if body else system.get(path)
        told.append(answer.status_code)
        assert answer.json
    assert told == [200, 200, 200, 201, 200]


@pytest.mark.parametrize("word", [*SCOPES, *UNDO_REASONS])
def test_it_names_each_scope_and_reason_of_an_undo(word: str) -> None:
    assert f"`{word}`" in GUIDE


def test_its_problem_is_a_real_one() -> None:
    words = problems.PROBLEMS["card_expired"]
    assert all(f'"{word}"' in GUIDE for word in words[1:])
    statuses = {str(problem[0]) for problem in problems.PROBLEMS.values()}
    assert {status for status in statuses if not re.search(rf"^\| .*{status}", GUIDE, re.MULTILINE)} == {"500"}
