"""The rules, as pure functions on plain values and a day. They return a reason or nothing; they read nothing.

Sources are the sections of DOMAIN.md; [D] there means that an area may want it otherwise, so it is an argument here.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

CHILD_AGE = 18
OWN_CARD_AGE = 16
RENEWAL_DAYS = 60
GROUP_NOTE = 5
UNDO_MINUTES = 15
VENUE_UNDO_DAYS = 30
ENTRIES_A_DAY = 200  # typed and paper entries of a venue (CODES.md, "Threats") [D]
FORM_DAYS = 92  # a paper form may lie in a drawer over a season [D]
OTHER_VENUE_MINUTES = 15
LINKED_MONTHS = 13  # a use to its card ("Reports", Retention [D]): the holder can look back over a card year
REFUSAL_DAYS = 30  # refused scans ("Reports", Retention [D])

PERSONAL, COMMUNITY = "personal", "community"
TICKET, COURSE, SEASON = "ticket", "course", "season"


# Who gets a card, for how long


def may_have_card(birth_year: int, year: int) -> bool:
    """At least 16, or turning 16 this calendar year ("Who gets a card", 2)."""
    return year - birth_year >= OWN_CARD_AGE


def last_valid_day(first: date, pilot_ends: date | None = None) -> date:
    """One year counting the day it is given, never past the end of a pilot ("Who gets a card", 6)."""
    try:
        anniversary = first.replace(year=first.year + 1)
    except ValueError:  # 29 February: the year that starts on it ends on 28 February
        anniversary = date(first.year + 1, 3, 1)
    last = anniversary - timedelta(days=1)
    return min(last, pilot_ends) if pilot_ends else last


def renewal_opens(last_day: date) -> date:
    """The first day a card may be renewed ("Who gets a card", 7)."""
    return last_day - timedelta(days=RENEWAL_DAYS)


def refused_giving(area_status: str, first: date, last: date) -> str | None:
    """Why an area gives no card for these days: it left the network, or its pilot is over before they begin."""
    if area_status == "ended":
        return "area_ended"
    return "pilot_over" if last < first else None


def renewed_days(last_day: date, today: date, pilot_ends: date | None = None) -> tuple[date, date]:
    """The stretch that a renewal adds: a valid card's begins the day after its last day, an expired one's today
    ("Who gets a card", 7). Its end comes before its beginning where the pilot is over by then."""
    first = max(last_day + timedelta(days=1), today)
    return first, last_valid_day(first, pilot_ends)


def latest_last_day(today: date) -> date:
    """The latest last day that a card may have: that of a card which was renewed today, on the first day it may be
    ("Who gets a card", 7)."""
    return renewed_days(today + timedelta(days=RENEWAL_DAYS), today)[1]


def child_status(birth_year: int | None, year: int) -> str:
    """`valid`, `turning_18` (amber, "free until the 18th birthday") or `ended`, for a visit in `year`
    ("What a card gives"). A ticket without a birth year is valid."""
    if birth_year is None or year - birth_year < CHILD_AGE:
        return "valid"
    return "turning_18" if year - birth_year == CHILD_AGE else "ended"


# What a card gives


@dataclass(frozen=True)
class CardFacts:
    """What the rules need to know of a card on a day."""

    state: str  # blank, registered, blocked, replaced, deleted
    kind: str  # personal, community
    area: str | None
    local_only: bool
    first_day: date | None
    last_day: date | None
    children: tuple[str, ...] = ()  # the status of each child ticket on the day of the visit

    @property
    def children_allowed(self) -> int:
        """Child tickets that open a door on that day. A community card names no children: its clients come along."""
        return sum(status != "ended" for status in self.children)


@dataclass(frozen=True)
class VenueFacts:
    """What the rules need to know of a venue on a day."""

    area: str
    local_only: bool
    opens: date | None  # of a pop-up's or a pilot's period; None is open-ended
    closes: date | None
    offers: frozenset[str]


@dataclass(frozen=True)
class UseFacts:
    """What is asked for."""

    kind: str  # ticket, course, season
    day: date
    children: int
    assistants: int = 0
    members: int = 0  # of a community card's group: clients who have own cards with them


# Hard refusals, each the first that applies in DOMAIN.md's order ("What a card gives").


def refused_state(state: str) -> str | None:
    """Why nothing is done with a card in this state; nothing where it is registered ("Who gets a card", 5 and 8)."""
    if state == "registered":
        return None
    return "not_registered" if state == "blank" else state


def refused_card(card: CardFacts, day: date) -> str | None:
    """Why this card opens no door on `day`."""
    if card.state == "blank" or card.first_day is None or card.last_day is None:
        return "not_registered"
    if card.state in ("blocked", "replaced"):
        return card.state
    if card.state == "deleted":
        return "withdrawn"  # whoever asks hears what is said of a code that nobody knows
    if day > card.last_day:
        return "card_expired"
    if day < card.first_day:
        return "card_not_yet_valid"
    return None


def refused_place(card: CardFacts, venue: VenueFacts, day: date) -> str | None:
    """Why this card opens no door at this venue on `day`."""
    # Closed both ways: the pilot's cards stay in the area, and others' cards stay out of it.
    if card.area != venue.area and (card.local_only or venue.local_only):
        return "other_area"
    if venue.closes is not None and day > venue.closes:
        return "venue_period_over"
    if venue.opens is not None and day < venue.opens:
        return "venue_not_yet_open"
    return None


def refused_use(card: CardFacts, use: UseFacts) -> str | None:
    """Why this card does not give what is asked for."""
    if card.kind == COMMUNITY and use.kind != TICKET:
        return "community_ticket_only"
    if use.kind != TICKET and use.children:
        return "children_on_course"
    if card.kind == PERSONAL and use.children > card.children_allowed:
        return "too_many_children"
    return None


def season_ends(day: date, season_days: int | None) -> date:
    """The last day of a season right got on `day`: the venue's own length, or the end of the calendar year [D]."""
    return date(day.year, 12, 31) if season_days is None else day + timedelta(days=season_days - 1)


def notes(
    card: CardFacts,
    venue: VenueFacts,
    use: UseFacts,
    *,
    read_by: str,
    courses_left: int | None = None,
    sector: str = "culture",
) -> tuple[str, ...]:
    """What looks odd but is not refused: staff decide, on goodwill ("What a card gives", last lines).

    `courses_left` is what the area's `courses_per_year` leaves before this one; None is no limit."""
    found = []
    if read_by in ("paper", "number"):
        found.append("compare")  # it is static, so never plain green (CODES.md, "Paper")
    if use.kind not in venue.offers:
        found.append("not_offered")
    if use.kind == COURSE and courses_left is not None and courses_left <= 0:
        found.append("courses_used")
    if use.kind == SEASON and sector != "sport":
        found.append("season_not_sport")
    sure = sum(status == "valid" for status in card.children)
    if card.kind == PERSONAL and sure < use.children:
        found.append("child_turning_18")
    clients = use.children + use.members
    if card.kind == COMMUNITY and clients == 0:
        found.append("community_alone")
    if card.kind == COMMUNITY and clients > GROUP_NOTE:
        found.append("large_group")
    return tuple(found)


# How long things can be put right, and are kept


def gate_may_undo(recorded_at: datetime, at: datetime) -> bool:
    """Whether who recorded a use may still undo it: for 15 minutes ("What is recorded", Mistakes [D])."""
    return at <= recorded_at + timedelta(minutes=UNDO_MINUTES)


def venue_may_undo(recorded_at: datetime, at: datetime) -> bool:
    """Whether the venue may still undo a use in its list, and the holder ask it to: for 30 days (the same [D])."""
    return at <= recorded_at + timedelta(days=VENUE_UNDO_DAYS)


def first_linked_day(today: date) -> date:
    """The earliest day whose uses still say which card it was: 13 calendar months back ("Reports", Retention). Where
    that month has no such day, its uses have had their 13 months, and the next month begins."""
    year, month = divmod(today.year * 12 + today.month - 1 - LINKED_MONTHS, 12)
    try:
        return date(year, month + 1, today.day)
    except ValueError:  # never December, which has every day
        return date(year, month + 2, 1)


# Words about a role, not a person

_DASHES = dict.fromkeys(range(0x2010, 0x2016), "-") | {0x2212: "-"}
_ADDRESS = re.compile(r"@")
_PHONE = re.compile(r"(?:\+|\b0|\b358)(?:[\s().-]*\d){6,}")  # not the years of "2026-2027"
_IDENTITY_CODE = re.compile(r"\b\d{6}\s*[-+A-FU-Y]\s*\d{3}[0-9A-Y]\b", re.IGNORECASE)


def names_person(text: str) -> bool:
    """Whether words that should describe a role or a card hold an e-mail address, a phone number or a personal identity
    code ("What may never be stored"). A name can't be told from a word: the form asks for a role."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return any(sign.search(plain) for sign in (_ADDRESS, _PHONE, _IDENTITY_CODE))


# Holder's PIN


def weak_pin(pin: str) -> bool:
    """True for a PIN that a thief tries first: one digit six times, a run up or down, a pair or triple repeated."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return steps in ({0}, {1}, {9}) or pin in (pin[:2] * 3, pin[:3] * 2)
