"""Cards and their child tickets: registering one, reading one's own."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select, update

from wallet.clock import helsinki_day
from wallet.register import journal, rules
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder, Who
from wallet.register.numbers import new_number
from wallet.register.tables import Area, Card, ChildTicket, Issuer, Unit

RELATIONS = ("child", "grandchild", "household")


@dataclass(frozen=True)
class ChildLine:
    """A child ticket as its holder sees it."""

    ticket_id: int
    birth_year: int | None
    relation: str
    status: str  # valid, turning_18, ended: for a visit this year
    may_have_card: bool  # from 16 on

    @property
    def ends_year(self) -> int | None:
        """The year in which it stops being free."""
        return None if self.birth_year is None else self.birth_year + rules.CHILD_AGE


@dataclass(frozen=True)
class CardPage:
    """A card as its holder sees it."""

    card_id: int
    number: str
    kind: str
    state: str
    area_name_fi: str
    area_name_sv: str | None
    unit_name: str
    birth_year: int | None
    first_day: date
    last_day: date
    children: tuple[ChildLine, ...]
    refused: str | None  # why it opens no door today
    days_left: int
    renewal_opens: date
    has_pin: bool

    @property
    def children_open(self) -> int:
        """Child tickets that are valid or amber today."""
        return sum(child.status != "ended" for child in self.children)


def card_of(by: Holder, *, at: datetime) -> CardPage:
    """The holder's own card today. Raises NotFound for a card that was never registered."""
    today = helsinki_day(at)
    row = db.session.execute(
        select(Card, Area, Unit, Issuer)
        .join(Unit, Unit.id == Card.unit_id)
        .join(Issuer, Issuer.id == Unit.issuer_id)
        .join(Area, Area.id == Card.area_id)
        .where(Card.id == by.card_id)
    ).one_or_none()
    if row is None:
        raise NotFound("card_not_found")
    card, area, unit, issuer = row
    assert card.first_day is not None
    assert card.last_day is not None
    counting = or_(ChildTicket.ended_on.is_(None), ChildTicket.ended_on > today)
    own = select(ChildTicket).where(ChildTicket.card_id == card.id, counting)
    tickets = db.session.scalars(own.order_by(ChildTicket.id))
    children = tuple(
        ChildLine(
            ticket.id,
            ticket.birth_year,
            ticket.relation,
            rules.child_status(ticket.birth_year, today.year),
            ticket.birth_year is not None and rules.may_have_card(ticket.birth_year, today.year),
        )
        for ticket in tickets
    )
    facts = rules.CardFacts(card.state, card.kind, card.area_id, area.local_only, card.first_day, card.last_day)
    return CardPage(
        card.id,
        card.number,
        card.kind,
        card.state,
        area.name_fi,
        area.name_sv,
        issuer.name if unit.name == issuer.name else f"{issuer.name}, {unit.name}",
        card.birth_year,
        card.first_day,
        card.last_day,
        children,
        rules.refused_card(facts, today),
        (card.last_day - today).days,
        rules.renewal_opens(card.last_day),
        card.pin_hash is not None,
    )


def numbers(holders: Sequence[Holder]) -> dict[int, str]:
    """The number of each of these holders' own cards, by the card's id, in their order."""
    ids = [who.card_id for who in holders]
    if not ids:
        return {}  # as on almost every phone: nothing is asked for
    found = {row.id: row.number for row in db.session.execute(select(Card.id, Card.number).where(Card.id.in_(ids)))}
    return {card_id: found[card_id] for card_id in ids}


def set_language(by: Holder, language: str, *, at: datetime) -> None:
    """The language in which the holder wants letters and pages."""
    with act() as session:
        session.execute(update(Card).where(Card.id == by.card_id).values(language=language))
        journal.write("holder:language:set", at=at, by=by, card_id=by.card_id, language=language)


def register_card(
    unit_id: int,
    *,
    by: Who | None,
    at: datetime,
    birth_year: int,
    postcode: str,
    children: tuple[tuple[int | None, str], ...] = (),
    life_situation: str | None = None,
    gender: str | None = None,
    language: str = "fi",
) -> tuple[int, str]:
    """Give out a new card with a number of its own; returns (id, number). `children` are (birth year, relation).

    Valid for one year counting today, never past the end of the area's pilot. Raises Refused: too_young,
    pilot_over, and too_many_children past fifteen (the code's nibble, CODES.md)."""
    today = helsinki_day(at)
    if not rules.may_have_card(birth_year, today.year):
        raise Refused("too_young")
    if len(children) > 15:
        raise Refused("too_many_children")
    with act() as session:
        area = session.scalars(
            select(Area)
            .join(Issuer, Issuer.area_id == Area.id)
            .join(Unit, Unit.issuer_id == Issuer.id)
            .where(Unit.id == unit_id)
        ).one_or_none()
        if area is None:
            raise NotFound("unit_not_found")
        last = rules.last_valid_day(today, area.pilot_ends)
        if last < today:
            raise Refused("pilot_over")
        card = Card(
            number=_free_number(),
            state="registered",
            area_id=area.id,
            unit_id=unit_id,
            birth_year=birth_year,
            postcode=postcode,
            life_situation=life_situation,
            gender=gender,
            first_day=today,
            last_day=last,
            language=language,
            user_handle=secrets.token_bytes(32),
        )
        session.add(card)
        session.flush()
        for year, relation in children:
            session.add(ChildTicket(card_id=card.id, birth_year=year, relation=relation))
        journal.write("desk:card:registered", at=at, by=by, card_id=card.id, unit=unit_id)
        return card.id, card.number


def _free_number() -> str:
    for _ in range(20):
        number = new_number()
        if db.session.scalar(select(Card.id).where(Card.number == number)) is None:
            return number
    raise RuntimeError("no free card number in twenty tries")  # pragma: no cover
