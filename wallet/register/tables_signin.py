"""Tables of signing in: letters and invitations, passkeys, signed-in browsers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from wallet.register.database import Base, BigId, UtcDateTime


def exactly_one(name: str, *columns: str) -> CheckConstraint:
    """One of these columns holds something."""
    counted = " + ".join(f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END" for column in columns)
    return CheckConstraint(f"{counted} = 1", name=name)


class Invitation(Base):
    """A single-use way in: a holder's activation letter, a gate's enrolment, a member of staff's first sign-in.

    The code is on the letter and in the link's fragment; here is only its hash."""

    __tablename__ = "invitations"
    __table_args__ = (exactly_one("one_subject", "card_id", "venue_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"), index=True)
    venue_id: Mapped[str | None] = mapped_column(ForeignKey("venues.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Passkey(Base):
    """A passkey of a holder or of a member of staff."""

    __tablename__ = "passkeys"
    __table_args__ = (exactly_one("one_owner", "card_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigId, default=0)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignIn(Base):
    """One signed-in browser. Ending the row ends the session at its next request."""

    __tablename__ = "sign_ins"
    __table_args__ = (exactly_one("one_subject", "card_id", "gate_id", "account_id"),)

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"), index=True)
    gate_id: Mapped[int | None] = mapped_column(ForeignKey("gates.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
