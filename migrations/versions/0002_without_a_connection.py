"""Work without a connection."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "published_lists",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_published_lists")),
    )
    op.create_table(
        "conflicts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("venue_id", sa.String(length=96), nullable=False),
        sa.Column("gate_id", sa.Integer(), nullable=False),
        sa.Column("scan_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("use_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("children", sa.SmallInteger(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name=op.f("fk_conflicts_gate_id_gates")),
        sa.ForeignKeyConstraint(["use_id"], ["uses.id"], name=op.f("fk_conflicts_use_id_uses")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_conflicts_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
        sa.UniqueConstraint("gate_id", "scan_id", name=op.f("uq_conflicts_gate_id_scan_id")),
    )
    with op.batch_alter_table("conflicts", schema=None) as batch_op:
        batch_op.create_index("ix_conflicts_venue_id_id", ["venue_id", "id"], unique=False)

    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.add_column(sa.Column("renews_id", sa.Integer(), nullable=True))
        batch_op.create_index(
            "ix_credentials_last_day_stopped",
            ["last_day"],
            unique=False,
            sqlite_where=sa.text("withdrawn_at IS NOT NULL AND withdrawn_reason <> 'renewed'"),
            postgresql_where=sa.text("withdrawn_at IS NOT NULL AND withdrawn_reason <> 'renewed'"),
        )
        batch_op.create_unique_constraint(batch_op.f("uq_credentials_renews_id"), ["renews_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_credentials_renews_id_credentials"), "credentials", ["renews_id"], ["id"]
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_credentials_withdrawn_with_reason"),
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)",
        )

    with op.batch_alter_table("uses", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seats", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))
    # Until now every use of an event took a seat for each person.
    op.execute("UPDATE uses SET seats = 1 + children WHERE event_id IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("uses", schema=None) as batch_op:
        batch_op.drop_column("seats")

    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_credentials_withdrawn_with_reason"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_credentials_renews_id_credentials"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_credentials_renews_id"), type_="unique")
        batch_op.drop_index(
            "ix_credentials_last_day_stopped",
            sqlite_where=sa.text("withdrawn_at IS NOT NULL AND withdrawn_reason <> 'renewed'"),
            postgresql_where=sa.text("withdrawn_at IS NOT NULL AND withdrawn_reason <> 'renewed'"),
        )
        batch_op.drop_column("renews_id")

    with op.batch_alter_table("conflicts", schema=None) as batch_op:
        batch_op.drop_index("ix_conflicts_venue_id_id")

    op.drop_table("conflicts")
    op.drop_table("published_lists")
