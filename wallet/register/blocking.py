"""Stopping a card: lost or stolen, its codes die at once where there is a connection (DOMAIN.md, 8)."""

from datetime import datetime

from sqlalchemy import select

from wallet.register import journal, rules
from wallet.register.credentials import withdraw
from wallet.register.database import act, held
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Who
from wallet.register.tables import Card


def block_card(card_id: int, reason: str, *, by: Who | None, at: datetime) -> None:
    """Block a lost or stolen card, whoever's it is. Raises NotFound, and Refused: not_registered, blocked, replaced.
    A desk blocks its own unit's cards with `desk_cards.block_card`."""
    with act() as session:
        card = session.scalars(held(select(Card).where(Card.id == card_id))).one_or_none()
        if card is None:
            raise NotFound("card_not_found")
        refused = rules.refused_state(card.state)
        if refused is not None:
            raise Refused(refused)
        stop(card, reason, by=by, at=at)


def stop(card: Card, reason: str, *, by: Who | None, at: datetime) -> None:
    """Block a registered card whose row is locked, inside the act that is under way; every code of it stops."""
    card.state, card.blocked_reason = "blocked", reason
    withdraw(card.id, "blocked", at=at)
    journal.write("desk:card:blocked", at=at, by=by, card_id=card.id, reason=reason)
