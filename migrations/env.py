"""Runs migrations on the application's own engine. Batch mode, since SQLite can't alter a column in place."""

from alembic import context
from flask import current_app

engine = current_app.extensions["migrate"].db.engine
metadata = current_app.extensions["migrate"].db.metadata


def include_object(_thing, name, kind, _reflected, _other):
    """Leave alone what is not ours (an extension's tables, say)."""
    return kind != "table" or name in metadata.tables


def render_item(kind, thing, _context):
    """A migration says what is in the database; that a moment is aware UTC is the register's business."""
    return "sa.DateTime(timezone=True)" if kind == "type" and type(thing).__name__ == "UtcDateTime" else False


def check_keys(ctx, **_step):
    """End a step that left a row pointing at nothing, with everything it did."""
    lost = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if lost:
        raise RuntimeError(f"rows that point at nothing, in {', '.join(sorted({row[0] for row in lost}))}")


def run() -> None:
    """Upgrade or downgrade; each migration is one transaction."""
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        driver = connection.connection.driver_connection
        if sqlite:
            # Batch mode drops a table and makes it anew: rows that point at it would stand in the way. The switch does
            # nothing inside a transaction, so it goes to the driver, before one begins; each step is checked instead.
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=metadata,
                include_object=include_object,
                render_item=render_item,
                render_as_batch=True,
                compare_type=True,
                transaction_per_migration=True,
                on_version_apply=check_keys if sqlite else None,
            )
            with context.begin_transaction():
                context.run_migrations()
        finally:
            if sqlite:
                connection.rollback()
                driver.execute("PRAGMA foreign_keys=ON")


run()
