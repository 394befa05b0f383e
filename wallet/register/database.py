"""The connection to the database, and what an act is: one transaction, on SQLite and on PostgreSQL alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from threading import RLock
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Engine, Integer, MetaData, Select, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# Constraints have names, so that a migration can change them and an act can tell which one spoke.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


# Answers are read after the act's commit; nothing is fetched again behind a template's back.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

# On SQLite one writes and the others poll, and on a busy machine some poll in vain. The threads of a process take turns
# instead, so that at most one a process polls. Who waited for PATIENCE_S seconds polls too: no wait is without an end.
_turn = RLock()
PATIENCE_S = 30

_in_act: ContextVar[bool] = ContextVar("in_act", default=False)

Rows = TypeVar("Rows", bound=Select[Any])

# SQLite counts up only plain INTEGER keys by itself.
BigId = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Aware in, aware UTC out, also on SQLite, which forgets zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@contextmanager
def act() -> Iterator[Any]:
    """One act: everything inside happens together, or nothing does. Yields the session; commits at the end."""
    session = db.session
    # Ends the read that found out who is asking: SQLite can't turn a read into a write while others write.
    session.commit()
    session.expire_all()  # what was read before the act may have changed since
    with _turn_to_write(session.get_bind().dialect):
        mark = _in_act.set(True)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            _in_act.reset(mark)


@contextmanager
def _turn_to_write(dialect: Dialect) -> Iterator[None]:
    mine = dialect.name == "sqlite" and _turn.acquire(timeout=PATIENCE_S)
    try:
        yield
    finally:
        if mine:
            _turn.release()


def held(query: Rows) -> Rows:
    """The query, its rows locked until the act ends; not against new rows that point at them. With a plain lock a use
    would wait for its gate while a number typed at that gate waits for the card, and neither would end."""
    return query.with_for_update(key_share=True)


def prepare(engine: Engine) -> None:
    """Give a SQLite engine what PostgreSQL has by itself: foreign keys, waiting writers, whole transactions."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin late; we begin ourselves, below
        cursor = connection.cursor()
        for pragma in (
            "foreign_keys=ON",
            f"busy_timeout={PATIENCE_S * 1000}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _in_act.get() else "BEGIN")
