"""What the register knows of a holder, and its end: everything of one's own cards to take along, and the deletion that
leaves counts in which nobody can be found (docs/decisions/0016)."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update

from wallet.clock import helsinki_day
from wallet.register import journal
from wallet.register.cards import child_lines
from wallet.register.credentials import withdraw
from wallet.register.database import act, db, held
from wallet.register.errors import NotFound
from wallet.register.identities import Holder
from wallet.register.tables import (
    Area,
    Card,
    ChildTicket,
    Credential,
    Event,
    Issuer,
    JournalLine,
    Scan,
    Unit,
    Use,
    Venue,
)
from wallet.register.tables_life import CardPeriod, CardYear, Correction
from wallet.register.tables_offline import Conflict
from wallet.register.tables_signin import Invitation, Passkey, SignIn

MOST_ROWS = 10_000  # of a section: the newest; no card comes near it
# What a gate hears again of a use whose card is no longer known.
_STILL_HEARD = ("use_id", "undo_until", "recorded_at", "children", "assistants")

Rows = list[dict[str, Any]]


def export(by: Holder, *, at: datetime) -> dict[str, Any]:
    """Everything that the register knows of this holder's card and of those that it replaced, section by section, in
    the register's words; plain values. Nothing secret, and nothing of other people: a venue has its name, a gate none.

    Raises NotFound for a card that was deleted meanwhile."""
    own = db.session.scalars(own_cards(by.card_id)).all()
    sections: dict[str, Rows] = {name: section(own) for name, section in _SECTIONS.items()}
    if not sections["cards"]:
        raise NotFound("card_not_found")
    return {"made_at": at.isoformat(), **sections}


def own_cards(card_id: int) -> Select[*tuple[Any, ...]]:
    """The ids of a card and of those that it replaced, one after another: what a lost card knew is its holder's too."""
    own = select(Card.id).where(Card.id == card_id).cte("own", recursive=True)
    own = own.union(select(Card.id).join(own, Card.replaced_by_id == own.c.id))
    return select(own.c.id)


def _cards(own: Iterable[int]) -> Rows:
    query = (
        select(
            *(Card.number, Card.kind, Card.state, Card.birth_year, Card.postcode, Card.life_situation, Card.gender),
            *(Card.language, Card.first_day, Card.last_day, Card.blocked_reason),
            Card.pin_hash.is_not(None).label("has_pin"),
            *(Area.name_fi.label("area"), Issuer.name.label("issuer"), Unit.name.label("unit")),
        )
        .join(Unit, Unit.id == Card.unit_id)
        .join(Issuer, Issuer.id == Unit.issuer_id)
        .join(Area, Area.id == Card.area_id)
        .where(Card.id.in_(own), Card.state != "deleted")
    )
    return _rows(query, Card.id)


def _periods(own: Iterable[int]) -> Rows:
    columns = (CardPeriod.how, CardPeriod.first_day, CardPeriod.last_day, CardPeriod.given_on, CardPeriod.children)
    query = select(Card.number, *columns, Unit.name.label("unit"))
    query = query.join(Card, Card.id == CardPeriod.card_id).join(Unit, Unit.id == CardPeriod.unit_id)
    return _rows(query.where(CardPeriod.card_id.in_(own)), CardPeriod.id)


def _child_tickets(own: Iterable[int]) -> Rows:
    has_card = ChildTicket.own_card_id.is_not(None).label("has_own_card")
    query = select(ChildTicket.birth_year, ChildTicket.relation, ChildTicket.ended_on, has_card)
    return _rows(query.where(ChildTicket.card_id.in_(own)), ChildTicket.id)


def _years(own: Iterable[int]) -> Rows:
    columns = (CardYear.year, CardYear.birth_year, CardYear.gender, CardYear.life_situation)
    query = select(*columns, Area.name_fi.label("area")).outerjoin(Area, Area.id == CardYear.area_id)
    return _rows(query.where(CardYear.card_id.in_(own)), CardYear.id)


def _visits(own: Iterable[int]) -> Rows:
    query = (
        select(
            *(Use.day, Venue.name_fi.label("venue"), Event.name.label("event"), Use.kind, Use.sector, Use.until),
            *(Use.children, Use.assistants, Use.read_by, Use.scanned_at, Use.recorded_at, Use.late),
            *(Use.undone_at, Use.undone_reason, Use.group_id.is_not(None).label("in_group")),
            *(Scan.answer["verdict"].as_string().label("verdict"), Scan.answer["notes"].label("notes")),
        )
        .join(Venue, Venue.id == Use.venue_id)
        .outerjoin(Event, Event.id == Use.event_id)
        .outerjoin(Scan, Scan.use_id == Use.id)
    )
    return _rows(query.where(Use.card_id.in_(own)), Use.id)


def _conflicts(own: Iterable[int]) -> Rows:
    query = select(Conflict.scanned_at, Venue.name_fi.label("venue"), Conflict.reason, Conflict.children)
    query = query.join(Use, Use.id == Conflict.use_id).join(Venue, Venue.id == Conflict.venue_id)
    return _rows(query.where(Use.card_id.in_(own)), Conflict.id)


def _corrections(own: Iterable[int]) -> Rows:
    columns = (Correction.reason, Correction.asked_at, Correction.answered_at, Correction.outcome)
    query = select(Use.day, Venue.name_fi.label("venue"), *columns)
    query = query.join(Use, Use.id == Correction.use_id).join(Venue, Venue.id == Correction.venue_id)
    return _rows(query.where(Use.card_id.in_(own)), Correction.id)


def _keys(own: Iterable[int]) -> Rows:
    columns = (Credential.shown_by, Credential.made_at, Credential.first_day, Credential.last_day)
    query = select(*columns, Credential.withdrawn_at, Credential.withdrawn_reason)
    return _rows(query.where(Credential.card_id.in_(own)), Credential.id)


def _letters(own: Iterable[int]) -> Rows:
    query = select(Invitation.made_at, Invitation.ends_at, Invitation.used_at, Invitation.cancelled_at)
    return _rows(query.where(Invitation.card_id.in_(own)), Invitation.id)


def _passkeys(own: Iterable[int]) -> Rows:
    return _rows(select(Passkey.made_at, Passkey.used_at).where(Passkey.card_id.in_(own)), Passkey.id)


def _sign_ins(own: Iterable[int]) -> Rows:
    query = select(SignIn.made_at, SignIn.seen_at, SignIn.ends_at, SignIn.ended_at)
    return _rows(query.where(SignIn.card_id.in_(own)), SignIn.made_at)


def _journal(own: Iterable[int]) -> Rows:
    query = select(JournalLine.at, JournalLine.act, Venue.name_fi.label("venue"))
    query = query.outerjoin(Venue, Venue.id == JournalLine.venue_id)
    return _rows(query.where(JournalLine.card_id.in_(own)), JournalLine.id)


_SECTIONS: dict[str, Callable[[Iterable[int]], Rows]] = {
    "cards": _cards,
    "periods": _periods,
    "child_tickets": _child_tickets,
    "visits": _visits,
    "corrections": _corrections,
    "conflicts": _conflicts,
    "years": _years,
    "keys": _keys,
    "letters": _letters,
    "passkeys": _passkeys,
    "sign_ins": _sign_ins,
    "journal": _journal,
}
SECTIONS = tuple(_SECTIONS)


def _rows(query: Select[*tuple[Any, ...]], order: Any) -> Rows:
    found = db.session.execute(query.order_by(order.desc()).limit(MOST_ROWS)).mappings()
    return [
        {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()} for row in found
    ]


# The end


@dataclass(frozen=True)
class Deletion:
    """What a deletion would touch, for who is asked."""

    child_tickets: int
    visits: int


def deletion(by: Holder, *, at: datetime) -> Deletion:
    """What goes with this holder's card: the child tickets that it has today, and visits that stay without it. Those
    of a card that it replaced are the same children's. Raises NotFound for what is not the holder's to delete: an
    organisation's card."""
    _deletable(by)
    visits = select(func.count()).where(Use.card_id.in_(own_cards(by.card_id)), Use.undone_at.is_(None))
    return Deletion(len(child_lines(by.card_id, helsinki_day(at))), db.session.scalar(visits) or 0)


def _deletable(by: Holder) -> None:
    mine = select(Card.kind).where(Card.id == by.card_id, Card.state != "deleted")
    if db.session.scalar(mine) != "personal":
        raise NotFound("card_not_found")


def delete_card(by: Holder, *, at: datetime) -> None:
    """End this holder's card and those that it replaced: they stop at once, nothing of the person stays, and the counts
    of their uses and years stay as they are. It can't be undone. Raises NotFound as `deletion` does."""
    with act() as session:
        own = list(session.scalars(own_cards(by.card_id)))
        # In the order in which an answer to a correction and an undoing hold them: no two wait for each other.
        uses = select(Use.id).where(Use.card_id.in_(own))
        asked = select(Correction.id).where(Correction.use_id.in_(uses))
        session.execute(held(asked.order_by(Correction.id))).all()
        session.execute(held(uses.order_by(Use.id))).all()
        cards = session.scalars(held(select(Card).where(Card.id.in_(own)).order_by(Card.id))).all()
        _deletable(by)  # under the lock: of two that come at once one finds nothing any more
        _delete_ways_in(own, at)
        _cut_history(own)
        _delete_child_tickets(own)
        for card in cards:
            _empty(card)
        journal.write("holder:card:deleted", at=at)


def _delete_ways_in(own: list[int], at: datetime) -> None:
    """A card's credentials stay, withdrawn, until gates without a connection need not hear of them (`retention`)."""
    for card_id in own:
        withdraw(card_id, "deleted", at=at)
    nothing = {"renewal_hash": None, "renews_id": None, "last_step": None}
    db.session.execute(update(Credential).where(Credential.card_id.in_(own)).values(nothing))
    for table in (Passkey, Invitation, SignIn):
        db.session.execute(delete(table).where(table.card_id.in_(own)))


def _cut_history(own: list[int]) -> None:
    session = db.session
    uses = list(session.scalars(select(Use.id).where(Use.card_id.in_(own))))
    cut(uses)
    session.execute(update(CardYear).where(CardYear.card_id.in_(own)).values(card_id=None))
    # A line about a use says which use, which is nobody's by now; of other lines what happened and when is left.
    of_card = JournalLine.card_id.in_(own)
    session.execute(update(JournalLine).where(of_card, JournalLine.venue_id.is_(None)).values(facts={}))
    session.execute(update(JournalLine).where(of_card).values(card_id=None, by_card_id=None))


def _delete_child_tickets(own: list[int]) -> None:
    """Also a parent's ticket that became one of these cards no longer says which."""
    session = db.session
    parents = select(ChildTicket.card_id).where(ChildTicket.own_card_id.in_(own))
    became = (JournalLine.card_id.in_(parents), JournalLine.act == "desk:ticket:own-card")
    session.execute(update(JournalLine).where(*became).values(facts={}))
    session.execute(update(ChildTicket).where(ChildTicket.own_card_id.in_(own)).values(own_card_id=None))
    session.execute(delete(ChildTicket).where(ChildTicket.card_id.in_(own)))


def _empty(card: Card) -> None:
    card.state = "deleted"
    # No typed number can be this one: reading takes hyphens away and makes letters large.
    card.number = f"deleted-{secrets.token_hex(8)}"
    card.birth_year = card.postcode = card.life_situation = card.gender = card.label = None
    card.blocked_reason = card.replaced_by_id = card.batch_id = None
    card.pin_hash = card.pin_wait_until = None
    card.pin_tries, card.language = 0, "fi"
    card.user_handle = secrets.token_bytes(32)


def cut(uses: list[int]) -> None:
    """Cut the links of these uses to their cards, inside the act that is under way. What counts stays; which card it
    was, the moment of its code, and what gates were told of the card are gone."""
    session = db.session
    session.execute(delete(Correction).where(Correction.use_id.in_(uses)))
    for scan in session.scalars(select(Scan).where(Scan.use_id.in_(uses))):
        told = scan.answer.get("facts", {})
        scan.answer = scan.answer | {"facts": {name: told[name] for name in _STILL_HEARD if name in told}}
    session.flush()
    session.execute(update(Use).where(Use.id.in_(uses)).values(card_id=None, step=None))
