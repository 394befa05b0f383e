"""What the network signs for a card: credentials with a phone's key, and the server's own for pages it renders."""

import hashlib
import hmac
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
from wallet.register.tables import Card, Credential
from wallet.register.tables_signin import SignIn

LIFE_DAYS = 28
LIVE_KEYS = 2


@dataclass(frozen=True)
class Issued:
    """The fields that a signature will cover (CODES.md, "Bytes"), and the one-time value of the next renewal."""

    credential: bytes  # 5 random bytes, never reused
    first_day: date
    last_day: date  # inclusive; never past the card's own
    kind: str
    children: int
    birth_year: int
    once: str | None = None  # a phone's only; the register keeps its hash


def _new(card: CardPage, shown_by: str, phone_key: bytes | None, at: datetime, renews: int | None = None) -> Issued:
    today = helsinki_day(at)
    row = Credential(
        credential=secrets.token_bytes(5),
        card_id=card.card_id,
        shown_by=shown_by,
        phone_key=phone_key,
        first_day=today,
        last_day=min(today + timedelta(days=LIFE_DAYS), card.last_day),
        made_at=at,
        renews_id=renews,
    )
    once = secrets.token_urlsafe(24) if shown_by == "phone" else None
    row.renewal_hash = _hash(once) if once else None
    db.session.add(row)
    db.session.flush()
    return _issued(row, card, once)


def _hash(once: str) -> bytes:
    return hashlib.sha256(b"renewal:" + once.encode()).digest()


def _issued(row: Credential, card: CardPage, once: str | None = None) -> Issued:
    return Issued(
        row.credential,
        row.first_day,
        min(row.last_day, card.last_day),
        card.kind,
        min(len([child for child in card.children if child.status != "ended"]), 15),
        card.birth_year or 0,
        once,
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


def renew(by: Holder, old: bytes, once: str, phone_key: bytes, *, at: datetime) -> Issued:
    """A new credential and key in place of `old`, by the one-time value that came with it. The old one stops.

    A phone whose answer was lost asks again with the same new key and hears of the same credential. A value that comes
    a second time with another key is a copy at work: every key of the card stops, and every sign-in of it
    (CODES.md, "The phone's key"). Raises Refused: the card's reason, renewal_unknown, renewal_copied, key_known."""
    try:
        with act() as session:
            session.execute(held(select(Card.id).where(Card.id == by.card_id)))
            card = card_of(by, at=at)
            if card.refused is not None:
                raise Refused(card.refused)
            mine = select(Credential).where(Credential.credential == old, Credential.card_id == by.card_id)
            row = session.scalars(mine).one_or_none()
            if row is None or row.renewal_hash is None or not hmac.compare_digest(row.renewal_hash, _hash(once)):
                raise Refused("renewal_unknown")
            if row.withdrawn_at is None:
                row.withdrawn_at, row.withdrawn_reason = at, "renewed"
                session.flush()
                issued = _new(card, "phone", phone_key, at, renews=row.id)
                journal.write("holder:phone-key:renewed", at=at, by=by, card_id=by.card_id)
                return issued
            again = session.scalars(
                select(Credential).where(
                    Credential.phone_key == phone_key,
                    Credential.renews_id == row.id,
                    Credential.withdrawn_at.is_(None),
                )
            ).one_or_none()
            if again is not None:
                # The first answer's value was lost with it: a new one takes its place.
                fresh = secrets.token_urlsafe(24)
                again.renewal_hash = _hash(fresh)
                return _issued(again, card, fresh)
            if row.withdrawn_reason != "renewed":
                raise Refused("renewal_unknown")
            _stop_copies(by, at)
    except IntegrityError as error:
        raise Refused("key_known") from error
    raise Refused("renewal_copied")


def _stop_copies(by: Holder, at: datetime) -> None:
    phone = (Credential.card_id == by.card_id, Credential.shown_by == "phone", Credential.withdrawn_at.is_(None))
    db.session.execute(update(Credential).where(*phone).values(withdrawn_at=at, withdrawn_reason="copied"))
    signed_in = (SignIn.card_id == by.card_id, SignIn.ended_at.is_(None))
    db.session.execute(update(SignIn).where(*signed_in).values(ended_at=at))
    journal.write("holder:phone-key:copied", at=at, by=by, card_id=by.card_id)


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
        Credential.renews_id.is_(None),
        Credential.made_at >= max(signed_in, at - timedelta(days=30)),
    )
    return int(db.session.scalar(made) or 0)
