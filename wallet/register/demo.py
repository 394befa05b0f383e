"""Demo people for trying the product out: an issuer of their own, beside the real network. Development only."""

from datetime import datetime, timedelta

from sqlalchemy import select

from wallet.clock import HELSINKI, helsinki_day, helsinki_year
from wallet.register import accounts, agents, cards, venues
from wallet.register.database import act, db
from wallet.register.identities import HeldRole
from wallet.register.tables import Card, ChildTicket, Issuer, Unit

ISSUER = "esittely"
AREA = "tampere"
AGENT = "esittely"


def demo_unit() -> int:
    """The unit that demo cards come from; made when first needed."""
    found = venues.unit_of_issuer(ISSUER)
    if found is not None:
        return found
    with act() as session:
        session.add(Issuer(id=ISSUER, area_id=AREA, name="Esittelyn kortinjakaja", kind="demo"))
        session.flush()
        unit = Unit(issuer_id=ISSUER, name="Esittelyn palvelupiste")
        session.add(unit)
        session.flush()
        return unit.id


def demo_card(birth_year: int, *, with_children: bool, at: datetime) -> int:
    """A demo holder's card: the one that is there, or a new one. Children: one under age, one turning 18 this year,
    one ended."""
    unit = demo_unit()
    families = select(ChildTicket.card_id)
    query = select(Card.id).where(
        Card.unit_id == unit,
        Card.birth_year == birth_year,
        Card.state == "registered",
        Card.last_day >= helsinki_day(at),
        Card.id.in_(families) if with_children else Card.id.not_in(families),
    )
    found = db.session.scalar(query.order_by(Card.id).limit(1))  # the oldest: others may be given out at the same desk
    if found is not None:
        return found
    year = helsinki_year(at)
    children = ((year - 7, "child"), (year - 18, "child"), (year - 20, "grandchild")) if with_children else ()
    card_id, _ = cards.register_card(unit, by=None, at=at, birth_year=birth_year, postcode="33100", children=children)
    return card_id


def demo_account(name: str, email: str, role: HeldRole, *, at: datetime) -> int:
    """A demo member of staff."""
    return accounts.account_id(email) or accounts.add_account(name, email, (role,), by=None, at=at)


def demo_events(venue_id: str, *, at: datetime) -> None:
    """An evening at the venue for today, with a ceiling."""
    local = at.astimezone(HELSINKI)
    source = f"demo-{local.date().isoformat()}"
    if venues.event_of_source(venue_id, source) is None:
        starts = local.replace(hour=18, minute=0, second=0, microsecond=0)
        ends = starts + timedelta(hours=3)
        venues.add_event(venue_id, "Museoilta", starts, ends, by=None, at=at, ceiling=40, source_id=source)


def demo_agent(venue_ids: tuple[str, ...], *, at: datetime) -> str:
    """A demo ticket agent for these venues, made when first needed; returns its id."""
    if all(one.agent_id != AGENT for one in agents.agents()):
        agents.add_agent(AGENT, "Esittelyn lipunvälittäjä", venue_ids, by=None, at=at)
    return AGENT


def demo_course(venue_id: str, *, at: datetime) -> None:
    """A course that begins in two weeks and goes on for two months, with a fee and a ceiling."""
    source = "demo-course"
    if venues.event_of_source(venue_id, source) is None:
        starts = at.astimezone(HELSINKI).replace(hour=17, minute=30, second=0, microsecond=0) + timedelta(days=14)
        ends = starts + timedelta(days=60)
        venues.add_event(
            venue_id,
            "Keramiikan alkeet",
            starts,
            ends,
            by=None,
            at=at,
            kind="course",
            ceiling=3,
            fee_cents=4000,
            source_id=source,
        )
