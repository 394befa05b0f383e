"""The register as it begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("user_handle", name=op.f("uq_accounts_user_handle")),
    )
    op.create_table(
        "areas",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name_fi", sa.String(length=120), nullable=False),
        sa.Column("name_sv", sa.String(length=120), nullable=True),
        sa.Column("area_type", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("pilot_ends", sa.Date(), nullable=True),
        sa.Column("local_only", sa.Boolean(), nullable=False),
        sa.Column("community_age", sa.SmallInteger(), nullable=False),
        sa.Column("courses_per_year", sa.SmallInteger(), nullable=True),
        sa.Column("course_fee_cap_cents", sa.Integer(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.Column("coord_source", sa.String(length=400), nullable=True),
        sa.Column("website", sa.String(length=400), nullable=True),
        sa.Column("notes", sa.String(length=1000), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.CheckConstraint("area_type IN ('network', 'popup_city')", name=op.f("ck_areas_area_type_known")),
        sa.CheckConstraint("status IN ('pilot', 'established', 'ended', 'popup')", name=op.f("ck_areas_status_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
    )
    op.create_table(
        "issuers",
        sa.Column("id", sa.String(length=96), nullable=False),
        sa.Column("area_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("parent_organisation", sa.String(length=200), nullable=True),
        sa.Column("notes", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_issuers_area_id_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuers")),
    )
    with op.batch_alter_table("issuers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issuers_area_id"), ["area_id"], unique=False)

    op.create_table(
        "venues",
        sa.Column("id", sa.String(length=96), nullable=False),
        sa.Column("area_id", sa.String(length=64), nullable=False),
        sa.Column("name_fi", sa.String(length=200), nullable=False),
        sa.Column("name_sv", sa.String(length=200), nullable=True),
        sa.Column("name_en", sa.String(length=200), nullable=True),
        sa.Column("folded", sa.String(length=700), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("sector", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("postal_code", sa.String(length=10), nullable=True),
        sa.Column("city", sa.String(length=80), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.Column("coord_source", sa.String(length=400), nullable=True),
        sa.Column("website", sa.String(length=400), nullable=True),
        sa.Column("popup", sa.Boolean(), nullable=False),
        sa.Column("opens", sa.Date(), nullable=True),
        sa.Column("closes", sa.Date(), nullable=True),
        sa.Column("offers_ticket", sa.Boolean(), nullable=False),
        sa.Column("offers_course", sa.Boolean(), nullable=False),
        sa.Column("offers_season", sa.Boolean(), nullable=False),
        sa.Column("record_at_once", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.String(length=1000), nullable=True),
        sa.CheckConstraint(
            "sector IN ('culture', 'education', 'science', 'sport')", name=op.f("ck_venues_sector_known")
        ),
        sa.CheckConstraint("(lat IS NULL) = (lon IS NULL)", name=op.f("ck_venues_whole_point")),
        sa.CheckConstraint("opens IS NULL OR closes IS NULL OR opens <= closes", name=op.f("ck_venues_period_forward")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_venues_area_id_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venues")),
    )
    with op.batch_alter_table("venues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_venues_area_id"), ["area_id"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.String(length=96), nullable=False),
        sa.Column("source_id", sa.String(length=200), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("sector", sa.String(length=16), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('ticket', 'course', 'season')", name=op.f("ck_events_kind_known")),
        sa.CheckConstraint(
            "sector IN ('culture', 'education', 'science', 'sport')", name=op.f("ck_events_sector_known")
        ),
        sa.CheckConstraint("ceiling IS NULL OR taken <= ceiling", name=op.f("ck_events_ceiling_kept")),
        sa.CheckConstraint("taken >= 0", name=op.f("ck_events_taken_counted")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_events_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("venue_id", "source_id", name=op.f("uq_events_venue_id_source_id")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_venue_id_starts_at", ["venue_id", "starts_at"], unique=False)

    op.create_table(
        "gates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.String(length=96), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_gates_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gates")),
    )
    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gates_venue_id"), ["venue_id"], unique=False)

    op.create_table(
        "units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issuer_id", sa.String(length=96), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["issuer_id"], ["issuers.id"], name=op.f("fk_units_issuer_id_issuers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("issuer_id", "name", name=op.f("uq_units_issuer_id_name")),
    )
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_units_issuer_id"), ["issuer_id"], unique=False)

    op.create_table(
        "cards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("postcode", sa.String(length=5), nullable=True),
        sa.Column("life_situation", sa.String(length=40), nullable=True),
        sa.Column("gender", sa.String(length=40), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("blocked_reason", sa.String(length=40), nullable=True),
        sa.Column("replaced_by_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=True),
        sa.Column("pin_tries", sa.SmallInteger(), nullable=False),
        sa.Column("pin_wait_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('personal', 'community')", name=op.f("ck_cards_kind_known")),
        sa.CheckConstraint(
            "state = 'blank' OR (unit_id IS NOT NULL AND first_day IS NOT NULL AND last_day IS NOT NULL)",
            name=op.f("ck_cards_registered_whole"),
        ),
        sa.CheckConstraint(
            "state = 'blank' OR kind = 'community' OR (birth_year IS NOT NULL AND postcode IS NOT NULL)",
            name=op.f("ck_cards_personal_whole"),
        ),
        sa.CheckConstraint(
            "state IN ('blank', 'registered', 'blocked', 'replaced')", name=op.f("ck_cards_state_known")
        ),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_cards_days_forward")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_cards_area_id_areas")),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["cards.id"], name=op.f("fk_cards_replaced_by_id_cards")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_cards_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint("number", name=op.f("uq_cards_number")),
        sa.UniqueConstraint("user_handle", name=op.f("uq_cards_user_handle")),
    )
    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cards_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "roles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("venue_id", sa.String(length=96), nullable=True),
        sa.Column("area_id", sa.String(length=64), nullable=True),
        sa.Column("side", sa.String(length=8), nullable=True),
        sa.CheckConstraint(
            "(role = 'desk') = (unit_id IS NOT NULL) AND (role = 'venue') = (venue_id IS NOT NULL) AND (role = 'coordinator') = (area_id IS NOT NULL) AND (role = 'coordinator') = (side IS NOT NULL)",
            name=op.f("ck_roles_scope_fits"),
        ),
        sa.CheckConstraint("role IN ('desk', 'venue', 'coordinator', 'support')", name=op.f("ck_roles_role_known")),
        sa.CheckConstraint("side IS NULL OR side IN ('culture', 'social')", name=op.f("ck_roles_side_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_roles_account_id_accounts")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_roles_area_id_areas")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_roles_unit_id_units")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_roles_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint(
            "account_id",
            "role",
            "unit_id",
            "venue_id",
            "area_id",
            "side",
            name=op.f("uq_roles_account_id_role_unit_id_venue_id_area_id_side"),
        ),
    )
    with op.batch_alter_table("roles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roles_account_id"), ["account_id"], unique=False)

    op.create_table(
        "child_tickets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("relation", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "relation IN ('child', 'grandchild', 'household')", name=op.f("ck_child_tickets_relation_known")
        ),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_child_tickets_card_id_cards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_tickets")),
    )
    with op.batch_alter_table("child_tickets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_child_tickets_card_id"), ["card_id"], unique=False)

    op.create_table(
        "credentials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credential", sa.LargeBinary(length=5), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("shown_by", sa.String(length=8), nullable=False),
        sa.Column("phone_key", sa.LargeBinary(length=33), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=40), nullable=True),
        sa.Column("last_step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("renewal_hash", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint("(shown_by = 'phone') = (phone_key IS NOT NULL)", name=op.f("ck_credentials_phone_has_key")),
        sa.CheckConstraint("shown_by IN ('phone', 'paper', 'server')", name=op.f("ck_credentials_shown_by_known")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_credentials_days_forward")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_credentials_card_id_cards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("credential", name=op.f("uq_credentials_credential")),
        sa.UniqueConstraint("phone_key", name=op.f("uq_credentials_phone_key")),
    )
    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credentials_card_id"), ["card_id"], unique=False)

    op.create_table(
        "invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("venue_id", sa.String(length=96), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "CASE WHEN card_id IS NULL THEN 0 ELSE 1 END + CASE WHEN venue_id IS NULL THEN 0 ELSE 1 END + CASE WHEN account_id IS NULL THEN 0 ELSE 1 END = 1",
            name=op.f("ck_invitations_one_subject"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_invitations_account_id_accounts")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_invitations_card_id_cards")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_invitations_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitations_code_hash")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitations_card_id"), ["card_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitations_venue_id"), ["venue_id"], unique=False)

    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("by_card_id", sa.Integer(), nullable=True),
        sa.Column("by_gate_id", sa.Integer(), nullable=True),
        sa.Column("by_account_id", sa.Integer(), nullable=True),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("venue_id", sa.String(length=96), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["by_account_id"], ["accounts.id"], name=op.f("fk_journal_by_account_id_accounts")),
        sa.ForeignKeyConstraint(["by_card_id"], ["cards.id"], name=op.f("fk_journal_by_card_id_cards")),
        sa.ForeignKeyConstraint(["by_gate_id"], ["gates.id"], name=op.f("fk_journal_by_gate_id_gates")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_journal_card_id_cards")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_journal_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_card_id"), ["card_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_venue_id"), ["venue_id"], unique=False)

    op.create_table(
        "passkeys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credential", sa.LargeBinary(length=1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "CASE WHEN card_id IS NULL THEN 0 ELSE 1 END + CASE WHEN account_id IS NULL THEN 0 ELSE 1 END = 1",
            name=op.f("ck_passkeys_one_owner"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_passkeys_account_id_accounts")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_passkeys_card_id_cards")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential", name=op.f("uq_passkeys_credential")),
    )
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkeys_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_passkeys_card_id"), ["card_id"], unique=False)

    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("gate_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "CASE WHEN card_id IS NULL THEN 0 ELSE 1 END + CASE WHEN gate_id IS NULL THEN 0 ELSE 1 END + CASE WHEN account_id IS NULL THEN 0 ELSE 1 END = 1",
            name=op.f("ck_sign_ins_one_subject"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sign_ins_account_id_accounts")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_sign_ins_card_id_cards")),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name=op.f("fk_sign_ins_gate_id_gates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
    )
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_ins_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_ins_card_id"), ["card_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_ins_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_ins_gate_id"), ["gate_id"], unique=False)

    op.create_table(
        "uses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("venue_id", sa.String(length=96), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("gate_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("sector", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("children", sa.SmallInteger(), nullable=False),
        sa.Column("assistants", sa.SmallInteger(), nullable=False),
        sa.Column("read_by", sa.String(length=8), nullable=False),
        sa.Column("step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("slot", sa.String(length=120), nullable=False),
        sa.Column("nth", sa.SmallInteger(), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("kind IN ('ticket', 'course', 'season')", name=op.f("ck_uses_kind_known")),
        sa.CheckConstraint(
            "read_by IN ('phone', 'server', 'paper', 'number', 'form')", name=op.f("ck_uses_read_by_known")
        ),
        sa.CheckConstraint("sector IN ('culture', 'education', 'science', 'sport')", name=op.f("ck_uses_sector_known")),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_reason IS NULL)", name=op.f("ck_uses_undone_with_reason")),
        sa.CheckConstraint("children >= 0 AND assistants >= 0", name=op.f("ck_uses_counts_whole")),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_uses_card_id_cards")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_uses_event_id_events")),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name=op.f("fk_uses_gate_id_gates")),
        sa.ForeignKeyConstraint(["venue_id"], ["venues.id"], name=op.f("fk_uses_venue_id_venues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uses")),
        sa.UniqueConstraint("card_id", "step", name=op.f("uq_uses_card_id_step")),
    )
    with op.batch_alter_table("uses", schema=None) as batch_op:
        batch_op.create_index("ix_uses_card_id_scanned_at", ["card_id", "scanned_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_uses_day"), ["day"], unique=False)
        batch_op.create_index(batch_op.f("ix_uses_event_id"), ["event_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_uses_gate_id"), ["gate_id"], unique=False)
        batch_op.create_index("ix_uses_venue_id_day_id", ["venue_id", "day", "id"], unique=False)
        batch_op.create_index(
            "uq_uses_card_id_slot_nth_live",
            ["card_id", "slot", "nth"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.create_table(
        "scans",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gate_id", sa.Integer(), nullable=False),
        sa.Column("scan_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("use_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name=op.f("fk_scans_gate_id_gates")),
        sa.ForeignKeyConstraint(["use_id"], ["uses.id"], name=op.f("fk_scans_use_id_uses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scans")),
        sa.UniqueConstraint("gate_id", "scan_id", name=op.f("uq_scans_gate_id_scan_id")),
        sa.UniqueConstraint("use_id", name=op.f("uq_scans_use_id")),
    )
    with op.batch_alter_table("scans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scans_at"), ["at"], unique=False)
        batch_op.create_index("ix_scans_gate_id_reason_at", ["gate_id", "reason", "at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("scans", schema=None) as batch_op:
        batch_op.drop_index("ix_scans_gate_id_reason_at")
        batch_op.drop_index(batch_op.f("ix_scans_at"))

    op.drop_table("scans")
    with op.batch_alter_table("uses", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_uses_card_id_slot_nth_live",
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )
        batch_op.drop_index("ix_uses_venue_id_day_id")
        batch_op.drop_index(batch_op.f("ix_uses_gate_id"))
        batch_op.drop_index(batch_op.f("ix_uses_event_id"))
        batch_op.drop_index(batch_op.f("ix_uses_day"))
        batch_op.drop_index("ix_uses_card_id_scanned_at")

    op.drop_table("uses")
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_ins_gate_id"))
        batch_op.drop_index(batch_op.f("ix_sign_ins_ends_at"))
        batch_op.drop_index(batch_op.f("ix_sign_ins_card_id"))
        batch_op.drop_index(batch_op.f("ix_sign_ins_account_id"))

    op.drop_table("sign_ins")
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkeys_card_id"))
        batch_op.drop_index(batch_op.f("ix_passkeys_account_id"))

    op.drop_table("passkeys")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_journal_venue_id"))
        batch_op.drop_index(batch_op.f("ix_journal_card_id"))
        batch_op.drop_index(batch_op.f("ix_journal_at"))

    op.drop_table("journal")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitations_venue_id"))
        batch_op.drop_index(batch_op.f("ix_invitations_card_id"))
        batch_op.drop_index(batch_op.f("ix_invitations_account_id"))

    op.drop_table("invitations")
    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credentials_card_id"))

    op.drop_table("credentials")
    with op.batch_alter_table("child_tickets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_child_tickets_card_id"))

    op.drop_table("child_tickets")
    with op.batch_alter_table("roles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roles_account_id"))

    op.drop_table("roles")
    with op.batch_alter_table("cards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cards_unit_id"))

    op.drop_table("cards")
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_units_issuer_id"))

    op.drop_table("units")
    with op.batch_alter_table("gates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gates_venue_id"))

    op.drop_table("gates")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_venue_id_starts_at")

    op.drop_table("events")
    with op.batch_alter_table("venues", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_venues_area_id"))

    op.drop_table("venues")
    with op.batch_alter_table("issuers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_issuers_area_id"))

    op.drop_table("issuers")
    op.drop_table("areas")
    op.drop_table("accounts")
