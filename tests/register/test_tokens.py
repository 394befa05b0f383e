"""Tokens of agents' and venues' systems. If one of these fails, a system gets in that should not, or a token can be
read out of a stolen copy of the register."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.people import People, venue
from tests.register.scans import NOON, add_event, count, typed
from tests.register.test_racing import at_once
from wallet.register import agents, cards, tokens, uses
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import ApiCaller
from wallet.register.tables import Gate, JournalLine
from wallet.register.tables_agents import ApiToken

pytestmark = pytest.mark.usefixtures("from_noon")


@pytest.fixture
def agent(people: People) -> str:
    """Sells for the museum and the theatre."""
    with act() as session:
        session.add(venue("galleria"))
    agents.add_agent("lippu", "Lipputoimisto", ["museo", "teatteri"], by=None, at=NOON)
    return "lippu"


def make(**more: Any) -> str:
    """A token of the agent's."""
    given = {"name": "Kassa", "scopes": tokens.SCOPES, "agent_id": "lippu", "by": None, "at": NOON} | more
    if "venue_id" in more:
        del given["agent_id"]
    return tokens.make_token(given.pop("name"), given.pop("scopes"), **given)


def caller(text: str) -> ApiCaller:
    found = tokens.for_token(text, at=NOON)
    assert found
    return found


def test_a_token_is_told_once_and_kept_as_a_hash(people: People, agent: str) -> None:
    made = {make(by=people.support) for _ in range(20)}
    assert len(made) == 20
    assert all(re.fullmatch("kk_[a-z2-7]{32}", text) for text in made)
    rows = db.session.scalars(select(ApiToken)).all()
    assert {len(row.token_hash) for row in rows} == {32}
    lines = db.session.scalars(select(JournalLine).where(JournalLine.act == "coordinator:token:made")).all()
    assert [line.by_account_id for line in lines] == [people.support.account_id] * 20
    kept = " ".join([*(str(vars(row)) for row in rows), *(str(vars(line)) for line in lines), str(tokens.tokens())])
    assert not [text for text in made if text in kept or text[3:] in kept]


def test_whose_it_is_and_what_it_may(people: People, agent: str) -> None:
    of_agent = caller(make(name="  Lippu  kassa ", scopes=["undo", "check"]))
    assert (of_agent.name, of_agent.scopes) == ("Lippu kassa", {"check", "undo"})
    assert (of_agent.agent_id, of_agent.venue_id, of_agent.venue_ids) == ("lippu", None, {"museo", "teatteri"})
    of_venue = caller(make(venue_id="galleria", scopes=["record"]))
    assert (of_venue.agent_id, of_venue.venue_id, of_venue.venue_ids) == (None, "galleria", {"galleria"})
    assert of_venue.scopes == {"record"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"agent_id": None}, "one_owner"),
        ({"venue_id": "museo", "agent_id": "lippu"}, "one_owner"),
        ({"agent_id": "nobody"}, "agent_not_found"),
        ({"venue_id": "nowhere"}, "venue_not_found"),
        ({"name": " "}, "name_shape"),
        ({"name": "x" * 81}, "name_shape"),
        ({"scopes": []}, "scope_unknown"),
        ({"scopes": ["check", "admin"]}, "scope_unknown"),
    ],
)
def test_what_is_no_token(agent: str, given: dict[str, Any], reason: str) -> None:
    whole = {"name": "Kassa", "scopes": ["check"], "by": None, "at": NOON}
    whole |= ({} if "venue_id" in given else {"agent_id": "lippu"}) | given
    with pytest.raises(Refused) as refused:
        tokens.make_token(whole.pop("name"), whole.pop("scopes"), **whole)
    assert refused.value.reason == reason
    assert count(ApiToken) == 0


@pytest.mark.parametrize("text", ["", "kk_", "kk_" + "a" * 31, "kk_" + "A" * 32, "kk_" + "1" * 32, "x" * 10_000])
def test_what_is_not_of_their_shape_is_nobodys(agent: str, text: str) -> None:
    assert tokens.for_token(text, at=NOON) is None
    assert tokens.for_token("kk_" + "a" * 32, at=NOON) is None


def test_an_ended_token_is_nobodys_from_then_on(people: People, agent: str) -> None:
    text, other = make(), make(name="Toinen")
    token_id = caller(text).token_id
    tokens.end_token(token_id, by=people.support, at=NOON)
    assert tokens.for_token(text, at=NOON) is None
    assert caller(other).name == "Toinen"
    with pytest.raises(Refused, match="token_ended"):
        tokens.end_token(token_id, by=people.support, at=NOON)
    with pytest.raises(NotFound, match="token_not_found"):
        tokens.end_token(token_id + 99, by=people.support, at=NOON)
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "coordinator:token:ended")).one()
    assert (line.by_account_id, line.facts) == (people.support.account_id, {"agent": "lippu", "token": token_id})


def test_the_list_says_what_is_used_and_what_ended(agent: str) -> None:
    first, second, of_venue = make(), make(name="Toinen", scopes=["check"]), make(name="Museo", venue_id="museo")
    tokens.end_token(caller(second).token_id, by=None, at=NOON + timedelta(hours=1))
    caller(first)
    caller(of_venue)
    listed = tokens.tokens(agent_id="lippu")
    assert [(one.name, one.scopes, one.ended_at) for one in listed] == [
        ("Toinen", ("check",), NOON + timedelta(hours=1)),
        ("Kassa", tokens.SCOPES, None),
    ]
    assert [one.name for one in tokens.tokens(venue_id="museo")] == ["Museo"]
    assert [one.name for one in tokens.tokens()] == ["Museo", "Toinen", "Kassa"]
    assert [one.name for one in tokens.tokens(limit=1)] == ["Museo"]


def test_use_is_noted_once_in_five_minutes(agent: str) -> None:
    text = make()
    for minutes, noted in ((0, 0), (4, 0), (5, 0), (6, 6), (7, 6)):
        assert tokens.for_token(text, at=NOON + timedelta(minutes=minutes))
        assert tokens.tokens()[0].used_at == NOON + timedelta(minutes=noted)


# A system at its venues


def test_a_system_is_one_gate_a_venue(people: People, agent: str) -> None:
    by = caller(make())
    museum, theatre = (tokens.at_venue(by, place, at=NOON) for place in ("museo", "teatteri"))
    assert (museum.kind, museum.gate_name, museum.venue_id, museum.account_id) == ("api", "Kassa", "museo", None)
    assert tokens.at_venue(by, "museo", at=NOON) == museum
    assert museum.gate_id != theatre.gate_id
    other = caller(make())
    assert tokens.at_venue(other, "museo", at=NOON).gate_id != museum.gate_id
    for elsewhere in ("galleria", "nowhere", ""):
        with pytest.raises(NotFound, match="venue_not_found"):
            tokens.at_venue(by, elsewhere, at=NOON)
    opened = select(JournalLine).where(JournalLine.act == "gate:api:opened").order_by(JournalLine.id)
    lines = db.session.scalars(opened).all()
    assert [(line.venue_id, line.facts["gate"]) for line in lines][:2] == [
        ("museo", museum.gate_id),
        ("teatteri", theatre.gate_id),
    ]


def test_a_gate_is_made_once_also_by_twenty_at_once(app: Flask, agent: str) -> None:
    by = caller(make())
    gates = at_once(app, [lambda: tokens.at_venue(by, "museo", at=NOON)] * 20)
    assert len({gate.gate_id for gate in gates}) == 1
    assert count(Gate, Gate.kind == "api") == 1


def test_a_gate_that_was_taken_away_is_none(people: People, agent: str) -> None:
    """A venue's one tap stops an agent's system there, and nowhere else."""
    by = caller(make())
    gate = tokens.at_venue(by, "museo", at=NOON)
    number = cards.card_of(people.holder, at=NOON).number
    use = uses.record_use(typed(number), by=gate, at=NOON).facts["use_id"]
    assert tokens.at_use(by, use) == gate
    with act() as session:
        session.execute(update(Gate).where(Gate.id == gate.gate_id).values(revoked_at=NOON))
    with pytest.raises(NotFound, match="venue_not_found"):
        tokens.at_venue(by, "museo", at=NOON)
    with pytest.raises(NotFound, match="use_not_found"):
        tokens.at_use(by, use)
    assert tokens.at_venue(by, "teatteri", at=NOON).venue_id == "teatteri"


def test_a_use_is_the_tokens_that_recorded_it_while_its_venue_is(people: People, agent: str) -> None:
    text = make()
    by, other = caller(text), caller(make())
    number = cards.card_of(people.holder, at=NOON).number
    use = uses.record_use(typed(number), by=tokens.at_venue(by, "museo", at=NOON), at=NOON).facts["use_id"]
    at_door = uses.record_use(typed(number, another=True), by=people.gate, at=NOON).facts["use_id"]
    assert tokens.at_use(by, use).venue_id == "museo"
    for who, which in ((other, use), (by, at_door), (by, 99)):
        with pytest.raises(NotFound, match="use_not_found"):
            tokens.at_use(who, which)
    agents.set_agent_venues("lippu", ["teatteri"], by=None, at=NOON)
    with pytest.raises(NotFound, match="use_not_found"):
        tokens.at_use(caller(text), use)


def test_what_was_asked_with_a_key_is_known_by_gate(people: People, agent: str) -> None:
    by, other = caller(make()), caller(make())
    number = cards.card_of(people.holder, at=NOON).number
    gate = tokens.at_venue(by, "museo", at=NOON)
    assert tokens.asked_before(by, "till-0001") == {}
    told = uses.record_use(typed(number, scan_id="till-0001", asked="print"), by=gate, at=NOON)
    assert tokens.asked_before(by, "till-0001") == {gate.gate_id: "print"}
    assert tokens.asked_before(other, "till-0001") == {}
    assert uses.answers_given(gate, ["till-0001"]) == {"till-0001": told}
    assert uses.answers_given(tokens.at_venue(other, "museo", at=NOON), ["till-0001"]) == {}
    assert uses.answers_given(people.gate, ["till-0001"]) == {}, "a phone has nothing to do with a till's count"


def test_venues_and_their_events(people: People, agent: str) -> None:
    by = caller(make())
    assert [(one.venue_id, one.offers) for one in tokens.venues(by)] == [
        ("museo", ("ticket",)),
        ("teatteri", ("ticket",)),
    ]
    assert tokens.venues(by)[0].names == {"fi": "Museo", "sv": "Museet", "en": None}
    assert len(tokens.venues(by, limit=1)) == 1
    past = add_event(starts_at=NOON - timedelta(hours=7))
    over = add_event(starts_at=NOON - timedelta(hours=5))
    later = [add_event(starts_at=NOON + timedelta(days=60), ceiling=4) for _ in range(2)]
    add_event("teatteri")
    found = tokens.events(by, "museo", at=NOON)
    assert past not in [one.event_id for one in found]
    assert [(one.event_id, one.left) for one in found] == [(over, None), (later[0], 4), (later[1], 4)]
    assert [one.event_id for one in tokens.events(by, "museo", at=NOON, after=over)] == later
    assert [one.event_id for one in tokens.events(by, "museo", at=NOON, after=later[0])] == later[1:]
    assert tokens.events(by, "museo", at=NOON, after=99_999) == []
    assert len(tokens.events(by, "museo", at=NOON, limit=1)) == 1
    with pytest.raises(NotFound, match="venue_not_found"):
        tokens.events(by, "galleria", at=NOON)
