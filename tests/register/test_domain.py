"""DOMAIN.md, sentence by sentence, through the register's own acts: each row's id is the sentence that it comes from.

`test_rules` has the tables of the pure rules; here they have gone through the tables, the locks and the clock. If a row
fails, somebody is turned away who should get in, or the other way round.
"""

import inspect
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.conftest import SHARED
from tests.people import People
from tests.register.scans import NOON, add_event, set_area, set_card
from wallet.register import cards, community, credentials, desk_cards, gate_lists, rules, uses
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder
from wallet.register.judging import Answer, Attempt
from wallet.register.rules import COURSE, SEASON, TICKET, refused_giving, renewed_days, season_ends
from wallet.register.tables import Card, Credential, Venue

DAY = timedelta(days=1)
TODAY = NOON.date()
SENTENCES: set[str] = set()  # every id of this module, to be found in DOMAIN.md


def row(sentence: str, *values: Any) -> Any:
    """A row whose id is its sentence."""
    SENTENCES.add(sentence)
    return pytest.param(*values, id=sentence)


def card(card_id: int) -> Card:
    return db.session.get_one(Card, card_id)


def shows(card_id: int, people: People, at: datetime = NOON, **asked: Any) -> Answer:
    """What the gate at the museum says to a card that the server shows, recorded."""
    attempt = Attempt(str(uuid.uuid4()), at, "server", credential=_code(card_id), **asked)
    return uses.record_use(attempt, by=people.gate, at=at)


def _code(card_id: int) -> bytes:
    """A code as the server would have shown it at NOON, whatever the card is now."""
    known = db.session.scalars(select(Credential.credential).where(Credential.card_id == card_id)).first()
    return known or credentials.for_server(Holder("", card_id), at=NOON).credential


# Who gets a card, for how long: pure rules that test_rules does not have


@pytest.mark.parametrize(
    ("last_day", "today", "pilot_ends", "stretch"),
    [
        row(
            "a valid card's new year begins the day after its last day",
            date(2026, 12, 31),
            date(2026, 11, 25),
            None,
            (date(2027, 1, 1), date(2027, 12, 31)),
        ),
        row(
            "from 60 days before the last day",
            date(2027, 2, 28),
            date(2026, 12, 30),
            None,
            (date(2027, 3, 1), date(2028, 2, 29)),
        ),
        row("an expired one's today", date(2027, 1, 9), TODAY + 90 * DAY, None, (TODAY + 90 * DAY, date(2028, 2, 22))),
        row(
            "29.2. gives 28.2.",
            date(2028, 2, 28),
            date(2028, 2, 1),
            None,
            (date(2028, 2, 29), date(2029, 2, 28)),
        ),
        row(
            "Never past the end of a pilot",
            date(2026, 12, 31),
            TODAY,
            date(2027, 6, 30),
            (date(2027, 1, 1), date(2027, 6, 30)),
        ),
    ],
)
def test_what_a_renewal_adds(last_day: date, today: date, pilot_ends: date | None, stretch: tuple[date, date]) -> None:
    assert renewed_days(last_day, today, pilot_ends) == stretch


@pytest.mark.parametrize(
    ("status", "last", "reason"),
    [
        ("established", TODAY, None),
        ("pilot", TODAY, None),
        ("pilot", TODAY - DAY, "pilot_over"),
        ("ended", TODAY, "area_ended"),
        ("ended", TODAY - DAY, "area_ended"),  # what holds longest is said first
    ],
)
def test_an_area_gives_cards_while_it_is_in_the_network(status: str, last: date, reason: str | None) -> None:
    assert refused_giving(status, TODAY, last) == reason


@pytest.mark.parametrize(
    ("day", "days", "until"),
    [
        (TODAY, None, date(2026, 12, 31)),
        (date(2026, 12, 31), None, date(2026, 12, 31)),
        (TODAY, 1, TODAY),
        (TODAY, 365, date(2027, 11, 24)),
    ],
)
def test_how_long_a_season_right_is(day: date, days: int | None, until: date) -> None:
    assert season_ends(day, days) == until


# Who gets a card, through the desk


@pytest.mark.parametrize(
    ("born", "at", "first", "last"),
    [
        row("or turning 16 this calendar year", 2010, NOON, TODAY, date(2027, 11, 24)),
        row("`year - birth_year >= 16`", 2011, NOON, None, None),
        row("Valid **one year counting the day it is given**", 1990, NOON, TODAY, date(2027, 11, 24)),
        row(
            "29.2. gives 28.2.",
            1990,
            datetime(2028, 2, 29, 10, tzinfo=UTC),
            date(2028, 2, 29),
            date(2029, 2, 28),
        ),
        row(
            "last valid day = same day next year − 1",
            1990,
            datetime(2027, 3, 1, 10, tzinfo=UTC),
            date(2027, 3, 1),
            date(2028, 2, 29),
        ),
        row(
            "Days are days in Europe/Helsinki",
            2011,
            datetime(2026, 12, 31, 22, 0, tzinfo=UTC),
            date(2027, 1, 1),
            date(2027, 12, 31),
        ),
        row("Times are stored in UTC", 2011, datetime(2026, 12, 31, 21, 59, 59, tzinfo=UTC), None, None),
    ],
)
def test_who_gets_a_card_and_for_how_long(
    people: People, born: int, at: datetime, first: date | None, last: date | None
) -> None:
    def give() -> int:
        return cards.register_card(people.unit, by=people.desk, at=at, birth_year=born, postcode="33100")[0]

    if first is None:
        with pytest.raises(Refused, match="too_young"):
            give()
    else:
        given = card(give())
        assert (given.first_day, given.last_day) == (first, last)


def test_the_desk_asks_for_no_reason() -> None:
    """1: no proof of income, no reason. What is not asked can't be kept: there is nowhere to write it."""
    asked = set(inspect.signature(cards.register_card).parameters) - {"unit_id", "by", "at", "number", "once"}
    assert asked == {"birth_year", "postcode", "children", "life_situation", "gender", "language"}


@pytest.mark.usefixtures("noon")
def test_an_issuer_in_an_area_gives_cards_of_that_area(people: People) -> None:
    """3: of the person's home the register knows a postcode, so the area is the desk's."""
    for unit, by, area in ((people.unit, people.desk, "tampere"), (people.other_unit, people.other_desk, "nokia")):
        card_id, _ = cards.register_card(unit, by=by, at=NOON, birth_year=1990, postcode="00100")
        assert card(card_id).area_id == area


@pytest.mark.usefixtures("noon")
def test_a_card_is_personal_and_may_not_be_lent(people: People) -> None:
    """4: only an organisation's card is."""
    with pytest.raises(NotFound):
        community.lend(people.desk, people.holder.card_id, at=NOON, role_text="Iltakahvila")


@pytest.mark.usefixtures("noon")
def test_a_card_works_only_once_it_is_registered(people: People) -> None:
    """5: blank cards are printed and numbered ahead, then registered when given."""
    with act() as session:
        session.add(Card(number="123456789018", unit_id=people.unit, user_handle=b"blank"))

    def answer() -> Answer:
        attempt = Attempt(str(uuid.uuid4()), NOON, "number", number="123456789018")
        return uses.record_use(attempt, by=people.gate, at=NOON)

    assert answer().reason == "unknown_number"
    cards.register_card(people.unit, by=people.desk, at=NOON, birth_year=1990, postcode="33100", number="123456789018")
    assert answer().recorded


@pytest.mark.usefixtures("noon")
def test_blocking_acts_at_once_online_and_with_the_list_offline(people: People) -> None:
    """8: the gate's list names the code from its next fetch on."""
    code = _code(people.holder.card_id)
    assert code not in gate_lists.stopped_credentials(TODAY)
    desk_cards.block_card(people.desk, people.holder.card_id, "stolen", at=NOON)
    assert shows(people.holder.card_id, people).reason == "blocked"
    assert code in gate_lists.stopped_credentials(TODAY)


# What a card gives


@dataclass(frozen=True)
class Given:
    """A card, a venue, and what is asked for."""

    born: tuple[int | None, ...] = ()  # child tickets
    kind: str = TICKET
    children: int = 0
    assistants: int = 0
    community: bool = False
    offers: tuple[str, ...] = (TICKET, COURSE, SEASON)
    sector: str = "culture"


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("given", "reason", "notes"),
    [
        row("1, for the holder", Given(), None, ()),
        row("1, for the employee, volunteer or student who comes along", Given(community=True, children=1), None, ()),
        row("at most the registered number", Given(born=(2015, 2019), children=2), None, ()),
        row("more children than the card has", Given(born=(2019,), children=2), "too_many_children", ()),
        row("clients under 18", Given(community=True, children=5), None, ()),
        row("course place", Given(kind=COURSE), None, ()),
        row("community card for a course or season", Given(kind=COURSE, community=True), "community_ticket_only", ()),
        row("season right (gym, swimming)", Given(kind=SEASON, sector="sport"), None, ()),
        row("where the venue offers it", Given(kind=SEASON, sector="sport", offers=(TICKET,)), None, ("not_offered",)),
        row("children on a course", Given(kind=COURSE, born=(2019,), children=1), "children_on_course", ()),
        row("free, proof may not be asked; noted, not counted as a use", Given(assistants=2), None, ()),
        row("More than 5 is a note, not a refusal.", Given(community=True, children=6), None, ("large_group",)),
        row(
            "An employee alone, without any client, is outside the purpose: amber.",
            Given(community=True),
            None,
            ("community_alone",),
        ),
        row("**valid** while `year - birth_year < 18`", Given(born=(2009,), children=1), None, ()),
        row(
            'in the year it\nturns 18, **amber, "free until the 18th birthday"**',
            Given(born=(2008,), children=1),
            None,
            ("child_turning_18",),
        ),
        row("after that **ended**", Given(born=(2007,), children=1), "too_many_children", ()),
        row("A ticket without a birth year is valid.", Given(born=(None,), children=1), None, ()),
    ],
)
def test_what_a_card_gives(people: People, given: Given, reason: str | None, notes: tuple[str, ...]) -> None:
    if given.community:
        card_id, _ = community.add_community_card(people.desk, people.unit, "Kahvila", at=NOON)
    else:
        card_id, _ = cards.register_card(
            people.unit,
            by=people.desk,
            at=NOON,
            birth_year=1990,
            postcode="33100",
            children=[(year, "child") for year in given.born],
        )
    with act() as session:
        offers = {f"offers_{kind}": kind in given.offers for kind in (TICKET, COURSE, SEASON)}
        museum = session.get_one(Venue, "museo")
        for name, value in (offers | {"sector": given.sector}).items():
            setattr(museum, name, value)
    answer = shows(card_id, people, kind=given.kind, children=given.children, assistants=given.assistants)
    assert (answer.reason, answer.notes) == (reason, notes)
    assert answer.recorded is (reason is None)
    assert uses.counts_today(people.gate, TODAY) == ((1, given.children) if answer.recorded else (0, 0))


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("state", "reason"),
    [
        row("blocked", {"state": "blocked"}, "blocked"),
        row("replaced", {"state": "replaced"}, "replaced"),
        row("not registered", {"state": "blank"}, "not_registered"),
        row("expired on that day", {"first_day": TODAY - 9 * DAY, "last_day": TODAY - DAY}, "card_expired"),
        row("one year counting the day it is given", {"first_day": TODAY + DAY}, "card_not_yet_valid"),
        row("29.2. gives 28.2.", {"last_day": TODAY}, None),
    ],
)
def test_hard_refusals_of_a_card(people: People, state: dict[str, object], reason: str | None) -> None:
    card_id = people.other_holder.card_id
    _code(card_id)
    set_card(card_id, **state)
    assert shows(card_id, people).reason == reason


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("local_card", "local_venue", "same", "reason"),
    [
        row("every area of the whole network", False, False, False, None),
        row("not valid in this area (`local_only`)", True, False, False, "other_area"),
        row("a `local_only` pilot is closed both ways", False, True, False, "other_area"),
        row("valid in", True, True, True, None),
    ],
)
def test_where_a_card_is_valid(
    *, people: People, local_card: bool, local_venue: bool, same: bool, reason: str | None
) -> None:
    set_area("nokia", local_only=local_card)
    set_area("tampere", local_only=local_venue)
    unit, by = (people.unit, people.desk) if same else (people.other_unit, people.other_desk)
    card_id, _ = cards.register_card(unit, by=by, at=NOON, birth_year=1990, postcode="37100")
    assert shows(card_id, people).reason == reason


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("opens", "closes", "reason"),
    [
        row("a venue outside the networks, for a stated period", TODAY, TODAY, None),
        row("venue's period over", None, TODAY - DAY, "venue_period_over"),
        row("and pop-up venues", TODAY + DAY, None, "venue_not_yet_open"),
    ],
)
def test_pop_up_venues(people: People, opens: date | None, closes: date | None, reason: str | None) -> None:
    with act() as session:
        museum = session.get_one(Venue, "museo")
        museum.popup, museum.opens, museum.closes = True, opens, closes
    assert shows(people.holder.card_id, people).reason == reason


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("ceiling", "children", "reason"),
    [
        row("ceiling reached", 1, 1, "ceiling_reached"),
        row("Sold out is sold out.", 0, 0, "ceiling_reached"),
        row("may set a **ceiling** per event", 2, 1, None),
    ],
)
def test_ceilings(people: People, ceiling: int, children: int, reason: str | None) -> None:
    event = add_event(ceiling=ceiling)
    assert shows(people.holder.card_id, people, event_id=event, children=children).reason == reason


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("year", "reason", "notes"),
    [
        row("Status is judged for the day of the event.", 2027, None, ("child_turning_18",)),
        row("So a use can be for a later day than it is recorded.", 2028, "too_many_children", ()),
    ],
)
def test_an_advance_is_judged_for_its_day(
    people: People, year: int, reason: str | None, notes: tuple[str, ...]
) -> None:
    card_id, _ = cards.register_card(
        people.unit, by=people.desk, at=NOON, birth_year=1980, postcode="33100", children=((2009, "child"),)
    )
    set_card(card_id, last_day=date(2028, 12, 31))
    event = add_event(starts_at=NOON.replace(year=year))
    answer = shows(card_id, people, event_id=event, children=1)
    assert (answer.reason, answer.notes) == (reason, notes)


@pytest.mark.usefixtures("noon")
def test_a_young_person_may_have_both(people: People) -> None:
    """A 16–17-year-old may have an own card and be on a parent's as well. Not an error."""
    both = ((2010, "child"),)
    parent, _ = cards.register_card(
        people.unit, by=people.desk, at=NOON, birth_year=1980, postcode="33100", children=both
    )
    own, _ = cards.register_card(people.unit, by=people.desk, at=NOON, birth_year=2010, postcode="33100")
    assert shows(parent, people, children=1).recorded
    assert shows(own, people).recorded


def test_the_sentences_are_domains() -> None:
    """A row that quotes what is not written there would prove nothing."""
    source = SHARED / "DOMAIN.md"
    if not source.exists():
        pytest.skip("the written rules are kept beside the repository")
    written = re.sub(r"\s+", " ", source.read_text(encoding="utf-8"))
    assert [one for one in sorted(SENTENCES) if re.sub(r"\s+", " ", one) not in written] == []


def test_the_ages_and_days_are_domains() -> None:
    """The figures that sentences name, once each in the code."""
    assert (rules.OWN_CARD_AGE, rules.CHILD_AGE, rules.RENEWAL_DAYS, rules.GROUP_NOTE) == (16, 18, 60, 5)
    assert rules.UNDO_MINUTES == 15
