"""Tables of a card's life beside the card itself: its years, who has a community card with them, what was printed and
imported, and what a holder asked a venue to put right."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wallet.register.database import Base, BigId, UtcDateTime
from wallet.register.tables import one_of


class CardPeriod(Base):
    """A stretch of days on which a card was given: its first year, and each renewal. `cards` holds the newest."""

    __tablename__ = "card_periods"
    __table_args__ = (
        one_of("how", "new", "renewed", "replacement", "imported"),
        CheckConstraint("first_day <= last_day", name="days_forward"),
        # A renewal that is pressed twice is one renewal.
        UniqueConstraint("card_id", "first_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    how: Mapped[str] = mapped_column(String(12))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    given_on: Mapped[date] = mapped_column(Date, index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    children: Mapped[int] = mapped_column(SmallInteger, default=0)


class CardYear(Base):
    """A card that was used at least once in a year, as it was then. It outlives the links of its uses and the card's
    deletion, so that past years' counts stay; then it says nothing of which card it was."""

    __tablename__ = "card_years"
    __table_args__ = (UniqueConstraint("card_id", "year"), Index("ix_card_years_year_area_id", "year", "area_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(String(12))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    gender: Mapped[str | None] = mapped_column(String(40))
    life_situation: Mapped[str | None] = mapped_column(String(40))


class Loan(Base):
    """A community card that somebody of its organisation has with them: a member of staff with an account, or a
    described role ("evening café volunteer"), never a client."""

    __tablename__ = "loans"
    __table_args__ = (
        CheckConstraint("(account_id IS NULL) <> (role_text IS NULL)", name="one_borrower"),
        Index(
            "uq_loans_card_id_out",
            "card_id",
            unique=True,
            sqlite_where=text("returned_at IS NULL"),
            postgresql_where=text("returned_at IS NULL"),
        ),
        Index("ix_loans_card_id_id", "card_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    role_text: Mapped[str | None] = mapped_column(String(80))
    lent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PrintBatch(Base):
    """Sheets of cards that a desk printed together. `kid` is the print key that signed the codes of registered cards;
    blank cards carry their number only."""

    __tablename__ = "print_batches"
    __table_args__ = (one_of("kind", "blank", "registered"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    kid: Mapped[int | None] = mapped_column()
    cards: Mapped[int] = mapped_column()
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class CardImport(Base):
    """A file of existing cards that was read and shown, and waits for a yes. Its rows go when it is done, or after a
    day (`wallet purge`)."""

    __tablename__ = "card_imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    rows: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # counts


class Correction(Base):
    """A holder's word that a recorded use is wrong. The venue answers it; a choice of reasons, so that nobody can write
    about a person."""

    __tablename__ = "corrections"
    __table_args__ = (
        one_of("reason", "not_mine", "children", "day", "kind"),
        CheckConstraint("outcome IS NULL OR outcome IN ('undone', 'kept')", name="outcome_known"),
        CheckConstraint("(answered_at IS NULL) = (outcome IS NULL)", name="answered_with_outcome"),
        Index("ix_corrections_venue_id_id", "venue_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    use_id: Mapped[int] = mapped_column(ForeignKey("uses.id"), unique=True)
    venue_id: Mapped[str] = mapped_column(ForeignKey("venues.id"))
    reason: Mapped[str] = mapped_column(String(12))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(8))
