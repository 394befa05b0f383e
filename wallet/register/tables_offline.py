"""Tables that working without a connection needs: the lists that were published, and what two doors disagree on."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wallet.register.database import Base, BigId, UtcDateTime


class PublishedList(Base):
    """A list of withdrawn credentials as gates have it. Its number only grows."""

    __tablename__ = "published_lists"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))  # of what it says, to see whether anything changed
    text: Mapped[str] = mapped_column(Text)


class Conflict(Base):
    """A record that came late and did not fit what the register knew by then. Its venue reads it; nothing is dropped.

    `use_id` is the use that stands: this record's own, or the one that was there before it."""

    __tablename__ = "conflicts"
    __table_args__ = (
        UniqueConstraint("gate_id", "scan_id"),
        Index("ix_conflicts_venue_id_id", "venue_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    venue_id: Mapped[str] = mapped_column(ForeignKey("venues.id"))
    gate_id: Mapped[int] = mapped_column(ForeignKey("gates.id"))
    scan_id: Mapped[str] = mapped_column(String(36))
    reason: Mapped[str] = mapped_column(String(40))
    use_id: Mapped[int | None] = mapped_column(ForeignKey("uses.id"))
    children: Mapped[int] = mapped_column(SmallInteger, default=0)
    scanned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)
