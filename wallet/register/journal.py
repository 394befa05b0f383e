"""The journal: who did what, when. Each act writes its own line; the grammar is `room:subject:act`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from wallet.register.database import db
from wallet.register.identities import AtGate, Holder, Staff, Who
from wallet.register.tables import JournalLine


def write(
    act: str,
    *,
    at: datetime,
    by: Who | None = None,
    card_id: int | None = None,
    venue_id: str | None = None,
    **facts: Any,
) -> None:
    """Add a line inside the act that is under way. `by` is None for the register's own commands.
    `facts` are plain values, never anything about a person."""
    db.session.add(JournalLine(**_line(act, at, by), card_id=card_id, venue_id=venue_id, facts=facts))


def write_each(act: str, *, at: datetime, by: Who | None, facts: Mapping[int, Mapping[str, Any]]) -> None:
    """Add a line for each of these cards, by the card's id, in one statement."""
    line = _line(act, at, by)
    lines = [line | {"card_id": card_id, "facts": dict(one)} for card_id, one in facts.items()]
    db.session.execute(insert(JournalLine), lines)


def _line(act: str, at: datetime, by: Who | None) -> dict[str, Any]:
    return {
        "at": at,
        "act": act,
        "by_card_id": by.card_id if isinstance(by, Holder) else None,
        "by_gate_id": by.gate_id if isinstance(by, AtGate) else None,
        "by_account_id": by.account_id if isinstance(by, (Staff, AtGate)) else None,
    }
