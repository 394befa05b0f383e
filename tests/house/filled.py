"""A register with at least one row in every table, for tests that must not lose any."""

import secrets
from datetime import timedelta

from sqlalchemy import Connection, MetaData, func, select

from tests.people import make_people
from wallet.clock import now
from wallet.register import blocking, credentials, gate_lists, passkeys, uses, venues
from wallet.register.judging import Attempt


def fill() -> None:
    """People, an event, a use, an undone use, a refusal, a conflict, a passkey, a blocked card, a list."""
    people, at = make_people(), now()
    event = venues.add_event("museo", "Ilta", at, at + timedelta(hours=3), by=None, at=at, ceiling=5)
    phone = credentials.add_phone_key(people.holder, b"\x02" + secrets.token_bytes(32), at=at).credential

    def scan(step: int, **values: object) -> Attempt:
        given: dict[str, object] = {"scan_id": secrets.token_hex(8), "scanned_at": at, "read_by": "phone"}
        return Attempt(credential=phone, step=step, **(given | values))  # type: ignore[arg-type]

    uses.record_use(scan(1, event_id=event, children=1), by=people.gate, at=at)
    second = uses.record_use(scan(2), by=people.gate, at=at)
    uses.undo_use(second.facts["use_id"], by=people.gate, at=at, reason="gate")
    uses.record_use(scan(3, event_id=event, late=True), by=people.gate, at=at)
    passkeys.add(people.holder, b"passkey", b"key", 0, at=at)
    blocking.block_card(people.other_holder.card_id, "lost", by=people.desk, at=at)
    gate_lists.keep(1, b"digest", "a list", at=at)


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table holds that is there now."""
    found = MetaData()
    found.reflect(connection)
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in found.sorted_tables
        if table.name != "alembic_version"
    }
