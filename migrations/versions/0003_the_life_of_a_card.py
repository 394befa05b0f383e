"""The life of a card: its years, child tickets that end, community cards lent out, prints and imports, corrections;
and gates that are not phones: offices, ticket agents, systems with a token."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
    )
    op.create_table(
        "agent_venues",
        sa.Column("agent_id", sa.String(length=64), nullable=False),
        sa.Column("venue_id", sa.String(length=96), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_agent_venues_agent_id_agents")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_agent_venues_venue_id_venues")),
        sa.PrimaryKeyConstraint("agent_id", "venue_id", name=op.f("pk_agent_venues")),
    )
    with op.batch_alter_table("agent_venues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_venues_venue_id"), ["venue_id"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.String(length=64), nullable=True),
        sa.Column("venue_id", sa.String(length=96), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(agent_id IS NULL) <> (venue_id IS NULL)", name=op.f("ck_api_tokens_one_owner")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_api_tokens_agent_id_agents")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_api_tokens_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_tokens_venue_id"), ["venue_id"], unique=False)

    op.create_table(
        "card_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_card_imports_account_id_accounts")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_card_imports_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_imports")),
    )
    with op.batch_alter_table("card_imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_imports_made_at"), ["made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_card_imports_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "print_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("kid", sa.Integer(), nullable=True),
        sa.Column("cards", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('blank', 'registered')", name=op.f("ck_print_batches_kind_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_print_batches_account_id_accounts")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_print_batches_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_batches")),
    )
    with op.batch_alter_table("print_batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_print_batches_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "card_periods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=12), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("children", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "how IN ('new', 'renewed', 'replacement', 'imported')", name=op.f("ck_card_periods_how_known")
        ),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_card_periods_days_forward")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_card_periods_card_id_cards")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_card_periods_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_periods")),
        sa.UniqueConstraint("card_id", "first_day", name=op.f("uq_card_periods_card_id_first_day")),
    )
    with op.batch_alter_table("card_periods", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_periods_given_on"), ["given_on"], unique=False)

    op.create_table(
        "card_years",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("gender", sa.String(length=40), nullable=True),
        sa.Column("life_situation", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_card_years_area_id_areas")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_card_years_card_id_cards")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_card_years_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_years")),
        sa.UniqueConstraint("card_id", "year", name=op.f("uq_card_years_card_id_year")),
    )
    with op.batch_alter_table("card_years", schema=None) as batch_op:
        batch_op.create_index("ix_card_years_year_area_id", ["year", "area_id"], unique=False)

    op.create_table(
        "loans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("role_text", sa.String(length=80), nullable=True),
        sa.Column("lent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(account_id IS NULL) <> (role_text IS NULL)", name=op.f("ck_loans_one_borrower")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_loans_account_id_accounts")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_loans_card_id_cards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loans")),
    )
    with op.batch_alter_table("loans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loans_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_loans_card_id_id", ["card_id", "id"], unique=False)
        batch_op.create_index(
            "uq_loans_card_id_out",
            ["card_id"],
            unique=True,
            sqlite_where=sa.text("returned_at IS NULL"),
            postgresql_where=sa.text("returned_at IS NULL"),
        )

    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("use_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("venue_id", sa.String(length=96), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome IN ('undone', 'kept')", name=op.f("ck_corrections_outcome_known")
        ),
        sa.CheckConstraint(
            "reason IN ('not_mine', 'children', 'day', 'kind')", name=op.f("ck_corrections_reason_known")
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (outcome IS NULL)", name=op.f("ck_corrections_answered_with_outcome")
        ),
        sa.ForeignKeyConstraint(["use_id"], ["uses.id"], name=op.f("fk_corrections_use_id_uses")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_corrections_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("use_id", name=op.f("uq_corrections_use_id")),
    )
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.create_index("ix_corrections_venue_id_id", ["venue_id", "id"], unique=False)

    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("label", sa.String(length=80), nullable=True))
        batch_op.drop_index(batch_op.f("ix_cards_unit_id"))
        batch_op.create_index(batch_op.f("ix_cards_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_cards_unit_id_last_day", ["unit_id", "last_day"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_cards_batch_id_print_batches"), "print_batches", ["batch_id"], ["id"]
        )

    with op.batch_alter_table("child_tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ended_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("own_card_id", sa.Integer(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_child_tickets_own_card_id"), ["own_card_id"])
        batch_op.create_foreign_key(batch_op.f("fk_child_tickets_own_card_id_cards"), "cards", ["own_card_id"], ["id"])

    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fee_cents", sa.Integer(), nullable=True))

    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=8), server_default=sa.text("'phone'"), nullable=False))
        batch_op.add_column(sa.Column("account_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("token_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_gates_account_id"), ["account_id"], unique=False)
        batch_op.create_unique_constraint(
            batch_op.f("uq_gates_venue_id_account_id_kind"), ["venue_id", "account_id", "kind"]
        )
        batch_op.create_unique_constraint(batch_op.f("uq_gates_venue_id_token_id"), ["venue_id", "token_id"])
        batch_op.create_foreign_key(batch_op.f("fk_gates_token_id_api_tokens"), "api_tokens", ["token_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_gates_account_id_accounts"), "accounts", ["account_id"], ["id"])

    with op.batch_alter_table("roles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agent_id", sa.String(length=64), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_roles_account_id_role_unit_id_venue_id_area_id_side"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_roles_account_id_role_unit_id_venue_id_agent_id_area_id_side"),
            ["account_id", "role", "unit_id", "venue_id", "agent_id", "area_id", "side"],
        )
        batch_op.create_foreign_key(batch_op.f("fk_roles_agent_id_agents"), "agents", ["agent_id"], ["id"])

    with op.batch_alter_table("uses", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column("until", sa.Date(), nullable=True))
        batch_op.create_index(batch_op.f("ix_uses_group_id"), ["group_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_uses_group_id_uses"), "uses", ["group_id"], ["id"])

    with op.batch_alter_table("venues", schema=None) as batch_op:
        batch_op.add_column(sa.Column("season_days", sa.SmallInteger(), nullable=True))

    # Until now a card had one stretch of days, and a season right was of one day, as a ticket is.
    op.execute(
        "INSERT INTO card_periods (card_id, how, first_day, last_day, given_on, unit_id, children) "
        "SELECT id, 'new', first_day, last_day, first_day, unit_id, "
        "(SELECT count(*) FROM child_tickets WHERE child_tickets.card_id = cards.id) "
        "FROM cards WHERE state <> 'blank'"
    )
    # An organisation's card is nobody's, in the counts of its years too.
    op.execute(
        "UPDATE cards SET birth_year = NULL, postcode = NULL, life_situation = NULL, gender = NULL "
        "WHERE kind = 'community'"
    )
    uses = sa.table("uses", *map(sa.column, ("card_id", "day", "undone_at", "kind", "until")))
    names = ("id", "kind", "area_id", "unit_id", "birth_year", "gender", "life_situation")
    cards = sa.table("cards", *map(sa.column, names))
    year = sa.extract("year", sa.type_coerce(uses.c.day, sa.Date))
    years = (
        sa.select(uses.c.card_id, year, *(cards.c[name] for name in names[1:]))
        .join_from(uses, cards, cards.c.id == uses.c.card_id)
        .where(uses.c.undone_at.is_(None))
        .distinct()
    )
    card_years = sa.table("card_years", *map(sa.column, ("card_id", "year", *names[1:])))
    op.execute(card_years.insert().from_select(["card_id", "year", *names[1:]], years))
    op.execute("UPDATE uses SET until = day WHERE kind = 'season'")

    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_cards_state_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_cards_state_known"),
            "state IN ('blank', 'registered', 'blocked', 'replaced', 'deleted')",
        )
        batch_op.drop_constraint(batch_op.f("ck_cards_personal_whole"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_cards_personal_whole"),
            "state IN ('blank', 'deleted') OR kind = 'community' OR (birth_year IS NOT NULL AND postcode IS NOT NULL)",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_cards_label_of_community"), "label IS NULL OR kind = 'community'"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_cards_nobody_known"),
            "(state <> 'deleted' AND kind = 'personal') OR (birth_year IS NULL AND postcode IS NULL AND life_situation IS NULL AND gender IS NULL)",
        )
    with op.batch_alter_table("child_tickets", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_child_tickets_own_card_ends_it"),
            "own_card_id IS NULL OR ended_on IS NOT NULL",
        )
    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_gates_kind_known"),
            "kind IN ('phone', 'office', 'agent', 'api')",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_gates_kind_fits"),
            "(kind IN ('office', 'agent')) = (account_id IS NOT NULL) AND (kind = 'api') = (token_id IS NOT NULL)",
        )
    with op.batch_alter_table("uses", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_uses_season_until"),
            "(kind = 'season') = (until IS NOT NULL)",
        )
    with op.batch_alter_table("roles", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_roles_role_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_roles_role_known"),
            "role IN ('desk', 'venue', 'agent', 'coordinator', 'support')",
        )
        batch_op.drop_constraint(batch_op.f("ck_roles_scope_fits"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_roles_scope_fits"),
            "(role = 'desk') = (unit_id IS NOT NULL) AND (role = 'venue') = (venue_id IS NOT NULL) AND (role = 'agent') = (agent_id IS NOT NULL) AND (role = 'coordinator') = (area_id IS NOT NULL) AND (role = 'coordinator') = (side IS NOT NULL)",
        )


def downgrade() -> None:
    # What the older register has no word for: a deleted card is a card that opens no door.
    op.execute("UPDATE cards SET state = 'blocked', birth_year = 0, postcode = '' WHERE state = 'deleted'")
    op.execute("DELETE FROM roles WHERE role = 'agent'")
    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_cards_state_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_cards_state_known"),
            "state IN ('blank', 'registered', 'blocked', 'replaced')",
        )
        batch_op.drop_constraint(batch_op.f("ck_cards_personal_whole"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_cards_personal_whole"),
            "state = 'blank' OR kind = 'community' OR (birth_year IS NOT NULL AND postcode IS NOT NULL)",
        )
        batch_op.drop_constraint(batch_op.f("ck_cards_label_of_community"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_cards_nobody_known"), type_="check")
    with op.batch_alter_table("child_tickets", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_child_tickets_own_card_ends_it"), type_="check")
    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_gates_kind_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_gates_kind_fits"), type_="check")
    with op.batch_alter_table("uses", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_uses_season_until"), type_="check")
    with op.batch_alter_table("roles", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_roles_role_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_roles_role_known"),
            "role IN ('desk', 'venue', 'coordinator', 'support')",
        )
        batch_op.drop_constraint(batch_op.f("ck_roles_scope_fits"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_roles_scope_fits"),
            "(role = 'desk') = (unit_id IS NOT NULL) AND (role = 'venue') = (venue_id IS NOT NULL) AND (role = 'coordinator') = (area_id IS NOT NULL) AND (role = 'coordinator') = (side IS NOT NULL)",
        )

    with op.batch_alter_table("venues", schema=None) as batch_op:
        batch_op.drop_column("season_days")

    with op.batch_alter_table("uses", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_uses_group_id_uses"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_uses_group_id"))
        batch_op.drop_column("until")
        batch_op.drop_column("group_id")

    with op.batch_alter_table("roles", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_roles_agent_id_agents"), type_="foreignkey")
        batch_op.drop_constraint(
            batch_op.f("uq_roles_account_id_role_unit_id_venue_id_agent_id_area_id_side"), type_="unique"
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_roles_account_id_role_unit_id_venue_id_area_id_side"),
            ["account_id", "role", "unit_id", "venue_id", "area_id", "side"],
        )
        batch_op.drop_column("agent_id")

    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_gates_account_id_accounts"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_gates_token_id_api_tokens"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_gates_venue_id_token_id"), type_="unique")
        batch_op.drop_constraint(batch_op.f("uq_gates_venue_id_account_id_kind"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_gates_account_id"))
        batch_op.drop_column("token_id")
        batch_op.drop_column("account_id")
        batch_op.drop_column("kind")

    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_column("fee_cents")

    with op.batch_alter_table("child_tickets", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_child_tickets_own_card_id_cards"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_child_tickets_own_card_id"), type_="unique")
        batch_op.drop_column("own_card_id")
        batch_op.drop_column("ended_on")

    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_cards_batch_id_print_batches"), type_="foreignkey")
        batch_op.drop_index("ix_cards_unit_id_last_day")
        batch_op.drop_index(batch_op.f("ix_cards_batch_id"))
        batch_op.create_index(batch_op.f("ix_cards_unit_id"), ["unit_id"], unique=False)
        batch_op.drop_column("label")
        batch_op.drop_column("batch_id")

    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.drop_index("ix_corrections_venue_id_id")

    op.drop_table("corrections")
    with op.batch_alter_table("loans", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_loans_card_id_out",
            sqlite_where=sa.text("returned_at IS NULL"),
            postgresql_where=sa.text("returned_at IS NULL"),
        )
        batch_op.drop_index("ix_loans_card_id_id")
        batch_op.drop_index(batch_op.f("ix_loans_account_id"))

    op.drop_table("loans")
    with op.batch_alter_table("card_years", schema=None) as batch_op:
        batch_op.drop_index("ix_card_years_year_area_id")

    op.drop_table("card_years")
    with op.batch_alter_table("card_periods", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_card_periods_given_on"))

    op.drop_table("card_periods")
    with op.batch_alter_table("print_batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_print_batches_unit_id"))

    op.drop_table("print_batches")
    with op.batch_alter_table("card_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_card_imports_unit_id"))
        batch_op.drop_index(batch_op.f("ix_card_imports_made_at"))

    op.drop_table("card_imports")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_tokens_venue_id"))
        batch_op.drop_index(batch_op.f("ix_api_tokens_agent_id"))

    op.drop_table("api_tokens")
    with op.batch_alter_table("agent_venues", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_venues_venue_id"))

    op.drop_table("agent_venues")
    op.drop_table("agents")
