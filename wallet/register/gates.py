"""Gates that are not phones at the door: a venue's member of staff and a ticket agent, at a desk with a keyboard.

Each is a row of `gates`, so that idempotency, pauses, undo and the lists hold for them as for a phone.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from wallet.register import journal
from wallet.register.database import act, db
from wallet.register.errors import NotFound
from wallet.register.identities import AtGate, Staff
from wallet.register.tables import Gate, Venue
from wallet.register.tables_agents import Agent, AgentVenue


@dataclass(frozen=True)
class OfficeVenue:
    """A venue that a member of staff records for, and as what: `office` of the venue itself, or a ticket `agent`."""

    venue_id: str
    name_fi: str
    name_sv: str | None
    name_en: str | None
    kind: str
    agent_name: str | None = None


def office_venues(by: Staff) -> list[OfficeVenue]:
    """The venues that this person records for, by name; a venue's own role comes before an agent's."""
    own = {role.venue_id for role in by.roles if role.role == "venue"}
    agents = {role.agent_id for role in by.roles if role.role == "agent"}
    rows = db.session.execute(
        select(Venue, Agent.name)
        .outerjoin(AgentVenue, (AgentVenue.venue_id == Venue.id) & AgentVenue.agent_id.in_(agents))
        .outerjoin(Agent, Agent.id == AgentVenue.agent_id)
        .where(or_(Venue.id.in_(own), Agent.id.is_not(None)))
        .order_by(Venue.name_fi, Venue.id, Agent.id)
    )
    found: dict[str, OfficeVenue] = {}
    for venue, agent in rows:
        kind = "office" if venue.id in own else "agent"
        names = (venue.name_fi, venue.name_sv, venue.name_en)
        found.setdefault(venue.id, OfficeVenue(venue.id, *names, kind, agent if kind == "agent" else None))
    return list(found.values())


def at_office(by: Staff, venue_id: str, *, at: datetime) -> AtGate:
    """This person as a gate of a venue they record for; its row is made when first needed.

    Raises NotFound("venue_not_found"), also where the venue took their gate away."""
    venue = next((one for one in office_venues(by) if one.venue_id == venue_id), None)
    if venue is None:
        raise NotFound("venue_not_found")
    mine = select(Gate).where(Gate.venue_id == venue_id, Gate.account_id == by.account_id, Gate.kind == venue.kind)
    gate = db.session.scalars(mine).one_or_none()
    if gate is None:
        try:
            with act() as session:
                name = (venue.agent_name or by.name)[:80]
                gate = Gate(venue_id=venue_id, kind=venue.kind, account_id=by.account_id, name=name, made_at=at)
                session.add(gate)
                session.flush()
                journal.write("gate:office:opened", at=at, by=by, venue_id=venue_id, gate=gate.id)
        except IntegrityError:
            gate = db.session.scalars(mine).one()
    if gate.revoked_at is not None:
        raise NotFound("venue_not_found")
    return AtGate(by.sign_in, gate.id, gate.name, venue_id, gate.kind, by.account_id)
