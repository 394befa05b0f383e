"""People at desks with keyboards: a venue's own member of staff, and a ticket agent's."""

import secrets
from datetime import date

from sqlalchemy import select

from wallet.clock import helsinki_day, now
from wallet.register import accounts, agents, signins
from wallet.register.database import db
from wallet.register.identities import HeldRole, Holder, Staff
from wallet.register.tables import Card, Use


def staff(name: str, *roles: HeldRole) -> Staff:
    """A member of staff with these roles."""
    email = f"{secrets.token_hex(4)}@example.org"
    account = accounts.add_account(name, email, roles, by=None, at=now())
    found = signins.staff(signins.start("staff", at=now(), account_id=account), at=now())
    assert found
    return found


def office(venue: str = "museo", name: str = "Toimisto") -> Staff:
    """A member of staff of a venue."""
    return staff(name, HeldRole("venue", venue_id=venue))


def agent(agent_id: str = "lippu", *venues: str, name: str = "Lippukauppa") -> Staff:
    """A ticket agent's member of staff. The agent is made with its venues, if any are given."""
    if venues:
        agents.add_agent(agent_id, name, venues, by=None, at=now())
    return staff(f"{name}n myyjä", HeldRole("agent", agent_id=agent_id))


def number_of(holder: Holder) -> str:
    """The number on a holder's card."""
    return db.session.scalar(select(Card.number).where(Card.id == holder.card_id)) or ""


def recorded() -> list[Use]:
    """Every use, in the order it was recorded."""
    db.session.rollback()  # what was seen before is another moment's
    return list(db.session.scalars(select(Use).order_by(Use.id)))


def today() -> date:
    """The day in Finland."""
    return helsinki_day(now())
