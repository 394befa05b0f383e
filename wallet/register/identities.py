"""Who is asking: plain values that rooms hand to the register's questions and acts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Holder:
    """A holder with a live sign-in; knows one card."""

    sign_in: str
    card_id: int


@dataclass(frozen=True)
class AtGate:
    """Where a use of a venue is recorded: its enrolled phone, whoever holds it, or a row of `gates` that stands for a
    member of staff, a ticket agent or a system. `account_id` is who, where it is a person that we know."""

    sign_in: str
    gate_id: int
    gate_name: str
    venue_id: str
    kind: str = "phone"
    account_id: int | None = None


@dataclass(frozen=True)
class HeldRole:
    """One role of a member of staff and where it holds."""

    role: str  # desk, venue, agent, coordinator, support
    unit_id: int | None = None
    venue_id: str | None = None
    agent_id: str | None = None
    area_id: str | None = None
    side: str | None = None


@dataclass(frozen=True)
class Staff:
    """A member of staff with a live sign-in."""

    sign_in: str
    account_id: int
    name: str
    roles: tuple[HeldRole, ...] = ()

    @property
    def desk_units(self) -> frozenset[int]:
        """The units whose desk this person works at."""
        return frozenset(role.unit_id for role in self.roles if role.role == "desk" and role.unit_id is not None)


@dataclass(frozen=True)
class ApiCaller:
    """A ticket agent's or a venue's own system, by its token; at a venue it is an AtGate like others."""

    token_id: int
    name: str
    scopes: frozenset[str]  # of check, record, undo
    venue_ids: frozenset[str]  # that it may record for
    agent_id: str | None = None
    venue_id: str | None = None


Who = Holder | AtGate | Staff
