"""Tables of the people who work with cards: accounts and their roles."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wallet.register.database import Base, UtcDateTime
from wallet.register.tables import one_of


class Account(Base):
    """A member of staff: a name and a work e-mail, as anywhere."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), unique=True)  # folded
    language: Mapped[str] = mapped_column(String(2), default="fi")
    user_handle: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Role(Base):
    """What an account may do, and where: one unit's desk, one venue, one ticket agent, one side of an area, the whole
    country."""

    __tablename__ = "roles"
    __table_args__ = (
        one_of("role", "desk", "venue", "agent", "coordinator", "support"),
        CheckConstraint(
            "(role = 'desk') = (unit_id IS NOT NULL) AND (role = 'venue') = (venue_id IS NOT NULL) "
            "AND (role = 'agent') = (agent_id IS NOT NULL) "
            "AND (role = 'coordinator') = (area_id IS NOT NULL) AND (role = 'coordinator') = (side IS NOT NULL)",
            name="scope_fits",
        ),
        CheckConstraint("side IS NULL OR side IN ('culture', 'social')", name="side_known"),
        UniqueConstraint("account_id", "role", "unit_id", "venue_id", "agent_id", "area_id", "side"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    role: Mapped[str] = mapped_column(String(12))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    venue_id: Mapped[str | None] = mapped_column(ForeignKey("venues.id"))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    side: Mapped[str | None] = mapped_column(String(8))
