"""Signed-in browsers. Each audience has a length of its own; ending a row ends the session at its next request."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update

from wallet.register import cards, journal
from wallet.register.database import act, db, held
from wallet.register.identities import AtGate, HeldRole, Holder, Staff
from wallet.register.tables import Card, Gate
from wallet.register.tables_signin import SignIn
from wallet.register.tables_staff import Account, Role

# (whole length, longest pause). A holder's lasts as long as browsers keep cookies: nobody may be shut out at a
# theatre door. Staff see other people's cards, so theirs end with the working day.
LENGTHS = {
    "holder": (timedelta(days=400), timedelta(days=400)),
    "gate": (timedelta(days=400), timedelta(days=90)),
    "staff": (timedelta(hours=12), timedelta(hours=2)),
}
_SEEN_EVERY = timedelta(minutes=5)


def start(
    audience: str,
    *,
    at: datetime,
    card_id: int | None = None,
    gate_id: int | None = None,
    account_id: int | None = None,
) -> str:
    """Sign a browser in; returns the sign-in's id, which only the signed session cookie carries. Raises NotFound for a
    card that was deleted meanwhile."""
    with act() as session:
        if card_id is not None:
            cards.hold(card_id)
        row = SignIn(
            id=secrets.token_urlsafe(32),
            card_id=card_id,
            gate_id=gate_id,
            account_id=account_id,
            made_at=at,
            seen_at=at,
            ends_at=at + LENGTHS[audience][0],
        )
        session.add(row)
        journal.write(f"{audience}:sign-in:started", at=at, card_id=card_id, gate=gate_id, account=account_id)
        return row.id


def _live(sign_in: str, audience: str, at: datetime) -> SignIn | None:
    row = db.session.get(SignIn, sign_in)
    if row is None or row.ended_at is not None or at >= row.ends_at:
        return None
    if at - row.seen_at >= LENGTHS[audience][1]:
        return None
    if at - row.seen_at > _SEEN_EVERY:
        with act() as session:
            session.execute(update(SignIn).where(SignIn.id == sign_in).values(seen_at=at))
    return row


def holder(sign_in: str, *, at: datetime) -> Holder | None:
    """The holder of a live sign-in. A blocked card's holder still signs in: the card page says what happened."""
    row = _live(sign_in, "holder", at)
    if row is None or row.card_id is None:
        return None
    return Holder(sign_in, row.card_id)


def holders(sign_ins: Sequence[str], *, at: datetime) -> list[Holder]:
    """The holders of those of these sign-ins that are live, in their order: the other cards of a shared phone."""
    rows = db.session.scalars(select(SignIn).where(SignIn.id.in_(sign_ins), SignIn.card_id.is_not(None)))
    live = {row.id: row for row in rows if row.ended_at is None and at < row.ends_at}
    return [Holder(row.id, row.card_id) for row in map(live.get, sign_ins) if row is not None and row.card_id]


def gate(sign_in: str, *, at: datetime) -> AtGate | None:
    """The gate of a live sign-in, unless it was revoked."""
    row = _live(sign_in, "gate", at)
    found = db.session.get(Gate, row.gate_id) if row is not None and row.gate_id else None
    if found is None or found.revoked_at is not None:
        return None
    return AtGate(sign_in, found.id, found.name, found.venue_id)


def staff(sign_in: str, *, at: datetime) -> Staff | None:
    """The member of staff of a live sign-in, unless they have left."""
    row = _live(sign_in, "staff", at)
    account = db.session.get(Account, row.account_id) if row is not None and row.account_id else None
    if account is None or account.left_at is not None:
        return None
    roles = db.session.scalars(select(Role).where(Role.account_id == account.id).order_by(Role.id))
    held = tuple(HeldRole(r.role, r.unit_id, r.venue_id, r.agent_id, r.area_id, r.side) for r in roles)
    return Staff(sign_in, account.id, account.name, held)


def end(sign_in: str, *, at: datetime) -> None:
    """Sign a browser out."""
    with act() as session:
        session.execute(update(SignIn).where(SignIn.id == sign_in, SignIn.ended_at.is_(None)).values(ended_at=at))
        journal.write("signin:sign-in:ended", at=at)


def revoke_gate(gate_id: int, *, at: datetime) -> None:
    """A gate's phone is no longer a gate, from its next request on."""
    with act() as session:
        session.execute(update(Gate).where(Gate.id == gate_id).values(revoked_at=at))
        journal.write("venue:gate:revoked", at=at, gate=gate_id)


# The PIN: for phones without a passkey. A try is counted before the PIN is compared, so that a hundred tries at
# once are a hundred tries.

PIN_TRIES = 5
PIN_WAIT = timedelta(minutes=15)


def begin_pin_try(number: str, *, at: datetime) -> tuple[int, str] | None:
    """Count a try for the card of this number; returns (card id, PIN hash) to compare, or None where the card
    is unknown, has no PIN or must wait: the caller says the same in each case."""
    with act() as session:
        card = session.scalars(held(select(Card).where(Card.number == number))).one_or_none()
        if card is None or card.pin_hash is None:
            return None
        if card.pin_wait_until is not None and at < card.pin_wait_until:
            return None
        if card.pin_tries >= PIN_TRIES:
            card.pin_tries = 0  # the wait is over
        card.pin_tries += 1
        card.pin_wait_until = at + PIN_WAIT if card.pin_tries >= PIN_TRIES else None
        return card.id, card.pin_hash


def pin_was_right(card_id: int, *, at: datetime) -> None:
    """Forget the tries of a card whose PIN was just given."""
    with act() as session:
        session.execute(update(Card).where(Card.id == card_id).values(pin_tries=0, pin_wait_until=None))


def set_pin(by: Holder, pin_hash: str, *, at: datetime) -> None:
    """Keep the hash of the PIN that the holder chose."""
    with act() as session:
        cards.hold(by.card_id)
        session.execute(
            update(Card).where(Card.id == by.card_id).values(pin_hash=pin_hash, pin_tries=0, pin_wait_until=None)
        )
        journal.write("holder:pin:set", at=at, by=by, card_id=by.card_id)
