"""What tests stand on: the application on SQLite and on PostgreSQL, migrated as in production, and people.

Acts commit, so nothing is rolled back: after each test the tables are emptied.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Table

from tests.people import People, make_people
from tests.postgres import PostgresServer
from wallet import create_app
from wallet.clock import now
from wallet.codes import Keyring, keys
from wallet.config import FixedKeys, Settings
from wallet.register.database import db

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("both", "sqlite", "postgresql"), default="both")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--database")
        names = ("sqlite", "postgresql") if asked == "both" else (asked,)
        if "sqlite" in names and metafunc.definition.get_closest_marker("one_database"):
            names = ("sqlite",)
        metafunc.parametrize("database", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this run's own, on loopback, gone afterwards."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`: what uses the database runs on both."""
    return str(request.param)


@pytest.fixture(scope="session")
def database_url(database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if database == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/wallet.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    """Network keys of this run."""
    ring = Keyring()
    for kind in keys.KEY_TYPES:
        ring = keys.add(ring, keys.new(kind, now(), [key.kid for key in ring.keys]))
    return ring


@pytest.fixture(scope="session")
def settings(database_url: str, keyring: Keyring) -> Settings:
    return Settings(
        database_url=database_url,
        secret_key=secrets.token_hex(32),
        origin="http://localhost",
        keys=FixedKeys(keyring),
        development=True,
    )


@pytest.fixture(scope="session")
def whole_app(settings: Settings) -> Iterator[Flask]:
    """One application a database and run, its tables made by the migrations."""
    app = create_app(settings)
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(whole_app: Flask) -> Iterator[Flask]:
    """The application with empty tables, inside its context."""
    with whole_app.app_context():
        yield whole_app
        db.session.remove()
        with db.engine.begin() as connection:
            for table in reversed(db.metadata.sorted_tables):
                connection.execute(table.delete())


@dataclass(frozen=True)
class Made:
    """The people as they were made once, and every row that made them."""

    at: datetime
    people: People
    rows: list[tuple[Table, list[dict[str, Any]]]]


@pytest.fixture(scope="session")
def made(whole_app: Flask) -> list[Made]:
    """The newest, where there is one. Making people takes longer than most tests."""
    return []


@pytest.fixture
def people(app: Flask, made: list[Made]) -> People:
    """A holder, another holder, an issuer, another issuer, a gate, a gate of another venue, staff; just made, or put
    back as they were up to a minute ago."""
    if not made or abs(now() - made[-1].at) > timedelta(minutes=1):
        found = make_people()
        with db.engine.connect() as connection:
            everything = [(table, connection.execute(table.select())) for table in db.metadata.sorted_tables]
            rows = [(table, [dict(row._mapping) for row in result]) for table, result in everything]
        made[:] = [Made(now(), found, [(table, some) for table, some in rows if some])]
        return found
    with db.engine.begin() as connection:
        for table, rows in made[-1].rows:
            connection.execute(table.insert(), rows)
    return made[-1].people


@pytest.fixture(scope="session", autouse=True)
def _no_environment() -> None:
    """Tests don't depend on what the shell says."""
    for name in ("DATABASE_URL", "SECRET_KEY", "ORIGIN", "NETWORK_KEYS", "NETWORK_KEYS_FILE"):
        os.environ.pop(name, None)
