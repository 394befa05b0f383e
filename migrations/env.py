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


def run() -> None:
    """Upgrade or downgrade; each migration is one transaction."""
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=include_object,
            render_item=render_item,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
