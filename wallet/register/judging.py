"""What a gate is told of one scan: the register's rules put to a card, a venue and a moment. Writes nothing.

The order is CODES.md's ("Online rules"); their guarantee is the lock on the card's row and the unique indexes of
`uses`, not the order of these statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from wallet.clock import helsinki_day
from wallet.register import rules
from wallet.register.database import db, held
from wallet.register.entries import numbers_refused
from wallet.register.identities import AtGate
from wallet.register.numbers import mistyped
from wallet.register.tables import Area, Card, ChildTicket, Credential, Event, Use, Venue
from wallet.register.tables_life import CardPeriod
from wallet.register.venues import offers_of

FUTURE_SECONDS = 60
OLDEST_DAYS = 14
# What a gate without a connection could not know: the visitor was let in, so it is a use and a conflict line.
MEANWHILE = ("blocked_meanwhile", "replaced_meanwhile", "withdrawn_meanwhile", "ceiling_passed")


@dataclass(frozen=True)
class Attempt:
    """One scan, as a gate tells it after the code was verified. Exactly one of `credential` and `number` is given."""

    scan_id: str
    scanned_at: datetime
    read_by: str  # phone, server, paper, number, form (a number from a paper form, entered late)
    credential: bytes | None = None
    number: str | None = None  # normalised
    step: int | None = None
    late: bool = False  # read without a connection: rule 4 is not applied
    kind: str = rules.TICKET
    children: int = 0
    assistants: int = 0
    event_id: int | None = None
    another: bool = False  # one more ticket for the same event, by someone who means it
    asked: str | None = None  # a print of what a system's request said, to tell a retry from another use of its key
    members: int = 0  # clients with own cards whom a community card's group brings


@dataclass(frozen=True)
class Answer:
    """What a gate is told: a verdict, a stable reason where it is not green, notes for staff, plain facts."""

    scan_id: str
    verdict: str  # green, amber, neutral, red
    reason: str | None = None
    recorded: bool = False
    notes: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Right:
    """What a use is of: this event, or this venue on this day. A season right has a last day."""

    slot: str
    day: date
    until: date | None
    of_venue: bool  # of no event: an earlier season right that runs is the same one


@dataclass(frozen=True)
class Judgement:
    """An answer, and what a row of `uses` needs where it may be recorded."""

    answer: Answer
    card_id: int | None = None  # none also for a late record of a card that was deleted meanwhile
    venue: Venue | None = None
    event: Event | None = None
    use: rules.UseFacts | None = None
    right: Right | None = None
    nth: int = 1
    standing: int | None = None  # the use that was there before this scan

    @property
    def recordable(self) -> bool:
        return self.answer.verdict in ("green", "amber")


def judge(
    attempt: Attempt, by: AtGate, at: datetime, *, lock: bool = False, clamp: bool = False, pausing: bool = True
) -> Judgement:
    """The rules in their order. Writes nothing; with `lock` holds the card's row until the act ends. Without `pausing`
    the caller has asked whether numbers may be typed."""

    def red(reason: str, **facts: Any) -> Judgement:
        return Judgement(Answer(attempt.scan_id, "red", reason, facts=facts))

    if attempt.scanned_at > at + timedelta(seconds=FUTURE_SECONDS):
        return red("scanned_in_future")
    if attempt.scanned_at < at - timedelta(days=rules.FORM_DAYS if attempt.read_by == "form" else OLDEST_DAYS):
        return red("scanned_too_long_ago")
    closed = numbers_refused(by, at, lock=lock) if pausing and attempt.number is not None else None
    if closed is not None:
        return red(closed[0], **closed[1])
    found = _find_card(attempt, lock=lock)
    if isinstance(found, str):
        return red(found)
    card, credential = found
    venue, venue_area = db.session.execute(
        select(Venue, Area).join(Area, Area.id == Venue.area_id).where(Venue.id == by.venue_id)
    ).one()
    event = None
    if attempt.event_id is not None:
        event = db.session.get(Event, attempt.event_id)
        if event is None or event.venue_id != by.venue_id:
            return red("event_not_found")
        attempt = replace(attempt, kind=event.kind)  # whatever the gate's phone believes of it
    day = _day(attempt, event)

    facts_of_card = _card_facts(card, day)
    place = rules.VenueFacts(
        venue.area_id, venue_area.local_only, venue.opens, venue.closes, frozenset(offers_of(venue))
    )
    if clamp and card.kind == rules.PERSONAL:
        attempt = replace(attempt, children=min(attempt.children, facts_of_card.children_allowed))
    use = rules.UseFacts(attempt.kind, day, attempt.children, attempt.assistants, attempt.members)

    reason = rules.refused_card(facts_of_card, day)
    if reason in ("card_expired", "card_not_yet_valid"):
        return red(reason, last_day=str(card.last_day), first_day=str(card.first_day))
    if reason is None and _stopped(credential, attempt):
        reason = "withdrawn"
    meanwhile: tuple[str, ...] = ()
    if attempt.late and f"{reason}_meanwhile" in MEANWHILE:
        meanwhile = (f"{reason}_meanwhile",)
        # The visitor was let in; a day that was not the card's is another matter.
        reason = rules.refused_card(replace(facts_of_card, state="registered"), day)
    reason = reason or rules.refused_place(facts_of_card, place, day)
    if reason is not None:
        return red(reason)

    right = _right(attempt, venue, event, day)
    card = _heir(card, lock=lock)
    seen = _seen_before(card, credential, attempt, right, by)
    if isinstance(seen, Judgement):
        return seen
    reason = rules.refused_use(facts_of_card, use)
    shown = _shown(card, facts_of_card, attempt)
    courses_left = _courses_left(card, venue_area, day) if attempt.kind == rules.COURSE else None
    shown |= _limits(card, right, event, venue_area, courses_left)
    if reason is not None:
        return red(reason, **shown)
    if event and event.ceiling is not None and event.taken + 1 + attempt.children > event.ceiling:
        if not attempt.late:
            return red("ceiling_reached", left=event.ceiling - event.taken)
        meanwhile = (*meanwhile, "ceiling_passed")

    sector = event.sector if event else venue.sector
    noticed = meanwhile + rules.notes(
        facts_of_card, place, use, read_by=attempt.read_by, courses_left=courses_left, sector=sector
    )
    # What is got ahead, by telephone or at the ticket office, is not a card that is at two doors.
    at_door = day == helsinki_day(attempt.scanned_at) and attempt.read_by != "form"
    elsewhere = _elsewhere_lately(card, attempt, by, day) if at_door else None
    if elsewhere is not None:
        noticed, shown = ("other_venue_lately", *noticed), shown | elsewhere
    answer = Answer(attempt.scan_id, "amber" if noticed else "green", notes=noticed, facts=shown)
    return Judgement(answer, None if card.state == "deleted" else card.id, venue, event, use, right, seen)


def _day(attempt: Attempt, event: Event | None) -> date:
    """The day a use is for. An evening that ends after midnight is of the day it began; what goes on for days (a
    course, a season, an exhibition) is for the day it is got on, and ahead of it for its first."""
    got = helsinki_day(attempt.scanned_at)
    if event is None:
        return got
    first = helsinki_day(event.starts_at)
    if event.ends_at - event.starts_at <= timedelta(days=1):
        return first
    return max(first, min(got, helsinki_day(event.ends_at)))


def _right(attempt: Attempt, venue: Venue, event: Event | None, day: date) -> Right:
    of = f"event:{event.id}" if event else f"venue:{venue.id}:{day.isoformat()}"
    until = None
    if attempt.kind == rules.SEASON:
        until = helsinki_day(event.ends_at) if event else rules.season_ends(day, venue.season_days)
    return Right(f"{attempt.kind}:{of}", day, until, event is None)


def _limits(card: Card, right: Right, event: Event | None, area: Area, courses_left: int | None) -> dict[str, Any]:
    """What staff see of the area's limits, where they touch this use."""
    if card.kind == rules.COMMUNITY:
        return {"community_age": area.community_age}
    if right.slot.startswith(rules.COURSE):
        fee = event.fee_cents if event else None
        return {"courses_left": courses_left, "fee_cents": fee, "fee_cap_cents": area.course_fee_cap_cents}
    return {"until": right.until.isoformat()} if right.until is not None else {}


def _stopped(credential: Credential | None, attempt: Attempt) -> bool:
    """Whether a code's credential no longer counts. A phone that renewed its key after the scan did nothing odd."""
    if credential is None or credential.withdrawn_at is None:
        return False
    superseded = credential.withdrawn_reason in ("renewed", "newer_keys")
    return not (attempt.late and superseded and attempt.scanned_at < credential.withdrawn_at)


def _find_card(attempt: Attempt, *, lock: bool) -> tuple[Card, Credential | None] | str:
    """The card of a code or a number, or why there is none. Unknown and blank numbers answer alike."""
    if attempt.number is not None:
        query = select(Card).where(Card.number == attempt.number)
        card = db.session.scalars(held(query) if lock else query).one_or_none()
        if card is None or card.state == "blank":
            return "mistyped_number" if mistyped(attempt.number) else "unknown_number"
        return card, None
    by_code = select(Credential).where(Credential.credential == attempt.credential)
    credential = db.session.scalars(by_code).one_or_none()
    if credential is None:
        return "withdrawn"
    query = select(Card).where(Card.id == credential.card_id)
    card = db.session.scalars(held(query) if lock else query).one()
    if lock:
        # Its last step may have moved while we waited for the card's row, the one lock of an act on a card.
        db.session.refresh(credential)
    return card, credential


def _heir(card: Card, *, lock: bool) -> Card:
    """The card that counts what this one opens: a replaced card's uses are its successor's, so that a right that was
    used with one is not given again with the other."""
    while card.replaced_by_id is not None:
        query = select(Card).where(Card.id == card.replaced_by_id)
        card = db.session.scalars(held(query) if lock else query).one()
    return card


def hold_cards(attempts: Sequence[Attempt]) -> None:
    """Hold the rows of these scans' cards and of those that replaced them until the act ends, always in the order of
    their ids: two groups with common members would otherwise wait for each other."""
    numbers = [one.number for one in attempts if one.number is not None]
    codes = [one.credential for one in attempts if one.credential is not None]
    of_codes = select(Credential.card_id).where(Credential.credential.in_(codes))
    newest = select(Card.id, Card.replaced_by_id).where(or_(Card.number.in_(numbers), Card.id.in_(of_codes)))
    found: set[int] = set()
    while rows := db.session.execute(newest).all():
        found |= {row.id for row in rows}
        heirs = {row.replaced_by_id for row in rows if row.replaced_by_id is not None} - found
        newest = select(Card.id, Card.replaced_by_id).where(Card.id.in_(heirs))
    db.session.execute(held(select(Card.id).where(Card.id.in_(found)).order_by(Card.id))).all()


def _card_facts(card: Card, day: date) -> rules.CardFacts:
    area = db.session.get(Area, card.area_id) if card.area_id else None
    counting = or_(ChildTicket.ended_on.is_(None), ChildTicket.ended_on > day)
    years = db.session.scalars(select(ChildTicket.birth_year).where(ChildTicket.card_id == card.id, counting))
    # A deleted card's tickets went with it: who was let in before that is not refused now.
    statuses = ("valid",) * 15 if card.state == "deleted" else [rules.child_status(year, day.year) for year in years]
    first, last = card.first_day, card.last_day
    if first and day < first:
        # A card that ended and was renewed later has a gap: a visit before it is judged by the days of that time.
        then = select(CardPeriod.first_day, CardPeriod.last_day).where(
            CardPeriod.card_id == card.id, CardPeriod.first_day <= day, CardPeriod.last_day.between(day, first)
        )
        period = db.session.execute(then.limit(1)).one_or_none()
        first, last = period or (first, last)
    return rules.CardFacts(
        state=card.state,
        kind=card.kind,
        area=card.area_id,
        local_only=bool(area and area.local_only),
        first_day=first,
        last_day=last,
        children=tuple(statuses),
    )


def _shown(card: Card, facts: rules.CardFacts, attempt: Attempt) -> dict[str, Any]:
    """What staff see of a card. There is no name to compare: the birth year stands for it."""
    return {
        "kind": card.kind,
        "birth_year": card.birth_year,
        "last_day": card.last_day.isoformat() if card.last_day else None,
        "children": attempt.children,
        "assistants": attempt.assistants,
        "children_allowed": facts.children_allowed,
        "turning_18": facts.children.count("turning_18"),
    }


def _courses_left(card: Card, area: Area, day: date) -> int | None:
    """How many course places the venue's area still gives to this card in the year of `day`; None without a limit."""
    if area.courses_per_year is None:
        return None
    taken = db.session.scalar(
        select(func.count())
        .select_from(Use)
        .join(Venue, Venue.id == Use.venue_id)
        .where(
            Use.card_id == card.id,
            Use.kind == rules.COURSE,
            Use.undone_at.is_(None),
            Use.day.between(date(day.year, 1, 1), date(day.year, 12, 31)),
            Venue.area_id == area.id,
        )
    )
    return area.courses_per_year - (taken or 0)


def _seen_before(
    card: Card, credential: Credential | None, attempt: Attempt, right: Right, by: AtGate
) -> Judgement | int:
    """Rules 2 to 4: an answer where this was used already, else which ticket of its slot this would be. A season right
    of the venue is the same right again while an earlier one runs."""
    same = [Use.slot == right.slot]
    if right.until is not None and right.of_venue:
        running = and_(Use.kind == rules.SEASON, Use.venue_id == by.venue_id, Use.event_id.is_(None))
        same.append(and_(running, Use.day <= right.until, Use.until >= right.day))
    if attempt.step is not None:
        same.append(Use.step == attempt.step)
    rows = db.session.execute(
        select(Use, Venue.name_fi)
        .join(Venue, Venue.id == Use.venue_id)
        .where(Use.card_id == card.id, or_(*same))
        .order_by(Use.id)
    ).all()
    live = [(use, name) for use, name in rows if use.undone_at is None]
    for use, name in live:
        if attempt.step is not None and use.step == attempt.step and use.venue_id != by.venue_id:
            where = {"used_at": use.scanned_at.isoformat(), "venue": name}
            return Judgement(Answer(attempt.scan_id, "red", "used_elsewhere", facts=where), card.id, standing=use.id)
    tickets = [use for use, _ in live if use.slot == right.slot or (right.of_venue and use.until and not use.event_id)]
    if tickets and not attempt.another:
        last = tickets[-1]
        facts: dict[str, Any] = {
            "used_at": last.scanned_at.isoformat(),
            "children": last.children,
            "assistants": last.assistants,
            "use_id": last.id if last.gate_id == by.gate_id else None,
        }
        if last.until is not None:
            facts["until"] = last.until.isoformat()
        answer = Answer(attempt.scan_id, "neutral", "already_recorded", facts=facts)
        return Judgement(answer, card.id, standing=last.id)
    spent = any(use.step == attempt.step for use, _ in rows) if attempt.step is not None else False
    behind = (
        credential is not None
        and attempt.step is not None
        and credential.last_step is not None
        and attempt.step <= credential.last_step
        and not attempt.late
    )
    if spent or behind:
        return Judgement(Answer(attempt.scan_id, "red", "old_code"), card.id)
    return max((use.nth for use in tickets if use.slot == right.slot), default=0) + 1


def _elsewhere_lately(card: Card, attempt: Attempt, by: AtGate, day: date) -> dict[str, Any] | None:
    """Rule 5: the same card at another venue less than 15 minutes before or after."""
    span = timedelta(minutes=rules.OTHER_VENUE_MINUTES)
    row = db.session.execute(
        select(Use.scanned_at, Venue.name_fi)
        .join(Venue, Venue.id == Use.venue_id)
        .where(
            Use.card_id == card.id,
            Use.venue_id != by.venue_id,
            Use.undone_at.is_(None),
            Use.day == day,
            Use.scanned_at > attempt.scanned_at - span,
            Use.scanned_at < attempt.scanned_at + span,
        )
        .order_by(Use.scanned_at.desc())
        .limit(1)
    ).one_or_none()
    return {"elsewhere_at": row[0].isoformat(), "elsewhere": row[1]} if row is not None else None
