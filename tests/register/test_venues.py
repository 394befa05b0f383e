"""Venues, events, areas and units as gates and staff see them."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.people import People, venue
from tests.register.scans import NOON, phone_of, scan
from wallet.register import demo, uses, venues
from wallet.register.cards import card_of, register_card
from wallet.register.database import act, db
from wallet.register.errors import NotFound
from wallet.register.identities import HeldRole, Holder
from wallet.register.tables import Event, JournalLine, Unit, Venue
from wallet.register.venues import folded

pytestmark = pytest.mark.usefixtures("noon")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "found_by"),
    [
        ("Sara Hildénin taidemuseo", "hilden"),
        ("ÄHTÄRIN MUSEO", "ähtärin"),
        ("Ähtärin museo", "ahtarin"),
        ("Åbo Svenska Teater", "ABO"),
        ("Kuukkeli-näyttämö", "kuukkeli nayttamo"),
        ("Šatka-žurnaali", "satka zurnaali"),
        ("Straße", "STRASSE"),
    ],
)
def test_a_name_is_found_as_people_type_it(name: str, found_by: str) -> None:
    """SQLite's LIKE knows no case outside ASCII, and nobody types é at a desk."""
    assert folded(found_by) in folded(name)


def test_a_gate_lists_what_is_on_now_and_soon_at_its_own_venue(people: People) -> None:
    def event(name: str, starts: timedelta, place: str = "museo", ceiling: int | None = None) -> int:
        at = NOON + starts
        return venues.add_event(place, name, at, at + HOUR, by=None, at=NOON, ceiling=ceiling)

    event("ended four hours ago", -5 * HOUR)
    event("ended three hours ago to the second", -4 * HOUR)
    event("ended lately", -3 * HOUR)
    tonight = event("tonight", 6 * HOUR, ceiling=4)
    event("in two weeks less an hour", 14 * DAY - HOUR)
    event("in two weeks", 14 * DAY)
    event("elsewhere", HOUR, "teatteri")
    uses.record_use(scan(phone_of(people.holder), event_id=tonight, children=1), by=people.gate, at=NOON)

    page = venues.gate_page(people.gate, at=NOON)
    assert (page.venue_id, page.name_fi, page.name_sv, page.offers) == ("museo", "Museo", "Museet", ("ticket",))
    assert [(line.name, line.left) for line in page.events] == [
        ("ended lately", None),
        ("tonight", 2),
        ("in two weeks less an hour", None),
    ]


def test_a_gate_lists_fifty_events_at_most(people: People) -> None:
    with act() as session:
        session.add_all(
            Event(
                venue_id="museo", name=str(n), sector="culture", starts_at=NOON + n * HOUR, ends_at=NOON + 2 * n * HOUR
            )
            for n in range(1, 61)
        )
    events = venues.gate_page(people.gate, at=NOON).events
    assert [event.name for event in events] == [str(n) for n in range(1, 51)]


def test_an_event_is_its_venues(people: People) -> None:
    with act() as session:
        session.get_one(Venue, "museo").sector = "science"
    event_id = venues.add_event(
        "museo", "Planetaario", NOON, NOON + HOUR, by=people.coordinator, at=NOON, ceiling=9, source_id="feed-7"
    )
    event = db.session.get_one(Event, event_id)
    assert (event.sector, event.kind, event.ceiling, event.taken) == ("science", "ticket", 9, 0)
    assert venues.event_of_source("museo", "feed-7") == event_id
    assert venues.event_of_source("teatteri", "feed-7") is None
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "venue:event:made")).one()
    assert (line.by_account_id, line.venue_id) == (people.coordinator.account_id, "museo")
    with pytest.raises(NotFound, match="venue_not_found"):
        venues.add_event("nowhere", "Ilta", NOON, NOON + HOUR, by=None, at=NOON)


def test_areas_are_counted(people: People) -> None:
    assert [(a.area_id, a.name_sv, a.status, a.venues, a.issuers) for a in venues.areas()] == [
        ("nokia", None, "pilot", 0, 1),
        ("tampere", "Tammerfors", "established", 2, 1),
    ]


def test_units_are_told_with_their_registered_cards(people: People) -> None:
    lines = venues.units((people.unit, people.other_unit))
    assert [(line.unit_name, line.issuer_name, line.cards) for line in lines] == [
        ("Diakonia", "Seurakunta", 0),
        ("Sosiaalityö", "Sosiaalityö", 2),
    ]
    assert [line.unit_id for line in venues.units((people.other_unit,))] == [people.other_unit]
    assert venues.units(()) == []
    assert venues.unit_of_issuer("seurakunta") == people.other_unit
    assert venues.unit_of_issuer("nobody") is None


# Demo people


def test_demo_people_are_made_once(people: People) -> None:
    unit = demo.demo_unit()
    assert demo.demo_unit() == unit
    assert db.session.get_one(Unit, unit).issuer_id == "esittely"
    card = demo.demo_card(1986, with_children=True, at=NOON)
    assert demo.demo_card(1986, with_children=True, at=NOON + DAY) == card
    statuses = [child.status for child in card_of(Holder("", card), at=NOON).children]
    assert statuses == ["valid", "turning_18", "ended"]
    register_card(unit, by=None, at=NOON, birth_year=1986, postcode="33100")
    assert demo.demo_card(1986, with_children=True, at=NOON) == card, "not one that the same desk gave out later"
    other = demo.demo_card(1961, with_children=False, at=NOON)
    assert card_of(Holder("", other), at=NOON).children == ()
    account = demo.demo_account("Desk", "demo@example.org", HeldRole("desk", unit_id=unit), at=NOON)
    assert demo.demo_account("Desk", "DEMO@example.org", HeldRole("desk", unit_id=unit), at=NOON) == account


def test_a_demo_card_that_ended_gives_way_to_a_new_one(people: People) -> None:
    card = demo.demo_card(1986, with_children=False, at=NOON)
    assert demo.demo_card(1986, with_children=False, at=NOON + 365 * DAY) != card


def test_a_demo_evening_is_made_once_a_day(people: People) -> None:
    for at in (NOON, NOON + HOUR, NOON + DAY):
        demo.demo_events("museo", at=at)
    events = db.session.scalars(select(Event).order_by(Event.starts_at)).all()
    assert [(event.starts_at, event.ceiling) for event in events] == [
        (NOON.replace(hour=16), 40),
        (NOON.replace(hour=16) + DAY, 40),
    ]
    assert [event.source_id for event in events] == [f"demo-{date(2026, 11, day)}" for day in (25, 26)]


def test_a_holder_sees_the_places_of_the_cards_area_that_are_not_over(people: People) -> None:
    def add(name: str, **values: object) -> None:
        with act() as session:
            session.add(venue(name, **values))

    add("kesateatteri", opens=NOON.date() + 30 * DAY, closes=NOON.date() + 60 * DAY)
    add("loppu", closes=NOON.date() - DAY)
    add("viimeinen", closes=NOON.date(), offers_ticket=False, offers_course=True, offers_season=True)
    add("muualla", area="nokia")

    places = venues.places(people.holder, at=NOON)
    assert [place.name_fi for place in places] == ["Kesateatteri", "Museo", "Teatteri", "Viimeinen"]
    assert (places[0].opens, places[0].closes) == (NOON.date() + 30 * DAY, NOON.date() + 60 * DAY)
    assert [place.offers for place in places[2:]] == [("ticket",), ("course", "season")]
    assert venues.places_of_unit(people.unit, at=NOON) == places, "the letter of the unit's cards says the same"


def test_a_holder_sees_two_hundred_places_at_most(people: People) -> None:
    with act() as session:
        session.add_all([venue(f"paikka-{n:03}") for n in range(250)])
    assert len(venues.places(people.holder, at=NOON)) == 200
