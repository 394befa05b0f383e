"""Who is asking: plain values that rooms hand to the register's questions and acts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Holder:
    """A holder with a live sign-in; knows one card."""

    sign_in: str
    card_id: int


@dataclass(frozen=True)
class AtGate:
    """A venue's enrolled phone, whoever holds it."""

    sign_in: str
    gate_id: int
    gate_name: str
    venue_id: str


@dataclass(frozen=True)
class HeldRole:
    """One role of a member of staff and where it holds."""

    role: str  # desk, venue, coordinator, support
    unit_id: int | None = None
    venue_id: str | None = None
    area_id: str | None = None
    side: str | None = None


@dataclass(frozen=True)
class Staff:
    """A member of staff with a live sign-in."""

    sign_in: str
    account_id: int
    name: str
    roles: tuple[HeldRole, ...] = ()


Who = Holder | AtGate | Staff
