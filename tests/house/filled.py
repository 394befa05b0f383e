"""A register with at least one row in every table, for tests that must not lose any."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, MetaData, func, select

from tests.people import People, make_people
from wallet.clock import helsinki_day, now
from wallet.register import blocking, credentials, gate_lists, passkeys, uses, venues
from wallet.register.database import act
from wallet.register.judging import Attempt
from wallet.register.tables import Card, Use
from wallet.register.tables_agents import Agent, AgentVenue, ApiToken
from wallet.register.tables_life import CardImport, CardPeriod, Correction, Loan, PrintBatch


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
    _fill_life(people, at)


def _fill_life(people: People, at: datetime) -> None:
    """A period, a community card that is lent, a batch, an import, a correction, a ticket agent and its token."""
    day, card = helsinki_day(at), people.holder.card_id
    with act() as session:
        session.add(Agent(id="lippu", name="Lipputoimisto"))
        session.flush()
        session.add(AgentVenue(agent_id="lippu", venue_id="museo"))
        session.add(ApiToken(agent_id="lippu", name="Kassa", token_hash=b"hash", scopes=["check"], made_at=at))
        batch = PrintBatch(unit_id=people.unit, kind="blank", cards=1, made_at=at, account_id=people.desk.account_id)
        session.add(batch)
        session.flush()
        community = Card(
            number="KOTI1",
            kind="community",
            state="registered",
            area_id="tampere",
            unit_id=people.unit,
            batch_id=batch.id,
            first_day=day,
            last_day=day,
            user_handle=secrets.token_bytes(32),
        )
        session.add(community)
        session.flush()
        session.add(Loan(card_id=community.id, role_text="Iltakahvilan ohjaaja", lent_at=at))
        session.add(
            CardPeriod(card_id=community.id, how="new", first_day=day, last_day=day, given_on=day, unit_id=people.unit)
        )
        session.add(CardImport(unit_id=people.unit, account_id=people.desk.account_id, made_at=at, rows=[]))
        use = session.scalars(select(Use).where(Use.card_id == card, Use.undone_at.is_(None)).limit(1)).one()
        session.add(Correction(use_id=use.id, venue_id=use.venue_id, reason="children", asked_at=at))


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table holds that is there now."""
    found = MetaData()
    found.reflect(connection)
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in found.sorted_tables
        if table.name != "alembic_version"
    }
