"""Cards on paper: batches of blank numbered cards, and of registered cards with a code of their own (0xC2).

A card's `batch_id` is the last batch it was printed in. A printed code lives as long as the card does: it can't renew
itself, as a phone's does.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, or_, select, update

from wallet.clock import helsinki_day
from wallet.register import journal, rules
from wallet.register.cards import MOST_CHILDREN
from wallet.register.credentials import Issued
from wallet.register.database import act, db, held
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Staff
from wallet.register.numbers import new_number
from wallet.register.tables import Area, Card, ChildTicket, Credential, Issuer, Unit
from wallet.register.tables_life import PrintBatch

MOST_CARDS = 500  # in a batch: fifty sheets


@dataclass(frozen=True)
class Batch:
    """Cards that a desk printed together."""

    batch_id: int
    unit_id: int
    kind: str  # blank, registered
    kid: int | None  # the print key of registered cards' codes
    cards: int
    made_on: date


@dataclass(frozen=True)
class PaperCard:
    """A card as it is printed. `issued` is what its code says; a blank card has none, and nor has one whose code was
    stopped since."""

    card_id: int
    number: str
    kind: str
    language: str
    last_day: date | None
    children: int
    issued: Issued | None


@dataclass(frozen=True)
class Sheet:
    """A batch, opened again."""

    batch: Batch
    area_fi: str
    area_sv: str | None
    issuer_name: str
    unit_name: str
    cards: tuple[PaperCard, ...]


@dataclass(frozen=True)
class PrintableCard:
    """A registered card that could be printed now."""

    card_id: int
    number: str
    kind: str
    last_day: date
    printed: bool  # before, with a code or as a blank


def _at_desk(by: Staff, unit_id: int) -> None:
    if unit_id not in by.desk_units:
        raise NotFound("unit_not_found")


def blank_numbers(by: Staff, unit_id: int, count: int, *, at: datetime) -> tuple[int, list[str]]:
    """Number `count` new blank cards (1–500) of a unit for printing; returns (batch id, their numbers). A blank card
    opens no door before it is registered (DOMAIN.md, "Who gets a card", 5). Raises NotFound, Refused("batch_size")."""
    _at_desk(by, unit_id)
    if not 1 <= count <= MOST_CARDS:
        raise Refused("batch_size")
    with act() as session:
        batch = _new_batch(by, unit_id, count, kid=None, at=at)
        numbers = _free_numbers(count)
        rows = [
            {"number": number, "unit_id": unit_id, "batch_id": batch.id, "user_handle": secrets.token_bytes(32)}
            for number in numbers
        ]
        session.execute(insert(Card), rows)
        return batch.id, numbers


def _free_numbers(count: int) -> list[str]:
    """As many new numbers that no card has. A number drawn twice is drawn again, as is one that was given before."""
    drawn: dict[str, None] = {}
    while len(drawn) < count:
        drawn |= dict.fromkeys(new_number() for _ in range(count - len(drawn)))
        for taken in db.session.scalars(select(Card.number).where(Card.number.in_(list(drawn)))):
            del drawn[taken]
    return list(drawn)


def _new_batch(by: Staff, unit_id: int, count: int, *, kid: int | None, at: datetime) -> PrintBatch:
    kind = "blank" if kid is None else "registered"
    batch = PrintBatch(unit_id=unit_id, kind=kind, kid=kid, cards=count, made_at=at, account_id=by.account_id)
    db.session.add(batch)
    db.session.flush()
    journal.write("desk:batch:printed", at=at, by=by, unit=unit_id, batch=batch.id, kind=kind, cards=count, kid=kid)
    return batch


def paper_credentials(by: Staff, unit_id: int, card_ids: Sequence[int], *, at: datetime, kid: int) -> int:
    """Give each of these registered cards of a unit a code for paper, to be signed by the print key `kid`; returns the
    batch's id. Codes that were printed of them before stop ("reprinted").

    All or nothing. Raises NotFound where one is not the unit's, Refused: batch_size, or not_printable with the
    `number` of the first that is not registered or has ended."""
    _at_desk(by, unit_id)
    wanted, today = list(dict.fromkeys(card_ids)), helsinki_day(at)
    if not 1 <= len(wanted) <= MOST_CARDS:
        raise Refused("batch_size")
    with act() as session:
        # In the order of their ids, as everyone who locks several cards does.
        query = select(Card).where(Card.id.in_(wanted), Card.unit_id == unit_id).order_by(Card.id)
        cards = session.scalars(held(query)).all()
        if len(cards) != len(wanted):
            raise NotFound("card_not_found")
        for card in cards:
            if card.state != "registered" or card.last_day < today:
                raise Refused("not_printable", number=card.number)
        batch = _new_batch(by, unit_id, len(cards), kid=kid, at=at)
        before = (Credential.card_id.in_(wanted), Credential.shown_by == "paper", Credential.withdrawn_at.is_(None))
        session.execute(update(Credential).where(*before).values(withdrawn_at=at, withdrawn_reason="reprinted"))
        rows = [
            {
                "credential": secrets.token_bytes(5),
                "card_id": card.id,
                "shown_by": "paper",
                "first_day": today,
                "last_day": card.last_day,
                "made_at": at,
            }
            for card in cards
        ]
        session.execute(insert(Credential), rows)
        for card in cards:
            card.batch_id = batch.id
            journal.write("desk:card:printed", at=at, by=by, card_id=card.id, batch=batch.id)
        return batch.id


def batches(by: Staff, unit_id: int) -> list[Batch]:
    """What a unit printed, newest first, at most a hundred. Raises NotFound for another's unit."""
    _at_desk(by, unit_id)
    rows = db.session.scalars(
        select(PrintBatch).where(PrintBatch.unit_id == unit_id).order_by(PrintBatch.id.desc()).limit(100)
    )
    return [_batch(row) for row in rows]


def _batch(row: PrintBatch) -> Batch:
    return Batch(row.id, row.unit_id, row.kind, row.kid, row.cards, helsinki_day(row.made_at))


def printable(
    by: Staff, unit_id: int, *, at: datetime, before: int | None = None, limit: int = 50
) -> list[PrintableCard]:
    """The registered valid cards of a unit, newest first, from the one before `before` (a card's id). Raises NotFound
    for another's unit."""
    _at_desk(by, unit_id)
    valid = [Card.unit_id == unit_id, Card.state == "registered", Card.last_day >= helsinki_day(at)]
    if before is not None:
        valid.append(Card.id < before)
    rows = db.session.execute(
        select(Card.id, Card.number, Card.kind, Card.last_day, Card.batch_id)
        .where(*valid)
        .order_by(Card.id.desc())
        .limit(limit)
    )
    return [PrintableCard(row.id, row.number, row.kind, row.last_day, row.batch_id is not None) for row in rows]


def sheet(by: Staff, batch_id: int, *, at: datetime) -> Sheet:
    """A batch of the asker's units, opened again: the cards whose last printing it was, in the order of their ids.
    Raises NotFound."""
    found = db.session.execute(
        select(PrintBatch, Unit, Issuer, Area)
        .join(Unit, Unit.id == PrintBatch.unit_id)
        .join(Issuer, Issuer.id == Unit.issuer_id)
        .join(Area, Area.id == Issuer.area_id)
        .where(PrintBatch.id == batch_id)
    ).one_or_none()
    if found is None:
        raise NotFound("batch_not_found")
    batch, unit, issuer, area = found
    _at_desk(by, batch.unit_id)
    of_batch = select(Card).where(Card.batch_id == batch_id, Card.state != "deleted")
    cards = db.session.scalars(of_batch.order_by(Card.id)).all()
    codes, children = _codes(batch), _children(batch_id, helsinki_day(at))
    return Sheet(
        _batch(batch),
        area.name_fi,
        area.name_sv,
        issuer.name,
        unit.name,
        tuple(_paper(card, codes.get(card.id), min(children[card.id], MOST_CHILDREN)) for card in cards),
    )


def _paper(card: Card, code: Credential | None, children: int) -> PaperCard:
    issued = None
    if code is not None:
        issued = Issued(code.credential, code.first_day, code.last_day, card.kind, children, card.birth_year or 0)
    return PaperCard(card.id, card.number, card.kind, card.language, card.last_day, children, issued)


def _codes(batch: PrintBatch) -> dict[int, Credential]:
    """The live paper credential of each card of the batch, by the card's id. A blank batch's cards carry no code, also
    where they were registered since."""
    if batch.kind == "blank":
        return {}
    rows = db.session.scalars(
        select(Credential)
        .join(Card, Card.id == Credential.card_id)
        .where(Card.batch_id == batch.id, Credential.shown_by == "paper", Credential.withdrawn_at.is_(None))
    )
    return {row.card_id: row for row in rows}


def _children(batch_id: int, today: date) -> Counter[int]:
    """How many child tickets of each card of the batch open a door today, by the card's id."""
    counting = or_(ChildTicket.ended_on.is_(None), ChildTicket.ended_on > today)
    oldest = today.year - rules.CHILD_AGE
    rows = db.session.execute(
        select(ChildTicket.card_id, func.count())
        .join(Card, Card.id == ChildTicket.card_id)
        .where(
            Card.batch_id == batch_id,
            counting,
            or_(ChildTicket.birth_year.is_(None), ChildTicket.birth_year >= oldest),
        )
        .group_by(ChildTicket.card_id)
    )
    return Counter({row[0]: row[1] for row in rows})
