"""The tables of the register. Staff, and working without a connection, have theirs beside this one.

No column here may hold a holder's or a child's name, date of birth, address, phone number or e-mail.
Relations are plain keys: a question asks for what it needs, and a template can't fetch anything by accident.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wallet.register.database import Base, BigId, UtcDateTime


def one_of(column: str, *words: str) -> CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


# The network


class Area(Base):
    """A municipality (perhaps with its wellbeing services county), or a city that only has pop-up venues."""

    __tablename__ = "areas"
    __table_args__ = (
        one_of("area_type", "network", "popup_city"),
        one_of("status", "pilot", "established", "ended", "popup"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name_fi: Mapped[str] = mapped_column(String(120))
    name_sv: Mapped[str | None] = mapped_column(String(120))
    area_type: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    pilot_ends: Mapped[date | None] = mapped_column(Date)
    local_only: Mapped[bool] = mapped_column(Boolean, default=False)
    community_age: Mapped[int] = mapped_column(SmallInteger, default=18)
    courses_per_year: Mapped[int | None] = mapped_column(SmallInteger)
    course_fee_cap_cents: Mapped[int | None] = mapped_column(Integer)
    lat: Mapped[float | None] = mapped_column(Float)
    lon: Mapped[float | None] = mapped_column(Float)
    accuracy_m: Mapped[int | None] = mapped_column(Integer)
    coord_source: Mapped[str | None] = mapped_column(String(400))
    website: Mapped[str | None] = mapped_column(String(400))
    notes: Mapped[str | None] = mapped_column(String(1000))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the file's other columns, as they came


class Issuer(Base):
    """A social, health or wellbeing service that gives out cards."""

    __tablename__ = "issuers"

    id: Mapped[str] = mapped_column(String(96), primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(60))
    parent_organisation: Mapped[str | None] = mapped_column(String(200))
    notes: Mapped[str | None] = mapped_column(String(1000))


class Unit(Base):
    """The part of an issuer whose desk gives the card, and renews it."""

    __tablename__ = "units"
    __table_args__ = (UniqueConstraint("issuer_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer_id: Mapped[str] = mapped_column(ForeignKey("issuers.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))


class Venue(Base):
    """A museum, theatre, festival, institute or sports venue that accepts the card; a pop-up venue has a period."""

    __tablename__ = "venues"
    __table_args__ = (
        one_of("sector", "culture", "education", "science", "sport"),
        CheckConstraint("(lat IS NULL) = (lon IS NULL)", name="whole_point"),
        CheckConstraint("opens IS NULL OR closes IS NULL OR opens <= closes", name="period_forward"),
    )

    id: Mapped[str] = mapped_column(String(96), primary_key=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"), index=True)
    name_fi: Mapped[str] = mapped_column(String(200))
    name_sv: Mapped[str | None] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    folded: Mapped[str] = mapped_column(String(700))  # all names, for searching
    category: Mapped[str] = mapped_column(String(40))
    sector: Mapped[str] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(String(200))
    postal_code: Mapped[str | None] = mapped_column(String(10))
    city: Mapped[str | None] = mapped_column(String(80))
    lat: Mapped[float | None] = mapped_column(Float)
    lon: Mapped[float | None] = mapped_column(Float)
    accuracy_m: Mapped[int | None] = mapped_column(Integer)
    coord_source: Mapped[str | None] = mapped_column(String(400))
    website: Mapped[str | None] = mapped_column(String(400))
    popup: Mapped[bool] = mapped_column(Boolean, default=False)
    opens: Mapped[date | None] = mapped_column(Date)
    closes: Mapped[date | None] = mapped_column(Date)
    offers_ticket: Mapped[bool] = mapped_column(Boolean, default=True)
    offers_course: Mapped[bool] = mapped_column(Boolean, default=False)
    offers_season: Mapped[bool] = mapped_column(Boolean, default=False)
    record_at_once: Mapped[bool] = mapped_column(Boolean, default=False)
    season_days: Mapped[int | None] = mapped_column(SmallInteger)  # a season right's length; None is the calendar year
    notes: Mapped[str | None] = mapped_column(String(1000))


class Event(Base):
    """Something dated at a venue; the venue may set a ceiling for the tickets it gives."""

    __tablename__ = "events"
    __table_args__ = (
        one_of("kind", "ticket", "course", "season"),
        one_of("sector", "culture", "education", "science", "sport"),
        CheckConstraint("taken >= 0", name="taken_counted"),
        # A late use past the ceiling takes no seat, so this holds whatever happened at the door.
        CheckConstraint("ceiling IS NULL OR taken <= ceiling", name="ceiling_kept"),
        UniqueConstraint("venue_id", "source_id"),
        Index("ix_events_venue_id_starts_at", "venue_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[str] = mapped_column(ForeignKey("venues.id"))
    source_id: Mapped[str | None] = mapped_column(String(200))  # where it was imported from, for doing it again
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(8), default="ticket")
    sector: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ceiling: Mapped[int | None] = mapped_column(Integer)
    fee_cents: Mapped[int | None] = mapped_column(Integer)  # a course's
    taken: Mapped[int] = mapped_column(Integer, default=0)


# Cards


class Card(Base):
    """The entitlement. A blank card has a number and the unit it was printed for; a deleted one its days alone."""

    __tablename__ = "cards"
    __table_args__ = (
        one_of("kind", "personal", "community"),
        one_of("state", "blank", "registered", "blocked", "replaced", "deleted"),
        CheckConstraint(
            "state = 'blank' OR (unit_id IS NOT NULL AND first_day IS NOT NULL AND last_day IS NOT NULL)",
            name="registered_whole",
        ),
        CheckConstraint(
            "state IN ('blank', 'deleted') OR kind = 'community' OR (birth_year IS NOT NULL AND postcode IS NOT NULL)",
            name="personal_whole",
        ),
        # What a holder had deleted, and what an organisation's card never has.
        CheckConstraint(
            "(state <> 'deleted' AND kind = 'personal') OR (birth_year IS NULL AND postcode IS NULL "
            "AND life_situation IS NULL AND gender IS NULL)",
            name="nobody_known",
        ),
        CheckConstraint("label IS NULL OR kind = 'community'", name="label_of_community"),
        Index("ix_cards_unit_id_last_day", "unit_id", "last_day"),
        CheckConstraint("first_day <= last_day", name="days_forward"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    kind: Mapped[str] = mapped_column(String(12), default="personal")
    state: Mapped[str] = mapped_column(String(12), default="blank")
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("print_batches.id"), index=True)
    label: Mapped[str | None] = mapped_column(String(80))  # an organisation's word for its community card
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    postcode: Mapped[str | None] = mapped_column(String(5))
    life_situation: Mapped[str | None] = mapped_column(String(40))
    gender: Mapped[str | None] = mapped_column(String(40))
    first_day: Mapped[date | None] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    blocked_reason: Mapped[str | None] = mapped_column(String(40))
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    language: Mapped[str] = mapped_column(String(2), default="fi")
    user_handle: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)  # the passkey's name for this card
    pin_hash: Mapped[str | None] = mapped_column(String(200))
    pin_tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    pin_wait_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChildTicket(Base):
    """A holder's right to bring one own child or grandchild. Its label lives on the holder's phone.

    `ended_on` is the first day on which it no longer counts: taken off at a renewal, or turned into an own card."""

    __tablename__ = "child_tickets"
    __table_args__ = (
        one_of("relation", "child", "grandchild", "household"),
        CheckConstraint("own_card_id IS NULL OR ended_on IS NOT NULL", name="own_card_ends_it"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    relation: Mapped[str] = mapped_column(String(12), default="child")
    ended_on: Mapped[date | None] = mapped_column(Date)
    own_card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"), unique=True)


class Credential(Base):
    """What the network signed for a card: with a phone's key (0xC1), for paper (0xC2) or for the server's own
    pages (0xC3). A phone's key lives exactly as long as its credential, so it has no table of its own."""

    __tablename__ = "credentials"
    __table_args__ = (
        one_of("shown_by", "phone", "paper", "server"),
        CheckConstraint("(shown_by = 'phone') = (phone_key IS NOT NULL)", name="phone_has_key"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)", name="withdrawn_with_reason"),
        # The gates' list reads the few that were stopped; keys that were renewed are many, and in no list.
        Index(
            "ix_credentials_last_day_stopped",
            "last_day",
            sqlite_where=text("withdrawn_at IS NOT NULL AND withdrawn_reason <> 'renewed'"),
            postgresql_where=text("withdrawn_at IS NOT NULL AND withdrawn_reason <> 'renewed'"),
        ),
        CheckConstraint("first_day <= last_day", name="days_forward"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary(5), unique=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), index=True)
    shown_by: Mapped[str] = mapped_column(String(8))
    phone_key: Mapped[bytes | None] = mapped_column(LargeBinary(33), unique=True)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_reason: Mapped[str | None] = mapped_column(String(40))
    last_step: Mapped[int | None] = mapped_column(BigId)
    renewal_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # of the one-time value of the next renewal
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("credentials.id"), unique=True)


# Gates


class Gate(Base):
    """Where uses of a venue are recorded. A phone at the door has a name and no person; one tap revokes it. A member of
    staff at the venue's own pages, a ticket agent, and a system with a token are gates too: what holds for one holds
    for all."""

    __tablename__ = "gates"
    __table_args__ = (
        one_of("kind", "phone", "office", "agent", "api"),
        CheckConstraint(
            "(kind IN ('office', 'agent')) = (account_id IS NOT NULL) AND (kind = 'api') = (token_id IS NOT NULL)",
            name="kind_fits",
        ),
        UniqueConstraint("venue_id", "account_id", "kind"),
        UniqueConstraint("venue_id", "token_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    venue_id: Mapped[str] = mapped_column(ForeignKey("venues.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8), default="phone", server_default=text("'phone'"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_id: Mapped[int | None] = mapped_column(ForeignKey("api_tokens.id"))
    name: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


# Uses


class Use(Base):
    """One ticket, one course place or one season right. Nothing is deleted: an undone row says so.

    `slot` and `nth` say which ticket of the card for this event (or venue and day) it is; `step` is the code's."""

    __tablename__ = "uses"
    __table_args__ = (
        one_of("kind", "ticket", "course", "season"),
        one_of("sector", "culture", "education", "science", "sport"),
        one_of("read_by", "phone", "server", "paper", "number", "form"),
        CheckConstraint("children >= 0 AND assistants >= 0", name="counts_whole"),
        CheckConstraint("(undone_at IS NULL) = (undone_reason IS NULL)", name="undone_with_reason"),
        CheckConstraint("(kind = 'season') = (until IS NOT NULL)", name="season_until"),
        # The guarantee against a second use of one code, whatever Python believes (CODES.md, "Online rules").
        UniqueConstraint("card_id", "step"),
        Index(
            "uq_uses_card_id_slot_nth_live",
            "card_id",
            "slot",
            "nth",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_uses_venue_id_day_id", "venue_id", "day", "id"),
        Index("ix_uses_card_id_scanned_at", "card_id", "scanned_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))  # cut after 13 months; the counts stay
    venue_id: Mapped[str] = mapped_column(ForeignKey("venues.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"), index=True)
    gate_id: Mapped[int | None] = mapped_column(ForeignKey("gates.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("uses.id"), index=True)  # the community card's use
    kind: Mapped[str] = mapped_column(String(8))
    until: Mapped[date | None] = mapped_column(Date)  # a season right's last day
    sector: Mapped[str] = mapped_column(String(16))  # the venue's or event's on that day: past totals don't change
    day: Mapped[date] = mapped_column(Date, index=True)
    children: Mapped[int] = mapped_column(SmallInteger, default=0)
    assistants: Mapped[int] = mapped_column(SmallInteger, default=0)
    seats: Mapped[int] = mapped_column(
        SmallInteger, default=0, server_default=text("0")
    )  # taken of the event's ceiling, given back by undo
    read_by: Mapped[str] = mapped_column(String(8))
    step: Mapped[int | None] = mapped_column(BigId)
    slot: Mapped[str] = mapped_column(String(120))
    nth: Mapped[int] = mapped_column(SmallInteger, default=1)
    scanned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    late: Mapped[bool] = mapped_column(Boolean, default=False)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_reason: Mapped[str | None] = mapped_column(String(200))


class Scan(Base):
    """What was answered to one scan of one gate, so that a retry hears the same again. Refused ones go after
    30 days."""

    __tablename__ = "scans"
    __table_args__ = (
        UniqueConstraint("gate_id", "scan_id"),
        Index("ix_scans_gate_id_reason_at", "gate_id", "reason", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    gate_id: Mapped[int] = mapped_column(ForeignKey("gates.id"))
    scan_id: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    reason: Mapped[str | None] = mapped_column(String(40))
    use_id: Mapped[int | None] = mapped_column(ForeignKey("uses.id"), unique=True)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)


class JournalLine(Base):
    """Who did what, when: `room:subject:act`. Plain values only, never anything about a person."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    act: Mapped[str] = mapped_column(String(60))
    by_card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    by_gate_id: Mapped[int | None] = mapped_column(ForeignKey("gates.id"))
    by_account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"), index=True)
    venue_id: Mapped[str | None] = mapped_column(ForeignKey("venues.id"), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
