"""What systems send at once. If one of these fails, an impatient till writes a visitor down twice."""

from collections import Counter

import pytest
from flask import Flask

from tests.api.system import System
from tests.gate.doors import Phone
from tests.register.scans import count
from tests.register.test_racing import at_once
from wallet.register.database import db
from wallet.register.tables import Gate, Scan, Use

POSTS = 20


def test_twenty_posts_of_one_key_are_one_use_and_one_answer(app: Flask, agent: System, phone: Phone) -> None:
    """Also where the system was never at this venue before, so that its gate is made at once twenty times."""
    code = phone.code(party=(1, 0))
    answers = at_once(app, [lambda: agent.record(code=code, key="till-1-000001")] * POSTS)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: POSTS - 1}
    assert [answer.json for answer in answers] == [answers[0].json] * POSTS
    db.session.rollback()
    assert (count(Use), count(Scan), count(Gate, Gate.kind == "api")) == (1, 1, 1)


@pytest.mark.parametrize("shown", ["code", "number"])
def test_twenty_keys_of_one_card_are_one_use(app: Flask, agent: System, phone: Phone, number: str, shown: str) -> None:
    body = {"code": phone.code()} if shown == "code" else {"number": number}
    jobs = [lambda n=n: agent.record(key=f"till-1-{n:06}", **body) for n in range(POSTS)]
    told = Counter((answer.status_code, answer.json.get("reason")) for answer in at_once(app, jobs))
    assert told == {(201, None): 1, (422, "already_recorded"): POSTS - 1}
    db.session.rollback()
    assert (count(Use), count(Scan)) == (1, POSTS)


def test_one_key_of_two_requests_is_the_firsts(app: Flask, agent: System, number: str, other_number: str) -> None:
    """Whoever was second hears so: nobody believes a use recorded that is not."""
    jobs = [lambda n=n: agent.record(number=(number, other_number)[n % 2], key="till-1-000001") for n in range(POSTS)]
    told = Counter((answer.status_code, answer.json.get("reason")) for answer in at_once(app, jobs))
    assert told == {(201, None): 1, (200, None): POSTS // 2 - 1, (422, "key_reused"): POSTS // 2}
    db.session.rollback()
    assert count(Use) == 1


def test_a_refusal_is_one_answer_too(app: Flask, agent: System) -> None:
    answers = at_once(app, [lambda: agent.record(number="12", key="till-1-000001")] * POSTS)
    assert {(answer.status_code, answer.json["reason"]) for answer in answers} == {(422, "mistyped_number")}
    db.session.rollback()
    assert (count(Use), count(Scan)) == (0, 1)


def test_twenty_undos_give_one_place_back(app: Flask, agent: System, number: str) -> None:
    use = agent.record(number=number).json["id"]
    told = Counter(answer.status_code for answer in at_once(app, [lambda: agent.undo(use)] * POSTS))
    assert told == {200: 1, 422: POSTS - 1}
