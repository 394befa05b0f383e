"""Migrations against the models, and with data in the tables. A fault here is met on the day of an upgrade."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from tests.house.filled import counts, fill
from tests.postgres import PostgresServer
from wallet import create_app
from wallet.config import Settings
from wallet.register.database import db

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]


@pytest.fixture
def fresh(database: str, settings: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application on a database of this test's own, without any table."""
    if database == "sqlite":
        url = f"sqlite:///{tmp_path}/fresh.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    app = create_app(replace(settings, database_url=url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def now_there() -> dict[str, int]:
    db.session.remove()
    with db.engine.connect() as connection:
        return counts(connection)


def test_the_migrations_make_what_the_models_say(fresh: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, db.metadata) == []
        assert set(inspect(connection).get_table_names()) == {*db.metadata.tables, "alembic_version"}


def test_constraints_and_conditions_are_the_models_too(fresh: Flask) -> None:
    """What Alembic does not compare: checks, and the conditions of indexes. The guarantees lie there."""
    upgrade()
    with db.engine.connect() as connection:
        found = inspect(connection)
        for table in db.metadata.sorted_tables:
            checks = {check["name"] for check in found.get_check_constraints(table.name)}
            wanted = {str(c.name) for c in table.constraints if type(c).__name__ == "CheckConstraint"}
            assert checks == wanted, table.name
        where = f"{fresh.config['SQLALCHEMY_DATABASE_URI'].partition(':')[0].partition('+')[0]}_where"
        (live,) = [index for index in found.get_indexes("uses") if index["name"] == "uq_uses_card_id_slot_nth_live"]
        assert live["unique"]
        assert "undone_at IS NULL" in str(live["dialect_options"][where])


def test_there_is_one_line_of_migrations(fresh: Flask) -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1
    assert len(set(REVISIONS)) == len(REVISIONS)


def test_up_down_up_with_data(fresh: Flask) -> None:
    """One step at a time: what both sides of a step know is not lost by taking it, in either direction."""
    upgrade()
    fill()
    full = now_there()
    assert {name for name, rows in full.items() if not rows} == set(), "a table that this test says nothing of"

    for revision in reversed(REVISIONS[:-1]):
        downgrade(revision=revision)
        kept = now_there()
        assert kept == {name: full[name] for name in kept}, f"rows were lost on the way down to {revision}"
    for revision in REVISIONS[1:]:
        upgrade(revision=revision)
        again = now_there()
        assert all(again[name] == kept[name] for name in kept), f"rows were lost on the way up to {revision}"
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []

    downgrade(revision="base")
    assert now_there() == {}
    upgrade()
    assert set(now_there()) == set(full)
    fill()
    assert now_there() == full


BROKEN = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "broken", {last!r}


def upgrade():
    op.create_table("made_before_it_broke", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("DELETE FROM areas WHERE id = 'tampere'")
"""


def test_a_migration_that_breaks_leaves_nothing_behind(fresh: Flask, tmp_path: Path) -> None:
    """Half a migration is worse than none. SQLite looks at foreign keys in the end only."""
    upgrade()
    fill()
    full = now_there()
    shutil.copytree(MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "migrations/versions/broken.py").write_text(BROKEN.format(last=REVISIONS[-1]), encoding="utf-8")
    with pytest.raises((SystemExit, IntegrityError)):
        upgrade(directory=str(tmp_path / "migrations"))
    assert now_there() == full
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == REVISIONS[-1]
        if connection.dialect.name == "sqlite":
            assert connection.scalar(text("PRAGMA foreign_keys")) == 1
