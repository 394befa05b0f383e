"""What the network signs for a card: credentials with a phone's key, and the server's own for pages it renders."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from wallet.clock import helsinki_day
from wallet.register import journal
from wallet.register.cards import CardPage, card_of
from wallet.register.database import act, db, held
from wallet.register.errors import Refused
from wallet.register.identities import Holder
from wallet.register.tables import Card, Credential, SignIn

LIFE_DAYS = 28
LIVE_KEYS = 2


@dataclass(frozen=True)
class Issued:
    """The fields that a signature will cover (CODES.md, "Bytes")."""

    credential: bytes  # 5 random bytes, never reused
    first_day: date
    last_day: date  # inclusive; never past the card's own
    kind: str
    children: int
    birth_year: int


def _new(card: CardPage, shown_by: str, phone_key: bytes | None, at: datetime) -> Issued:
    today = helsinki_day(at)
    row = Credential(
        credential=secrets.token_bytes(5),
        card_id=card.card_id,
        shown_by=shown_by,
        phone_key=phone_key,
        first_day=today,
        last_day=min(today + timedelta(days=LIFE_DAYS), card.last_day),
        made_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return _issued(row, card)


def _issued(row: Credential, card: CardPage) -> Issued:
    return Issued(
        row.credential,
        row.first_day,
        min(row.last_day, card.last_day),
        card.kind,
        min(len([child for child in card.children if child.status != "ended"]), 15),
        card.birth_year or 0,
    )


def _live(card_id: int, shown_by: str, today: date) -> list[Credential]:
    query = select(Credential).where(
        Credential.card_id == card_id,
        Credential.shown_by == shown_by,
        Credential.withdrawn_at.is_(None),
        Credential.last_day >= today,
    )
    return list(db.session.scalars(query.order_by(Credential.id)))


def add_phone_key(by: Holder, phone_key: bytes, *, at: datetime) -> Issued:
    """A credential for a phone's key that was proved just now. The oldest of more than two live keys stops.

    `phone_key` is 33 bytes, a compressed P-256 point. Raises Refused: the card's reason where it opens no door
    today, "key_known" where the key is another credential's."""
    try:
        with act() as session:
            session.execute(held(select(Card.id).where(Card.id == by.card_id)))
            card = card_of(by, at=at)
            if card.refused is not None:
                raise Refused(card.refused)
            live = _live(by.card_id, "phone", helsinki_day(at))
            for row in live[: max(0, len(live) + 1 - LIVE_KEYS)]:
                row.withdrawn_at, row.withdrawn_reason = at, "newer_keys"
            issued = _new(card, "phone", phone_key, at)
            journal.write("holder:phone-key:made", at=at, by=by, card_id=by.card_id)
            return issued
    except IntegrityError as error:
        raise Refused("key_known") from error


def for_server(by: Holder, *, at: datetime) -> Issued:
    """The credential under which the server shows this card's codes itself (0xC3); made when first needed and
    kept for its days. The server signs anew for each code, so what it says of children and last day is the card's now.

    Raises Refused with the card's reason where it opens no door today."""
    card = card_of(by, at=at)
    if card.refused is not None:
        raise Refused(card.refused)
    live = _live(by.card_id, "server", helsinki_day(at))
    if live:
        return _issued(live[-1], card)
    with act() as session:
        session.execute(held(select(Card.id).where(Card.id == by.card_id)))
        live = _live(by.card_id, "server", helsinki_day(at))
        return _issued(live[-1], card) if live else _new(card, "server", None, at)


def key_state(by: Holder, credential: bytes) -> str:
    """`live`, `withdrawn` or `unknown`: what a phone hears of the credential it keeps."""
    row = db.session.scalars(
        select(Credential).where(Credential.credential == credential, Credential.card_id == by.card_id)
    ).one_or_none()
    if row is None:
        return "unknown"
    return "live" if row.withdrawn_at is None else "withdrawn"


def withdraw(card_id: int, reason: str, *, at: datetime) -> None:
    """Stop every credential of a card, inside the act that is under way."""
    db.session.execute(
        update(Credential)
        .where(Credential.card_id == card_id, Credential.withdrawn_at.is_(None))
        .values(withdrawn_at=at, withdrawn_reason=reason)
    )


def keys_made(by: Holder, *, at: datetime) -> int:
    """How many phone keys this card made in the last 30 days since this browser signed in: beyond the first, they
    were made silently, after a browser lost one (CODES.md, "The phone's key")."""
    signed_in = db.session.get_one(SignIn, by.sign_in).made_at
    made = select(func.count()).where(
        Credential.card_id == by.card_id,
        Credential.shown_by == "phone",
        Credential.made_at >= max(signed_in, at - timedelta(days=30)),
    )
    return int(db.session.scalar(made) or 0)
