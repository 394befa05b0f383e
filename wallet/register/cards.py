"""Cards and their child tickets: registering one, reading one's own."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from wallet.clock import helsinki_day
from wallet.register import journal, rules
from wallet.register.database import act, db, held
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder, Staff, Who
from wallet.register.numbers import mistyped, new_number, normalise
from wallet.register.tables import Area, Card, ChildTicket, Issuer, Unit
from wallet.register.tables_life import CardPeriod

RELATIONS = ("child", "grandchild", "household")
MOST_CHILDREN = 15  # what the code's four bits can say (CODES.md)

Children = Sequence[tuple[int | None, str]]  # (birth year, relation) of each child ticket


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
    """The holder's own card today. Raises NotFound for a card that was never registered, or was deleted."""
    today = helsinki_day(at)
    row = db.session.execute(
        select(Card, Area, Unit, Issuer)
        .join(Unit, Unit.id == Card.unit_id)
        .join(Issuer, Issuer.id == Unit.issuer_id)
        .join(Area, Area.id == Card.area_id)
        .where(Card.id == by.card_id, Card.state != "deleted")
    ).one_or_none()
    if row is None:
        raise NotFound("card_not_found")
    card, area, unit, issuer = row
    assert card.first_day is not None
    assert card.last_day is not None
    facts = rules.CardFacts(card.state, card.kind, card.area_id, area.local_only, card.first_day, card.last_day)
    return CardPage(
        card.id,
        card.number,
        card.kind,
        card.state,
        area.name_fi,
        area.name_sv,
        name_of_unit(issuer.name, unit.name),
        card.birth_year,
        card.first_day,
        card.last_day,
        child_lines(card.id, today),
        rules.refused_card(facts, today),
        (card.last_day - today).days,
        rules.renewal_opens(card.last_day),
        card.pin_hash is not None,
    )


def name_of_unit(issuer: str, unit: str) -> str:
    """What people call a unit: with its issuer's name before its own, where the two differ."""
    return issuer if unit == issuer else f"{issuer}, {unit}"


def child_lines(card_id: int, today: date) -> tuple[ChildLine, ...]:
    """The child tickets that a card has today, with those that ended by age and were not taken off."""
    counting = or_(ChildTicket.ended_on.is_(None), ChildTicket.ended_on > today)
    tickets = db.session.scalars(
        select(ChildTicket).where(ChildTicket.card_id == card_id, counting).order_by(ChildTicket.id)
    )
    return tuple(
        ChildLine(
            ticket.id,
            ticket.birth_year,
            ticket.relation,
            rules.child_status(ticket.birth_year, today.year),
            ticket.birth_year is not None and rules.may_have_card(ticket.birth_year, today.year),
        )
        for ticket in tickets
    )


def numbers(holders: Sequence[Holder]) -> dict[int, str]:
    """The number of each of these holders' own cards, by the card's id, in their order."""
    ids = [who.card_id for who in holders]
    if not ids:
        return {}  # as on almost every phone: nothing is asked for
    found = {row.id: row.number for row in db.session.execute(select(Card.id, Card.number).where(Card.id.in_(ids)))}
    return {card_id: found[card_id] for card_id in ids}


def hold(card_id: int) -> None:
    """Hold a card's row inside the act that is under way, before something of its holder's is added. Raises NotFound
    for a card that was deleted meanwhile."""
    state = db.session.scalar(held(select(Card.state).where(Card.id == card_id)))
    if state == "deleted":
        raise NotFound("card_not_found")


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
    children: Children = (),
    number: str | None = None,
    life_situation: str | None = None,
    gender: str | None = None,
    language: str = "fi",
    once: str | None = None,
) -> tuple[int, str]:
    """Give out a card; returns (id, number). `children` are (birth year, relation). `number` is what was typed or
    scanned of a blank card; without it the card gets a new number. `once` is a form's own random value: the same form
    with the same answers gives one card, however often and however quickly it is sent.

    Valid for one year counting today, never past the end of the area's pilot. Raises NotFound("unit_not_found"), and
    Refused: too_young, area_ended, pilot_over, too_many_children past fifteen (the code's nibble, CODES.md),
    number_mistyped, number_unknown, number_taken, given_already (with `card_id`)."""
    if isinstance(by, Staff) and unit_id not in by.desk_units:
        raise NotFound("unit_not_found")
    asked = (once, unit_id, birth_year, postcode, tuple(children), number)
    handle = hashlib.sha256(repr(asked).encode()).digest() if once else secrets.token_bytes(32)
    try:
        with act():
            card = blank_card(number, unit_id) if number is not None else new_card()
            # No passkey knows a card that is not given yet. The column is unique: of two at once, one is refused.
            card.user_handle = handle
            give(
                card,
                unit_id,
                by=by,
                at=at,
                birth_year=birth_year,
                postcode=postcode,
                children=children,
                language=language,
                life_situation=life_situation,
                gender=gender,
            )
            return card.id, card.number
    except (IntegrityError, Refused) as error:
        given = db.session.scalar(select(Card.id).where(Card.user_handle == handle))
        if given is None:
            raise
        raise Refused("given_already", card_id=given) from error


def give(
    card: Card,
    unit_id: int,
    *,
    by: Who | None,
    at: datetime,
    birth_year: int | None,
    postcode: str | None,
    children: Children,
    language: str,
    life_situation: str | None = None,
    gender: str | None = None,
    kind: str = rules.PERSONAL,
    days: tuple[date, date] | None = None,
    how: str = "new",
) -> None:
    """Register this card, new or blank, to a person, inside the act that is under way. `days` are given for a card
    that had them before: a replacement's and an imported one's. Raises like `register_card`."""
    card.kind = kind  # before anything is read, and so flushed: only a community card has a label
    today = helsinki_day(at)
    if how == "new" and birth_year is not None and not rules.may_have_card(birth_year, today.year):
        raise Refused("too_young")
    area = area_of_unit(unit_id)
    first, last = days or (today, rules.last_valid_day(today, area.pilot_ends))
    refused = rules.refused_giving(area.status, first, last) if days is None else None
    if refused is not None:
        raise Refused(refused)
    card.state, card.area_id, card.unit_id = "registered", area.id, unit_id
    card.birth_year, card.postcode, card.life_situation, card.gender = birth_year, postcode, life_situation, gender
    card.first_day, card.last_day, card.language = first, last, language
    if card.user_handle is None:
        card.user_handle = secrets.token_bytes(32)
    db.session.add(card)
    db.session.flush()
    set_children(card, children, today)
    add_period(card, how, (first, last), today, len(children))
    journal.write(
        "desk:card:registered",
        at=at,
        by=by,
        card_id=card.id,
        unit=unit_id,
        how=how,
        first_day=first.isoformat(),
        last_day=last.isoformat(),
    )


def area_of_unit(unit_id: int) -> Area:
    """The area of a unit's issuer. Raises NotFound("unit_not_found")."""
    of_issuer = select(Area).join(Issuer, Issuer.area_id == Area.id).join(Unit, Unit.issuer_id == Issuer.id)
    area = db.session.scalars(of_issuer.where(Unit.id == unit_id)).one_or_none()
    if area is None:
        raise NotFound("unit_not_found")
    return area


def add_period(card: Card, how: str, days: tuple[date, date], today: date, children: int) -> None:
    """Write down a stretch of days for which this card was given, inside the act that is under way."""
    db.session.add(
        CardPeriod(
            card_id=card.id,
            how=how,
            first_day=days[0],
            last_day=days[1],
            given_on=today,
            unit_id=card.unit_id,
            children=children,
        )
    )
    db.session.flush()


def set_children(card: Card, children: Children, today: date) -> tuple[int, int]:
    """Make these the card's child tickets from today on, inside the act that is under way; returns how many were
    (added, ended). A ticket whose birth year and relation stay is the same ticket, also one that comes back: its label
    on the holder's phone holds. Raises Refused("too_many_children")."""
    if len(children) > MOST_CHILDREN:
        raise Refused("too_many_children")
    # Those that count come first; of those taken off, the last one comes back first.
    mine = select(ChildTicket).where(ChildTicket.card_id == card.id, ChildTicket.own_card_id.is_(None))
    tickets = sorted(db.session.scalars(mine), key=lambda one: (one.ended_on or date.max, -one.id), reverse=True)
    counting = [ticket for ticket in tickets if ticket.ended_on is None]
    added = 0
    for year, relation in children:
        same = next((one for one in tickets if (one.birth_year, one.relation) == (year, relation)), None)
        if same is None:
            db.session.add(ChildTicket(card_id=card.id, birth_year=year, relation=relation))
            added += 1
            continue
        tickets.remove(same)
        if same.ended_on is not None:
            same.ended_on = None
            added += 1
    left = [ticket for ticket in counting if ticket in tickets]
    for ticket in left:
        ticket.ended_on = today
    db.session.flush()
    return added, len(left)


def blank_card(typed: str, unit_id: int) -> Card:
    """The blank card of a typed number, its row locked; one printed for another issuer is as unknown as any."""
    number = normalise(typed)
    if number is None:
        raise Refused("number_mistyped")
    card = db.session.scalars(held(select(Card).where(Card.number == number))).one_or_none()
    if card is None:
        raise Refused("number_mistyped" if mistyped(number) else "number_unknown")
    if card.state != "blank":
        raise Refused("number_taken")
    if not _same_issuer(card.unit_id, unit_id):
        raise Refused("number_unknown")
    return card


def _same_issuer(printed_for: int | None, unit_id: int) -> bool:
    issuers = select(func.count(Unit.issuer_id.distinct())).where(Unit.id.in_((printed_for, unit_id)))
    return printed_for is None or db.session.scalar(issuers) == 1


def new_card() -> Card:
    """A card that is about to be given, with a number that no other has."""
    for _ in range(20):
        number = new_number()
        if db.session.scalar(select(Card.id).where(Card.number == number)) is None:
            return Card(number=number)
    raise RuntimeError("no free card number in twenty tries")  # pragma: no cover
