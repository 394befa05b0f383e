"""The rules as truth tables. Each row names the sentence of DOMAIN.md that it comes from; if a row fails, a person is
turned away who should get in, or the other way round."""

from dataclasses import replace
from datetime import date

import pytest

from wallet.register.rules import (
    COMMUNITY,
    COURSE,
    SEASON,
    TICKET,
    CardFacts,
    UseFacts,
    VenueFacts,
    child_status,
    last_valid_day,
    may_have_card,
    notes,
    refused_card,
    refused_place,
    refused_use,
    renewal_opens,
    weak_pin,
)

DAY = date(2026, 11, 25)
CARD = CardFacts("registered", "personal", "tampere", False, date(2026, 1, 10), date(2027, 1, 9))
GROUP = replace(CARD, kind=COMMUNITY)
BLANK = CardFacts("blank", "personal", None, False, None, None)
VENUE = VenueFacts("tampere", False, None, None, frozenset({TICKET, COURSE, SEASON}))

# "Who gets a card, for how long"


@pytest.mark.parametrize(
    ("birth_year", "year", "may", "sentence"),
    [
        (2010, 2026, True, "or turning 16 this calendar year"),
        (2011, 2026, False, "year - birth_year >= 16"),
        (2009, 2026, True, "at least 16"),
        (1926, 2026, True, "at least 16: there is no upper limit"),
        (2026, 2026, False, "at least 16"),
    ],
)
def test_who_may_have_a_card(birth_year: int, year: int, may: bool, sentence: str) -> None:
    assert may_have_card(birth_year, year) is may, sentence


@pytest.mark.parametrize(
    ("first", "pilot_ends", "last", "sentence"),
    [
        (date(2026, 11, 25), None, date(2027, 11, 24), "same day next year - 1"),
        (date(2026, 1, 1), None, date(2026, 12, 31), "one year counting the day it is given"),
        (date(2026, 3, 1), None, date(2027, 2, 28), "same day next year - 1"),
        (date(2027, 3, 1), None, date(2028, 2, 29), "same day next year - 1, where that year has a 29.2."),
        (date(2028, 2, 29), None, date(2029, 2, 28), "29.2. gives 28.2."),
        (date(2028, 2, 28), None, date(2029, 2, 27), "same day next year - 1"),
        (date(2028, 3, 1), None, date(2029, 2, 28), "same day next year - 1"),
        (date(2026, 11, 25), date(2026, 12, 31), date(2026, 12, 31), "never past the end of a pilot"),
        (date(2026, 11, 25), date(2027, 11, 24), date(2027, 11, 24), "min(that, pilot_ends), where they are one"),
        (
            date(2026, 11, 25),
            date(2027, 11, 25),
            date(2027, 11, 24),
            "min(that, pilot_ends), where the pilot is longer",
        ),
    ],
)
def test_how_long_a_card_is_valid(first: date, pilot_ends: date | None, last: date, sentence: str) -> None:
    assert last_valid_day(first, pilot_ends) == last, sentence


@pytest.mark.parametrize(
    ("last", "opens"),
    [
        (date(2027, 1, 9), date(2026, 11, 10)),
        (date(2028, 4, 29), date(2028, 2, 29)),
        (date(2026, 3, 1), date(2025, 12, 31)),
    ],
)
def test_a_card_is_renewed_from_60_days_before_its_last_day(last: date, opens: date) -> None:
    assert renewal_opens(last) == opens


# "What a card gives": a child ticket


@pytest.mark.parametrize(
    ("birth_year", "status", "sentence"),
    [
        (2026, "valid", "valid while year - birth_year < 18"),
        (2009, "valid", "17 this year: valid while year - birth_year < 18"),
        (2008, "turning_18", "in the year it turns 18, amber"),
        (2007, "ended", "after that ended"),
        (1986, "ended", "after that ended"),
        (None, "valid", "a ticket without a birth year is valid"),
    ],
)
def test_the_status_of_a_child_ticket(birth_year: int | None, status: str, sentence: str) -> None:
    assert child_status(birth_year, 2026) == status, sentence


def test_a_child_ticket_is_judged_for_the_year_of_the_event() -> None:
    assert [child_status(2009, year) for year in (2026, 2027, 2028)] == ["valid", "turning_18", "ended"]


# Hard refusals


@pytest.mark.parametrize(
    ("card", "day", "reason", "sentence"),
    [
        (CARD, DAY, None, "a registered card within its year"),
        (BLANK, DAY, "not_registered", "a card works only once it is registered"),
        (replace(CARD, first_day=None), DAY, "not_registered", "a card works only once it is registered"),
        (replace(CARD, last_day=None), DAY, "not_registered", "a card works only once it is registered"),
        (replace(CARD, state="blocked"), DAY, "blocked", "blocked"),
        (replace(CARD, state="replaced"), DAY, "replaced", "the old number answers replaced"),
        (replace(CARD, state="deleted"), DAY, "withdrawn", "a deleted card's codes are heard of as withdrawn"),
        (CARD, date(2026, 1, 10), None, "counting the day it is given"),
        (CARD, date(2027, 1, 9), None, "the last valid day is valid"),
        (CARD, date(2027, 1, 10), "card_expired", "expired on that day"),
        (CARD, date(2026, 1, 9), "card_not_yet_valid", "counting the day it is given"),
        # The order: what can be said first is said first.
        (replace(CARD, state="blocked"), date(2030, 1, 1), "blocked", "blocked comes before expired"),
        (replace(CARD, state="replaced"), date(2030, 1, 1), "replaced", "replaced comes before expired"),
        (BLANK, date(2030, 1, 1), "not_registered", "not registered comes first"),
    ],
)
def test_a_card_opens_no_door(card: CardFacts, day: date, reason: str | None, sentence: str) -> None:
    assert refused_card(card, day) == reason, sentence


LOCAL_CARD, LOCAL_VENUE = replace(CARD, local_only=True), replace(VENUE, local_only=True)
POPUP = replace(VENUE, area="helsinki", opens=date(2026, 6, 1), closes=date(2026, 8, 31))


@pytest.mark.parametrize(
    ("card", "venue", "day", "reason", "sentence"),
    [
        (CARD, VENUE, DAY, None, "valid in its own area"),
        (CARD, replace(VENUE, area="nokia"), DAY, None, "valid in every area of the whole network"),
        (LOCAL_CARD, VENUE, DAY, None, "a local_only pilot's card is valid in its own area"),
        (LOCAL_CARD, replace(VENUE, area="nokia"), DAY, "other_area", "closed both ways: its cards stay in"),
        (CARD, replace(LOCAL_VENUE, area="nokia"), DAY, "other_area", "closed both ways: others' cards stay out"),
        (LOCAL_CARD, LOCAL_VENUE, DAY, None, "local_only at home"),
        (LOCAL_CARD, POPUP, date(2026, 7, 1), "other_area", "closed both ways, also at pop-up venues"),
        (CARD, POPUP, date(2026, 5, 31), "venue_not_yet_open", "a pop-up venue, for a stated period"),
        (CARD, POPUP, date(2026, 6, 1), None, "a pop-up venue on its first day"),
        (CARD, POPUP, date(2026, 8, 31), None, "a pop-up venue on its last day"),
        (CARD, POPUP, date(2026, 9, 1), "venue_period_over", "venue's period over"),
        (CARD, replace(POPUP, opens=None), date(2020, 1, 1), None, "a period without a first day"),
        (CARD, replace(POPUP, closes=None), date(2040, 1, 1), None, "a period without a last day"),
        # The order: not valid in this area, venue's period over.
        (LOCAL_CARD, POPUP, date(2026, 9, 1), "other_area", "not valid in this area comes first"),
    ],
)
def test_a_card_opens_no_door_at_this_venue(
    card: CardFacts, venue: VenueFacts, day: date, reason: str | None, sentence: str
) -> None:
    assert refused_place(card, venue, day) == reason, sentence


@pytest.mark.parametrize(
    ("card", "children", "kind", "asked", "reason", "sentence"),
    [
        (CARD, (), TICKET, 0, None, "ticket: 1, for the holder"),
        (CARD, (), COURSE, 0, None, "course place: yes"),
        (CARD, (), SEASON, 0, None, "season right: where the venue offers it"),
        (GROUP, (), TICKET, 0, None, "ticket: 1, for the employee who comes along"),
        (GROUP, (), TICKET, 30, None, "clients under 18: a community card has no registered number"),
        (GROUP, (), COURSE, 0, "community_ticket_only", "course place: never"),
        (GROUP, (), SEASON, 0, "community_ticket_only", "season right: never"),
        (CARD, ("valid",), COURSE, 1, "children_on_course", "children on a course: never"),
        (CARD, ("valid",), SEASON, 1, "children_on_course", "children come to an event, not to a season"),
        (CARD, ("valid",), TICKET, 1, None, "at most the registered number"),
        (CARD, ("valid",), TICKET, 2, "too_many_children", "at most the registered number"),
        (CARD, (), TICKET, 1, "too_many_children", "more children than the card has"),
        (CARD, ("valid", "turning_18"), TICKET, 2, None, "free until the 18th birthday: amber, not refused"),
        (CARD, ("valid", "ended"), TICKET, 2, "too_many_children", "after that ended"),
        # The order: community card for a course, children on a course, more children than the card has.
        (GROUP, (), COURSE, 2, "community_ticket_only", "community card for a course comes first"),
        (CARD, (), COURSE, 2, "children_on_course", "children on a course comes before too many"),
    ],
)
def test_a_card_does_not_give_what_is_asked(
    *, card: CardFacts, children: tuple[str, ...], kind: str, asked: int, reason: str | None, sentence: str
) -> None:
    assert refused_use(replace(card, children=children), UseFacts(kind, DAY, asked)) == reason, sentence


@pytest.mark.parametrize(
    ("card", "children", "kind", "asked", "read_by", "found", "sentence"),
    [
        (CARD, (), TICKET, 0, "phone", (), "nothing odd: green"),
        (CARD, (), TICKET, 0, "server", (), "nothing odd: green"),
        (CARD, (), TICKET, 0, "paper", ("compare",), "static, so never plain green (CODES.md)"),
        (CARD, (), TICKET, 0, "number", ("compare",), "a typed number: static, so never plain green (CODES.md)"),
        (CARD, ("valid", "valid"), TICKET, 2, "phone", (), "at most the registered number"),
        (CARD, ("valid", "turning_18"), TICKET, 1, "phone", (), "the child with them may be the younger one"),
        (CARD, ("valid", "turning_18"), TICKET, 2, "phone", ("child_turning_18",), "in the year it turns 18, amber"),
        (CARD, ("ended", "turning_18"), TICKET, 1, "phone", ("child_turning_18",), "in the year it turns 18, amber"),
        (GROUP, (), TICKET, 0, "phone", ("community_alone",), "an employee alone is outside the purpose: amber"),
        (GROUP, (), TICKET, 1, "phone", (), "an employee and for example 2-5 people"),
        (GROUP, (), TICKET, 5, "phone", (), "an employee and for example 2-5 people"),
        (GROUP, (), TICKET, 6, "phone", ("large_group",), "more than 5 is a note, not a refusal"),
        (GROUP, (), TICKET, 0, "paper", ("compare", "community_alone"), "two notes"),
    ],
)
def test_what_looks_odd_is_amber(
    *,
    card: CardFacts,
    children: tuple[str, ...],
    kind: str,
    asked: int,
    read_by: str,
    found: tuple[str, ...],
    sentence: str,
) -> None:
    use = UseFacts(kind, DAY, asked)
    assert notes(replace(card, children=children), VENUE, use, read_by=read_by) == found, sentence


@pytest.mark.parametrize(("kind", "odd"), [(TICKET, False), (COURSE, True), (SEASON, True)])
def test_what_a_venue_does_not_offer_is_amber(kind: str, odd: bool) -> None:
    museum = replace(VENUE, offers=frozenset({TICKET}))
    assert ("not_offered" in notes(CARD, museum, UseFacts(kind, DAY, 0), read_by="phone")) is odd


def test_assistants_are_noted_and_never_refused() -> None:
    """Assistant, interpreter: free, not counted as a use."""
    use = UseFacts(TICKET, DAY, 0, assistants=2)
    assert refused_use(CARD, use) is None
    assert notes(CARD, VENUE, use, read_by="phone") == ()


@pytest.mark.parametrize(
    ("pin", "weak"),
    [
        ("000000", True),
        ("777777", True),
        ("123456", True),
        ("654321", True),
        ("456789", True),
        ("890123", True),
        ("321098", True),
        ("121212", True),
        ("909090", True),
        ("123123", True),
        ("907907", True),
        ("135790", False),
        ("112233", False),
        ("123457", False),
        ("902817", False),
    ],
)
def test_a_pin_that_a_thief_tries_first_is_weak(pin: str, weak: bool) -> None:
    assert weak_pin(pin) is weak
