"""Tables of those who record uses without a phone at the door: ticket agents, and the systems of agents and venues."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from wallet.register.database import Base, UtcDateTime


class Agent(Base):
    """A ticket agent: sells for several venues and records uses for them."""

    __tablename__ = "agents"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))


class AgentVenue(Base):
    """A venue that a ticket agent sells for."""

    __tablename__ = "agent_venues"

    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    venue_id: Mapped[str] = mapped_column(ForeignKey("venues.id"), primary_key=True, index=True)


class ApiToken(Base):
    """The key of an agent's or a venue's own system to the JSON API. Here is only its hash."""

    __tablename__ = "api_tokens"
    __table_args__ = (CheckConstraint("(agent_id IS NULL) <> (venue_id IS NULL)", name="one_owner"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"), index=True)
    venue_id: Mapped[str | None] = mapped_column(ForeignKey("venues.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(JSON)  # of check, record, undo
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
