"""What a desk sees of its unit's cards: one card whole, the list that ends soonest first, a card by its number.

A desk sees what it asked at the counter and what was done with the card. Where the card was used is the holder's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, tuple_

from wallet.clock import helsinki_day
from wallet.register import rules
from wallet.register.cards import ChildLine, child_lines, name_of_unit
from wallet.register.database import db
from wallet.register.desk_cards import refused_renewal
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Staff
from wallet.register.invitations import TRIES
from wallet.register.numbers import mistyped, normalise
from wallet.register.tables import Card, ChildTicket, Credential, Issuer, JournalLine, Unit
from wallet.register.tables_life import CardPeriod
from wallet.register.tables_signin import Invitation

JOURNAL_LINES = 100


@dataclass(frozen=True)
class DeskUnit:
    """A unit whose desk the asker works at."""

    unit_id: int
    name: str  # with its issuer's before it, where the two differ


@dataclass(frozen=True)
class PeriodLine:
    """A stretch of days for which a card was given."""

    how: str  # new, renewed, replacement, imported
    first_day: date
    last_day: date
    given_on: date
    children: int


@dataclass(frozen=True)
class DeskCard:
    """A card as the desk of its unit sees it. Days and person are None for a blank card."""

    card_id: int
    number: str
    kind: str
    state: str
    label: str | None  # an organisation's word for its community card
    blocked_reason: str | None  # also of a replaced card: why it was replaced
    replaced_by_id: int | None
    replaced_by: str | None  # the new number
    unit_id: int
    unit_name: str
    birth_year: int | None
    postcode: str | None
    life_situation: str | None
    gender: str | None
    language: str
    first_day: date | None
    last_day: date | None
    days_left: int | None  # negative once it has ended
    renewal_opens: date | None
    renewal_refused: str | None  # why it is not renewed today
    children: tuple[ChildLine, ...]
    letter_open: bool  # a letter was made and not used yet
    periods: tuple[PeriodLine, ...]  # newest first
    journal: tuple[tuple[datetime, str, dict[str, Any]], ...]  # (at, act, facts), newest first

    @property
    def can_renew(self) -> bool:
        return self.renewal_refused is None

    @property
    def ended(self) -> bool:
        return self.days_left is not None and self.days_left < 0


@dataclass(frozen=True)
class CardRow:
    """A card in a unit's list."""

    card_id: int
    number: str
    kind: str
    state: str
    label: str | None
    birth_year: int | None
    last_day: date | None
    days_left: int | None
    renewal_open: bool  # its time for renewal has come
    children: int  # child tickets that count

    @property
    def cursor(self) -> str:
        """Where the next page of the list begins."""
        return f"{self.last_day or date.min}_{self.card_id}"


def units_of_desk(by: Staff) -> list[DeskUnit]:
    """The units whose desk the asker works at, by name."""
    rows = db.session.execute(
        select(Unit.id, Unit.name, Issuer.name)
        .join(Issuer, Issuer.id == Unit.issuer_id)
        .where(Unit.id.in_(by.desk_units))
        .order_by(Issuer.name, Unit.name, Unit.id)
    )
    return [DeskUnit(unit_id, name_of_unit(issuer, unit)) for unit_id, unit, issuer in rows]


def card_at_desk(by: Staff, card_id: int, *, at: datetime) -> DeskCard:
    """A card of the asker's units. Raises NotFound("card_not_found")."""
    today = helsinki_day(at)
    row = db.session.execute(
        select(Card, Unit.name, Issuer.name)
        .join(Unit, Unit.id == Card.unit_id)
        .join(Issuer, Issuer.id == Unit.issuer_id)
        .where(Card.id == card_id, Card.unit_id.in_(by.desk_units), Card.state != "deleted")
    ).one_or_none()
    if row is None:
        raise NotFound("card_not_found")
    card, unit, issuer = row
    assert card.unit_id is not None
    new_number = select(Card.number).where(Card.id == card.replaced_by_id)
    return DeskCard(
        card.id,
        card.number,
        card.kind,
        card.state,
        card.label,
        card.blocked_reason,
        card.replaced_by_id,
        db.session.scalar(new_number) if card.replaced_by_id else None,
        card.unit_id,
        name_of_unit(issuer, unit),
        card.birth_year,
        card.postcode,
        card.life_situation,
        card.gender,
        card.language,
        card.first_day,
        card.last_day,
        (card.last_day - today).days if card.last_day else None,
        rules.renewal_opens(card.last_day) if card.last_day else None,
        refused_renewal(card, today),
        child_lines(card.id, today),
        _letter_open(card.id, at),
        _periods(card.id),
        _journal(card.id),
    )


def find_card(by: Staff, typed_number: str) -> int:
    """The id of a card of the asker's units, whatever its state, by its number. Raises Refused("number_mistyped"), and
    NotFound("card_not_found") also for a card of another desk."""
    number = normalise(typed_number)
    if number is None:
        raise Refused("number_mistyped")
    mine = select(Card.id).where(Card.number == number, Card.unit_id.in_(by.desk_units), Card.state != "deleted")
    card_id = db.session.scalar(mine)
    if card_id is None:
        raise Refused("number_mistyped") if mistyped(number) else NotFound("card_not_found")
    return card_id


def find_shown_card(by: Staff, credential: bytes) -> int:
    """The id of a card of the asker's units by what its code says, on paper or on a phone, also one that was stopped:
    a card that is brought to the desk is found. Raises NotFound("card_not_found")."""
    shown = select(Card.id).join(Credential, Credential.card_id == Card.id).where(Credential.credential == credential)
    card_id = db.session.scalar(shown.where(Card.unit_id.in_(by.desk_units), Card.state != "deleted"))
    if card_id is None:
        raise NotFound("card_not_found")
    return card_id


def cards_of_unit(
    by: Staff, unit_id: int, *, at: datetime, after: str | None = None, limit: int = 50, show: str = "open"
) -> list[CardRow]:
    """A unit's cards, a page at a time; `after` is the cursor of the last row of the page before.

    `show`: "open" is the registered ones that are valid, ending soonest first; "ended" those whose last day is over,
    and "all" every card that was given, both latest first; "blank" those that wait, in the order of their printing.
    Raises NotFound: unit_not_found, page_not_found."""
    if unit_id not in by.desk_units:
        raise NotFound("unit_not_found")
    today = helsinki_day(at)
    query = select(Card).where(Card.unit_id == unit_id)
    place = tuple_(Card.last_day, Card.id)
    since = _cursor(after) if after is not None else None
    if show == "blank":
        query = query.where(Card.state == "blank").order_by(Card.id)
        query = query.where(Card.id > since[1]) if since else query
    elif show == "open":
        query = query.where(Card.state == "registered", Card.last_day >= today).order_by(Card.last_day, Card.id)
        query = query.where(place > tuple_(*since)) if since else query
    else:
        given = Card.state.not_in(("blank", "deleted"))
        over = (Card.state == "registered") & (Card.last_day < today)
        query = query.where(over if show == "ended" else given).order_by(Card.last_day.desc(), Card.id.desc())
        query = query.where(place < tuple_(*since)) if since else query
    found = list(db.session.scalars(query.limit(limit)))
    children = _children_of([card.id for card in found], today)
    return [
        CardRow(
            card.id,
            card.number,
            card.kind,
            card.state,
            card.label,
            card.birth_year,
            card.last_day,
            (card.last_day - today).days if card.last_day else None,
            card.state == "registered" and card.last_day is not None and today >= rules.renewal_opens(card.last_day),
            children.get(card.id, 0),
        )
        for card in found
    ]


def _cursor(text: str) -> tuple[date, int]:
    day, _, card_id = text.partition("_")
    try:
        since = date.fromisoformat(day), int(card_id)
    except ValueError as error:
        raise NotFound("page_not_found") from error
    if not 0 < since[1] < 2**31:  # no database is asked for what no card can have
        raise NotFound("page_not_found")
    return since


def _children_of(card_ids: Sequence[int], today: date) -> dict[int, int]:
    """How many tickets of each of these cards count this year."""
    young = or_(ChildTicket.birth_year.is_(None), ChildTicket.birth_year >= today.year - rules.CHILD_AGE)
    rows = db.session.execute(
        select(ChildTicket.card_id, func.count())
        .where(ChildTicket.card_id.in_(card_ids), ChildTicket.ended_on.is_(None), young)
        .group_by(ChildTicket.card_id)
    )
    return {row[0]: row[1] for row in rows}


def _letter_open(card_id: int, at: datetime) -> bool:
    query = select(Invitation.id).where(
        Invitation.card_id == card_id,
        Invitation.used_at.is_(None),
        Invitation.cancelled_at.is_(None),
        Invitation.ends_at >= at,
        Invitation.tries < TRIES,
    )
    return db.session.scalar(query.limit(1)) is not None


def _periods(card_id: int) -> tuple[PeriodLine, ...]:
    rows = db.session.scalars(
        select(CardPeriod).where(CardPeriod.card_id == card_id).order_by(CardPeriod.first_day.desc()).limit(50)
    )
    return tuple(PeriodLine(row.how, row.first_day, row.last_day, row.given_on, row.children) for row in rows)


def _journal(card_id: int) -> tuple[tuple[datetime, str, dict[str, Any]], ...]:
    """What was done at desks with this card, and the letters that were used: never where it was shown."""
    of_desk = or_(JournalLine.act.startswith("desk:"), JournalLine.act == "holder:letter:used")
    rows = db.session.scalars(
        select(JournalLine)
        .where(JournalLine.card_id == card_id, of_desk)
        .order_by(JournalLine.id.desc())
        .limit(JOURNAL_LINES)
    )
    return tuple((row.at, row.act, row.facts) for row in rows)
