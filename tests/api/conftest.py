"""A ticket agent's system, a museum's, another agent's, and one without a token; cards to show them."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.api.system import System, token_of
from tests.gate.doors import Phone
from tests.people import People, venue
from wallet.clock import now
from wallet.config import Settings
from wallet.register import agents, cards
from wallet.register.database import act
from wallet.web.limits import limiter


@pytest.fixture(autouse=True)
def _counters(app: Flask) -> Iterator[None]:
    """Each test begins with fresh limits: the rows' ids begin anew too."""
    limiter.reset()
    yield
    limiter.reset()


@pytest.fixture
def agent_token(people: People) -> str:
    """Of an agent that sells for the museum and the theatre, and not for the gallery."""
    with act() as session:
        session.add(venue("galleria"))
    agents.add_agent("lippu", "Lipputoimisto", ["museo", "teatteri"], by=None, at=now())
    return token_of(agent_id="lippu", name="Lipputoimiston kassa")


@pytest.fixture
def agent(app: Flask, agent_token: str) -> System:
    return System(app, agent_token)


@pytest.fixture
def museum(app: Flask, people: People) -> System:
    """The museum's own till."""
    return System(app, token_of(venue_id="museo", name="Museon kassa"))


@pytest.fixture
def theatre(app: Flask, people: People) -> System:
    """Another venue's till."""
    return System(app, token_of(venue_id="teatteri", name="Teatterin kassa"))


@pytest.fixture
def stranger(app: Flask) -> System:
    return System(app, None)


@pytest.fixture
def number(people: People) -> str:
    """The holder's; born 1986, two of their three child tickets open doors."""
    return cards.card_of(people.holder, at=now()).number


@pytest.fixture
def other_number(people: People) -> str:
    """The other holder's; born 1961, no children."""
    return cards.card_of(people.other_holder, at=now()).number


@pytest.fixture
def phone(people: People, settings: Settings) -> Phone:
    """The holder's."""
    return Phone(people.holder, settings)
