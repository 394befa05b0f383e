"""Ticket agents: who sells for several venues and records uses for them. The support service adds them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from wallet.register import journal
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Who
from wallet.register.tables import Venue
from wallet.register.tables_agents import Agent, AgentVenue


@dataclass(frozen=True)
class AgentLine:
    """A ticket agent and the venues it sells for."""

    agent_id: str
    name: str
    venue_ids: tuple[str, ...]


def agents(*, limit: int = 200) -> list[AgentLine]:
    """Every ticket agent, by name."""
    found = db.session.scalars(select(Agent).order_by(Agent.name, Agent.id).limit(limit)).all()
    rows = db.session.execute(
        select(AgentVenue.agent_id, AgentVenue.venue_id)
        .where(AgentVenue.agent_id.in_([agent.id for agent in found]))
        .order_by(AgentVenue.venue_id)
    ).all()
    venues = {agent.id: tuple(venue for of, venue in rows if of == agent.id) for agent in found}
    return [AgentLine(agent.id, agent.name, venues[agent.id]) for agent in found]


def add_agent(agent_id: str, name: str, venue_ids: Iterable[str], *, by: Who | None, at: datetime) -> None:
    """A new ticket agent, which sells for these venues.

    Raises Refused("agent_exists"), NotFound("venue_not_found"); then there is no new agent."""
    try:
        with act() as session:
            session.add(Agent(id=agent_id, name=name))
            session.flush()
            venues = _give_venues(agent_id, venue_ids)
            journal.write("support:agent:made", at=at, by=by, agent=agent_id, venues=venues)
    except IntegrityError as error:
        raise Refused("agent_exists") from error


def set_agent_venues(agent_id: str, venue_ids: Iterable[str], *, by: Who | None, at: datetime) -> None:
    """These and no others are the venues that the agent sells for, from its people's next request on.

    Raises NotFound: agent_not_found, venue_not_found; then nothing is changed."""
    with act() as session:
        if session.get(Agent, agent_id) is None:
            raise NotFound("agent_not_found")
        session.execute(delete(AgentVenue).where(AgentVenue.agent_id == agent_id))
        venues = _give_venues(agent_id, venue_ids)
        journal.write("support:agent:venues", at=at, by=by, agent=agent_id, venues=venues)


def _give_venues(agent_id: str, venue_ids: Iterable[str]) -> list[str]:
    """Add venues to an agent that has none, inside the act that is under way; returns them, each once."""
    wanted = sorted(set(venue_ids))
    known = db.session.scalars(select(Venue.id).where(Venue.id.in_(wanted))).all()
    if len(known) < len(wanted):
        raise NotFound("venue_not_found")
    db.session.add_all([AgentVenue(agent_id=agent_id, venue_id=venue) for venue in wanted])
    return wanted
