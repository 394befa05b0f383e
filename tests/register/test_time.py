"""Moments, days and foreign keys are the same on both databases."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from tests.people import People
from tests.register.scans import NOON
from wallet.clock import HELSINKI, helsinki_day
from wallet.register.database import act, db
from wallet.register.tables import Card, Gate, Unit, Venue

# Half past midnight in Helsinki: another day, another month and another year's half than in UTC.
SUMMER_NIGHT = datetime(2026, 7, 1, 0, 30, tzinfo=HELSINKI)


@pytest.mark.parametrize(
    "moment",
    [
        SUMMER_NIGHT,
        SUMMER_NIGHT.astimezone(UTC),
        SUMMER_NIGHT.astimezone(timezone(timedelta(hours=-9, minutes=-30))),
    ],
)
def test_a_moment_is_kept_as_the_instant_it_is(people: People, moment: datetime) -> None:
    with act() as session:
        session.execute(update(Gate).where(Gate.id == people.gate.gate_id).values(revoked_at=moment))
    kept = db.session.scalar(select(Gate.revoked_at).where(Gate.id == people.gate.gate_id))
    assert kept == datetime(2026, 6, 30, 21, 30, tzinfo=UTC)
    assert kept.tzinfo is UTC
    assert helsinki_day(kept).isoformat() == "2026-07-01"


def test_moments_compare_as_instants_whatever_their_zone(people: People) -> None:
    with act() as session:
        session.execute(update(Gate).where(Gate.id == people.gate.gate_id).values(revoked_at=SUMMER_NIGHT))
    for seconds, found in ((-1, False), (0, False), (1, True)):
        limit = SUMMER_NIGHT.astimezone(UTC) + timedelta(seconds=seconds)
        query = select(Gate.id).where(Gate.revoked_at < limit)
        assert (db.session.scalar(query) is not None) is found


def test_both_hours_of_an_autumn_night_are_kept_apart(people: People) -> None:
    """03:30 comes twice on the night to 25.10.2026."""
    moments = [datetime(2026, 10, 25, 3, 30, fold=fold, tzinfo=HELSINKI) for fold in (0, 1)]
    kept = []
    for moment in moments:
        with act() as session:
            session.execute(update(Gate).where(Gate.id == people.gate.gate_id).values(revoked_at=moment))
        kept.append(db.session.scalar(select(Gate.revoked_at).where(Gate.id == people.gate.gate_id)))
    assert kept == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]


def test_a_moment_without_its_zone_is_refused(people: People) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="zone"), act() as session:
        session.execute(update(Gate).values(revoked_at=naive))


def test_foreign_keys_hold(people: People) -> None:
    """SQLite does not look at them unless it is told to, on each connection."""
    with pytest.raises(IntegrityError), act() as session:
        session.execute(update(Card).values(area_id="atlantis"))
    with pytest.raises(IntegrityError), act() as session:
        session.delete(session.get_one(Venue, "museo"))


def test_what_an_act_did_before_it_failed_is_undone(people: People) -> None:
    def renamed_and_broken() -> None:
        with act() as session:
            session.execute(update(Unit).values(name="renamed"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        renamed_and_broken()
    assert "renamed" not in db.session.scalars(select(Unit.name)).all()


def test_sqlite_waits_and_writes_ahead(app: object) -> None:
    """Without these a busy evening on SQLite answers "database is locked"."""
    if db.engine.dialect.name != "sqlite":
        assert db.session.scalar(text("SHOW transaction_isolation")) == "read committed"
        return
    told = {
        name: db.session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "busy_timeout", "foreign_keys")
    }
    assert told == {"journal_mode": "wal", "busy_timeout": 30000, "foreign_keys": 1}
