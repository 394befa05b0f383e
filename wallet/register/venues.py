"""Venues and their events, as gates and staff see them."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select

from wallet.clock import helsinki_day
from wallet.register import journal
from wallet.register.database import act, db
from wallet.register.errors import NotFound
from wallet.register.identities import AtGate, Holder, Who
from wallet.register.tables import Area, Card, Event, Issuer, Unit, Venue

# A gate lists what is on now and soon; what ended three hours ago still takes its last visitors.
EVENT_PAST = timedelta(hours=3)
EVENT_AHEAD = timedelta(days=14)
MOST_PLACES = 200  # that a phone keeps for the times without a connection


def folded(text: str) -> str:
    """Text for searching: one case, no marks over letters, so that "hilden" finds Hildén (EXPERIENCE.md)."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).replace("-", " ").strip()


@dataclass(frozen=True)
class EventLine:
    """An event that a gate may choose for the evening."""

    event_id: int
    name: str
    kind: str
    starts_at: datetime
    left: int | None  # of its ceiling; None is no ceiling
    ends_at: datetime
    fee_cents: int | None  # a course's


@dataclass(frozen=True)
class Place:
    """A venue as a holder sees it: where it is, what it gives, and when."""

    name_fi: str
    name_sv: str | None
    name_en: str | None
    address: str | None
    city: str | None
    offers: tuple[str, ...]
    popup: bool
    opens: date | None
    closes: date | None


def places(by: Holder, *, at: datetime) -> list[Place]:
    """The venues of the area of the holder's card that take the card now or later, by name, at most MOST_PLACES."""
    rows = db.session.scalars(
        select(Venue)
        .join(Card, Card.area_id == Venue.area_id)
        .where(Card.id == by.card_id, or_(Venue.closes.is_(None), Venue.closes >= helsinki_day(at)))
        .order_by(Venue.folded, Venue.id)
        .limit(MOST_PLACES)
    )
    return [_place(venue) for venue in rows]


def places_of_unit(unit_id: int, *, at: datetime) -> list[Place]:
    """The venues of the unit's area that take the card now or later, by name, at most MOST_PLACES: for the letter."""
    rows = db.session.scalars(
        select(Venue)
        .join(Issuer, Issuer.area_id == Venue.area_id)
        .join(Unit, Unit.issuer_id == Issuer.id)
        .where(Unit.id == unit_id, or_(Venue.closes.is_(None), Venue.closes >= helsinki_day(at)))
        .order_by(Venue.folded, Venue.id)
        .limit(MOST_PLACES)
    )
    return [_place(venue) for venue in rows]


def _place(v: Venue) -> Place:
    return Place(v.name_fi, v.name_sv, v.name_en, v.address, v.city, offers_of(v), v.popup, v.opens, v.closes)


def offers_of(venue: Venue) -> tuple[str, ...]:
    """What a venue gives, of ticket, course and season."""
    offered = (("ticket", venue.offers_ticket), ("course", venue.offers_course), ("season", venue.offers_season))
    return tuple(kind for kind, given in offered if given)


@dataclass(frozen=True)
class GatePage:
    """What a gate needs to know of its own venue."""

    venue_id: str
    name_fi: str
    name_sv: str | None
    name_en: str | None
    offers: tuple[str, ...]
    record_at_once: bool
    events: tuple[EventLine, ...]
    community_age: int  # under which clients come along with a community card


def gate_page(
    by: AtGate, *, at: datetime, past: timedelta = EVENT_PAST, ahead: timedelta = EVENT_AHEAD, limit: int = 50
) -> GatePage:
    """The gate's venue and the events it may choose from, soonest first. At the door they are those of now and soon;
    an office looks further `ahead`, for what is got before, and into the `past`, for what was written on paper."""
    own = select(Venue, Area.community_age).join(Area, Area.id == Venue.area_id).where(Venue.id == by.venue_id)
    venue, community_age = db.session.execute(own).one()
    soon = (
        select(Event)
        .where(Event.venue_id == venue.id, Event.ends_at > at - past, Event.starts_at < at + ahead)
        .order_by(Event.starts_at, Event.id)
        .limit(limit)
    )
    events = db.session.scalars(soon).all() if limit else ()  # a list of uses needs none
    return GatePage(
        venue.id,
        venue.name_fi,
        venue.name_sv,
        venue.name_en,
        offers_of(venue),
        venue.record_at_once,
        tuple(map(_event_line, events)),
        community_age,
    )


def _event_line(event: Event) -> EventLine:
    left = None if event.ceiling is None else event.ceiling - event.taken
    return EventLine(event.id, event.name, event.kind, event.starts_at, left, event.ends_at, event.fee_cents)


def add_event(
    venue_id: str,
    name: str,
    starts_at: datetime,
    ends_at: datetime,
    *,
    by: Who | None,
    at: datetime,
    kind: str = "ticket",
    ceiling: int | None = None,
    fee_cents: int | None = None,
    source_id: str | None = None,
) -> int:
    """A new event of a venue; its sector is the venue's. Of a season right, `starts_at` and `ends_at` are its period;
    a course may have a fee. Returns its id. Raises NotFound for an unknown venue."""
    with act() as session:
        venue = session.get(Venue, venue_id)
        if venue is None:
            raise NotFound("venue_not_found")
        event = Event(
            venue_id=venue_id,
            name=name,
            kind=kind,
            sector=venue.sector,
            starts_at=starts_at,
            ends_at=ends_at,
            ceiling=ceiling,
            fee_cents=fee_cents,
            source_id=source_id,
        )
        session.add(event)
        session.flush()
        journal.write("venue:event:made", at=at, by=by, venue_id=venue_id, event=event.id)
        return event.id


def event_of_source(venue_id: str, source_id: str) -> int | None:
    """The event that was imported under this name."""
    return db.session.scalar(select(Event.id).where(Event.venue_id == venue_id, Event.source_id == source_id))


@dataclass(frozen=True)
class AreaLine:
    """An area and how much of the network is in it."""

    area_id: str
    name_fi: str
    name_sv: str | None
    status: str
    venues: int
    issuers: int


def areas() -> list[AreaLine]:
    """Every area of the country, by name."""
    venue_count = select(func.count()).where(Venue.area_id == Area.id).scalar_subquery()
    issuer_count = select(func.count()).where(Issuer.area_id == Area.id).scalar_subquery()
    rows = db.session.execute(select(Area, venue_count, issuer_count).order_by(Area.name_fi).limit(500))
    return [AreaLine(a.id, a.name_fi, a.name_sv, a.status, venues, issuers) for a, venues, issuers in rows]


@dataclass(frozen=True)
class UnitLine:
    """A unit of an issuer and how many cards of it are registered."""

    unit_id: int
    unit_name: str
    issuer_name: str
    cards: int


def units(unit_ids: tuple[int, ...]) -> list[UnitLine]:
    """These units, with the number of their registered cards."""
    cards = select(func.count()).where(Card.unit_id == Unit.id, Card.state == "registered").scalar_subquery()
    rows = db.session.execute(
        select(Unit, Issuer.name, cards)
        .join(Issuer, Issuer.id == Unit.issuer_id)
        .where(Unit.id.in_(unit_ids))
        .order_by(Issuer.name, Unit.name)
    )
    return [UnitLine(unit.id, unit.name, issuer, count) for unit, issuer, count in rows]


def unit_of_issuer(issuer_id: str) -> int | None:
    """The first unit of an issuer."""
    return db.session.scalar(select(Unit.id).where(Unit.issuer_id == issuer_id).order_by(Unit.id).limit(1))
