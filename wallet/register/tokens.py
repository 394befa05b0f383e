"""Tokens of the JSON API: the keys of a ticket agent's or a venue's own system, and the gates that a system is.

A token is told once, when it is made; the register keeps its hash. It is an agent's or a venue's, not a person's, so it
does not end when somebody leaves.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_, update
from sqlalchemy.exc import IntegrityError

from wallet.register import journal
from wallet.register.database import act, db, held
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import ApiCaller, AtGate, Who
from wallet.register.tables import Event, Gate, Scan, Use, Venue
from wallet.register.tables_agents import Agent, AgentVenue, ApiToken
from wallet.register.venues import EVENT_PAST, offers_of

SCOPES = ("check", "record", "undo")
LONGEST_NAME = 80
_TEXT = re.compile(r"kk_[a-z2-7]{32}")  # 160 random bits; the prefix lets a search for leaked secrets find it
_USED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class TokenLine:
    """A token as a list shows it: never its text."""

    token_id: int
    name: str
    agent_id: str | None
    venue_id: str | None
    scopes: tuple[str, ...]
    made_at: datetime
    used_at: datetime | None
    ended_at: datetime | None


def make_token(
    name: str,
    scopes: Iterable[str],
    *,
    agent_id: str | None = None,
    venue_id: str | None = None,
    by: Who | None,
    at: datetime,
) -> str:
    """A new token of an agent or of a venue, one of the two; returns its text, which is not to be had again.

    Raises NotFound("agent_not_found" | "venue_not_found"), Refused: one_owner, name_shape, scope_unknown."""
    if (agent_id is None) == (venue_id is None):
        raise Refused("one_owner")
    name, wanted = " ".join(name.split()), set(scopes)
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused("name_shape")
    if not wanted or not wanted <= set(SCOPES):
        raise Refused("scope_unknown")
    text = "kk_" + base64.b32encode(secrets.token_bytes(20)).decode().lower()
    with act() as session:
        if agent_id is not None and session.get(Agent, agent_id) is None:
            raise NotFound("agent_not_found")
        if venue_id is not None and session.get(Venue, venue_id) is None:
            raise NotFound("venue_not_found")
        row = ApiToken(
            agent_id=agent_id,
            venue_id=venue_id,
            name=name,
            token_hash=_hash(text),
            scopes=[scope for scope in SCOPES if scope in wanted],
            made_at=at,
        )
        session.add(row)
        session.flush()
        journal.write("coordinator:token:made", at=at, by=by, venue_id=venue_id, agent=agent_id, token=row.id)
    return text


def tokens(*, agent_id: str | None = None, venue_id: str | None = None, limit: int = 200) -> list[TokenLine]:
    """The tokens of an agent, of a venue, or of everyone, the newest first; ended ones too."""
    query = select(ApiToken).order_by(ApiToken.id.desc()).limit(limit)
    if agent_id is not None:
        query = query.where(ApiToken.agent_id == agent_id)
    if venue_id is not None:
        query = query.where(ApiToken.venue_id == venue_id)
    return [
        TokenLine(t.id, t.name, t.agent_id, t.venue_id, tuple(t.scopes), t.made_at, t.used_at, t.ended_at)
        for t in db.session.scalars(query)
    ]


def end_token(token_id: int, *, by: Who | None, at: datetime) -> None:
    """A token is none any more, from its next request on. Raises NotFound, Refused("token_ended")."""
    with act() as session:
        row = session.scalars(held(select(ApiToken).where(ApiToken.id == token_id))).one_or_none()
        if row is None:
            raise NotFound("token_not_found")
        if row.ended_at is not None:
            raise Refused("token_ended")
        row.ended_at = at
        journal.write("coordinator:token:ended", at=at, by=by, venue_id=row.venue_id, agent=row.agent_id, token=row.id)


def for_token(text: str, *, at: datetime) -> ApiCaller | None:
    """Whose token this is, or None where it is none or was ended. Found by its hash, so the time it takes tells
    nothing of any token. That it was used is noted once in five minutes at most."""
    if not _TEXT.fullmatch(text):
        return None
    row = db.session.scalars(select(ApiToken).where(ApiToken.token_hash == _hash(text))).one_or_none()
    if row is None or row.ended_at is not None:
        return None
    if row.agent_id is not None:
        venue_ids = db.session.scalars(select(AgentVenue.venue_id).where(AgentVenue.agent_id == row.agent_id))
        venues = frozenset(venue_ids)
    else:
        venues = frozenset((row.venue_id,)) if row.venue_id else frozenset()
    caller = ApiCaller(row.id, row.name, frozenset(row.scopes), venues, row.agent_id, row.venue_id)
    if row.used_at is None or at - row.used_at > _USED_EVERY:
        with act() as session:
            session.execute(update(ApiToken).where(ApiToken.id == caller.token_id).values(used_at=at))
    return caller


# A system at its venues


def at_venue(by: ApiCaller, venue_id: str, *, at: datetime) -> AtGate:
    """This system as a gate of a venue it may record for; its row is made when first needed.

    Raises NotFound("venue_not_found"), also where the venue took its gate away."""
    if venue_id not in by.venue_ids:
        raise NotFound("venue_not_found")
    mine = select(Gate).where(Gate.venue_id == venue_id, Gate.token_id == by.token_id)
    gate = db.session.scalars(mine).one_or_none()
    if gate is None:
        try:
            with act() as session:
                gate = Gate(venue_id=venue_id, kind="api", token_id=by.token_id, name=by.name, made_at=at)
                session.add(gate)
                session.flush()
                journal.write("gate:api:opened", at=at, venue_id=venue_id, gate=gate.id, token=by.token_id)
        except IntegrityError:
            gate = db.session.scalars(mine).one()
    if gate.revoked_at is not None:
        raise NotFound("venue_not_found")
    return _as_gate(gate)


def at_use(by: ApiCaller, use_id: int) -> AtGate:
    """The gate at which this token recorded a use. Raises NotFound("use_not_found") for anyone else's."""
    mine = select(Gate).join(Use, Use.gate_id == Gate.id).where(Use.id == use_id, Gate.token_id == by.token_id)
    gate = db.session.scalars(mine).one_or_none()
    if gate is None or gate.revoked_at is not None or gate.venue_id not in by.venue_ids:
        raise NotFound("use_not_found")
    return _as_gate(gate)


def asked_before(by: ApiCaller, scan_id: str) -> dict[int, str]:
    """The print of the request that this token made with this key, by the gate that it was then; none for a new key."""
    rows = db.session.execute(
        select(Scan.gate_id, Scan.answer)
        .join(Gate, Gate.id == Scan.gate_id)
        .where(Gate.token_id == by.token_id, Scan.scan_id == scan_id)
    )
    return {gate_id: str(answer["asked"]) for gate_id, answer in rows}


@dataclass(frozen=True)
class ApiVenue:
    """A venue that a system may record for."""

    venue_id: str
    names: dict[str, str | None]  # fi, sv, en
    offers: tuple[str, ...]


def venues(by: ApiCaller, *, limit: int = 500) -> list[ApiVenue]:
    """The venues that this system may record for, by name."""
    rows = db.session.scalars(
        select(Venue).where(Venue.id.in_(by.venue_ids)).order_by(Venue.name_fi, Venue.id).limit(limit)
    )
    return [
        ApiVenue(
            venue.id,
            {"fi": venue.name_fi, "sv": venue.name_sv, "en": venue.name_en},
            offers_of(venue),
        )
        for venue in rows
    ]


@dataclass(frozen=True)
class ApiEvent:
    """An event that a use can be of."""

    event_id: int
    name: str
    kind: str
    starts_at: datetime
    ends_at: datetime
    left: int | None  # of its ceiling; None is no ceiling
    fee_cents: int | None


def events(by: ApiCaller, venue_id: str, *, at: datetime, after: int | None = None, limit: int = 100) -> list[ApiEvent]:
    """What has not ended three hours ago at a venue of this system's, soonest first; `after` is the last event of the
    page before. Raises NotFound("venue_not_found")."""
    if venue_id not in by.venue_ids:
        raise NotFound("venue_not_found")
    query = select(Event).where(Event.venue_id == venue_id, Event.ends_at > at - EVENT_PAST)
    if after is not None:
        last = select(Event.starts_at).where(Event.id == after).scalar_subquery()
        query = query.where(tuple_(Event.starts_at, Event.id) > tuple_(last, after))
    rows = db.session.scalars(query.order_by(Event.starts_at, Event.id).limit(limit))
    return [
        ApiEvent(e.id, e.name, e.kind, e.starts_at, e.ends_at, _left(e.ceiling, e.taken), e.fee_cents) for e in rows
    ]


def _left(ceiling: int | None, taken: int) -> int | None:
    return None if ceiling is None else ceiling - taken


def _as_gate(gate: Gate) -> AtGate:
    return AtGate(f"token:{gate.token_id}", gate.id, gate.name, gate.venue_id, gate.kind)


def _hash(text: str) -> bytes:
    return hashlib.sha256(b"api-token:" + text.encode()).digest()
