"""What a desk does with its unit's cards after they were given: renewing, children, an own card, stopping, replacing.

Only who works at the desk of a card's own unit finds it. Each act holds the card's row, so that a button pressed twice
does its work once.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from wallet.clock import helsinki_day
from wallet.register import blocking, cards, credentials, invitations, journal, rules
from wallet.register.cards import Children
from wallet.register.database import act, db, held
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Staff
from wallet.register.tables import Area, Card, ChildTicket, Use
from wallet.register.tables_life import CardPeriod, CardYear, Loan
from wallet.register.tables_signin import Passkey, SignIn

BLOCK_REASONS = ("lost", "stolen", "damaged", "misuse", "other")


def card_in_hand(by: Staff, card_id: int) -> Card:
    """A card of the asker's units, its row locked until the act ends. Raises NotFound("card_not_found")."""
    mine = select(Card).where(Card.id == card_id, Card.unit_id.in_(by.desk_units), Card.state != "deleted")
    card = db.session.scalars(held(mine)).one_or_none()
    if card is None:
        raise NotFound("card_not_found")
    return card


def _registered(by: Staff, card_id: int) -> Card:
    """The same, where the card is registered. Raises Refused: not_registered, blocked, replaced."""
    card = card_in_hand(by, card_id)
    refused = rules.refused_state(card.state)
    if refused is not None:
        raise Refused(refused)
    return card


def _renewed_today(card: Card, today: date) -> bool:
    given = select(CardPeriod.id).where(
        CardPeriod.card_id == card.id, CardPeriod.how == "renewed", CardPeriod.given_on == today
    )
    return db.session.scalar(given.limit(1)) is not None


def refused_renewal(card: Card, today: date) -> str | None:
    """Why this card is not renewed today; nothing where it is (DOMAIN.md, "Who gets a card", 7)."""
    refused = rules.refused_state(card.state)
    if refused is not None:
        return refused
    assert card.last_day is not None
    if _renewed_today(card, today):
        return "renewed_already"
    if today < rules.renewal_opens(card.last_day):
        return "renewal_too_early"
    area = db.session.get_one(Area, card.area_id)
    return rules.refused_giving(area.status, *rules.renewed_days(card.last_day, today, area.pilot_ends))


def renew_card(
    by: Staff,
    card_id: int,
    *,
    at: datetime,
    children: Children,
    postcode: str | None = None,
    life_situation: str | None = None,
    gender: str | None = None,
) -> date:
    """Give a card one more year; returns its new last day. The number stays, and so do the phone's keys. Children are
    asked anew. Of the answers, None leaves what is there, and an empty one takes it away.

    Raises NotFound, and Refused: not_registered, blocked, replaced, renewal_too_early (with `opens`), renewed_already
    (with `last_day`), area_ended, pilot_over, too_many_children, community_without_children."""
    today = helsinki_day(at)
    try:
        with act():
            card = card_in_hand(by, card_id)
            refused = refused_renewal(card, today)
            if refused is not None:
                opens = rules.renewal_opens(card.last_day) if card.last_day else None
                raise Refused(refused, opens=opens, last_day=card.last_day)
            assert card.last_day is not None
            area = db.session.get_one(Area, card.area_id)
            first, last = rules.renewed_days(card.last_day, today, area.pilot_ends)
            if card.last_day < today:
                card.first_day = first
            card.last_day = last
            card.postcode = postcode or card.postcode
            if life_situation is not None:
                card.life_situation = life_situation or None
            if gender is not None:
                card.gender = gender or None
            cards.add_period(card, "renewed", (first, last), today, len(children))
            journal.write(
                "desk:card:renewed",
                at=at,
                by=by,
                card_id=card.id,
                first_day=first.isoformat(),
                last_day=last.isoformat(),
            )
            _change_children(card, children, by=by, at=at)
            return last
    except IntegrityError as error:
        # This stretch was given before, and its end was moved back since: the list of periods says when.
        raise Refused("renewed_already") from error


def change_children(by: Staff, card_id: int, *, at: datetime, children: Children) -> None:
    """Make these the child tickets of a card from today on. Raises NotFound, and Refused: not_registered, blocked,
    replaced, card_expired (its renewal asks for the children), too_many_children, community_without_children."""
    with act():
        card = _registered(by, card_id)
        assert card.last_day is not None
        if card.last_day < helsinki_day(at):
            raise Refused("card_expired")
        _change_children(card, children, by=by, at=at)


def _change_children(card: Card, children: Children, *, by: Staff, at: datetime) -> None:
    if card.kind == rules.COMMUNITY and children:
        raise Refused("community_without_children")
    added, ended = cards.set_children(card, children, helsinki_day(at))
    if added or ended:
        journal.write("desk:children:changed", at=at, by=by, card_id=card.id, added=added, ended=ended)


def own_card(
    by: Staff,
    card_id: int,
    ticket_id: int,
    *,
    at: datetime,
    postcode: str,
    birth_year: int | None = None,
    life_situation: str | None = None,
    gender: str | None = None,
    language: str | None = None,
) -> tuple[int, str]:
    """Turn a child ticket into a card of the young person's own; returns its (id, number). The ticket ends today; what
    was recorded with the family's card stays with it, and the new card begins with no history, so each visit is there
    once. `birth_year` is asked for only where the ticket has none.

    Raises NotFound, and Refused: not_registered, blocked, replaced, own_card_given (with `card_id`), ticket_ended,
    birth_year_missing, too_young, area_ended, pilot_over."""
    with act():
        card = _registered(by, card_id)
        mine = select(ChildTicket).where(ChildTicket.id == ticket_id, ChildTicket.card_id == card.id)
        ticket = db.session.scalars(mine).one_or_none()
        if ticket is None:
            raise NotFound("ticket_not_found")
        if ticket.own_card_id is not None:
            raise Refused("own_card_given", card_id=ticket.own_card_id)
        if ticket.ended_on is not None:
            raise Refused("ticket_ended")
        born = ticket.birth_year or birth_year
        if born is None:
            raise Refused("birth_year_missing")
        assert card.unit_id is not None
        own = cards.new_card()
        cards.give(
            own,
            card.unit_id,
            by=by,
            at=at,
            birth_year=born,
            postcode=postcode,
            children=(),
            language=language or card.language,
            life_situation=life_situation,
            gender=gender,
        )
        ticket.ended_on, ticket.own_card_id = helsinki_day(at), own.id
        journal.write("desk:ticket:own-card", at=at, by=by, card_id=card.id, ticket=ticket.id, card=own.id)
        return own.id, own.number


def block_card(by: Staff, card_id: int, reason: str, *, at: datetime) -> None:
    """Stop a card; every code of it stops at once online. `reason` is one of BLOCK_REASONS. Raises NotFound, and
    Refused: reason_unknown, not_registered, blocked, replaced."""
    if reason not in BLOCK_REASONS:
        raise Refused("reason_unknown")
    with act():
        blocking.stop(_registered(by, card_id), reason, by=by, at=at)


def replace_card(by: Staff, card_id: int, *, at: datetime, reason: str, number: str | None = None) -> tuple[int, str]:
    """A new card with a new number in place of one that was lost, stolen or spoilt; returns (id, number). The old
    number answers "replaced", and its codes, letters, sign-ins and passkeys end. The new one takes over the last day,
    the person's answers, the child tickets, and what was recorded: a right that was used stays used. `number` is what
    was typed of a blank card.

    Raises NotFound, and Refused: reason_unknown, not_registered, replaced, card_expired (a new year needs a renewal or
    a new card, not a replacement), number_mistyped, number_unknown, number_taken."""
    if reason not in BLOCK_REASONS:
        raise Refused("reason_unknown")
    today = helsinki_day(at)
    with act() as session:
        # Uses first, as undoing one locks them: it takes the use, then its card.
        session.execute(held(select(Use.id).where(Use.card_id == card_id).order_by(Use.id))).all()
        old = card_in_hand(by, card_id)
        refused = rules.refused_state(old.state)
        if refused not in (None, "blocked"):
            raise Refused(refused)
        assert old.unit_id is not None
        assert old.first_day is not None
        assert old.last_day is not None
        if old.last_day < today:
            raise Refused("card_expired")
        new = cards.blank_card(number, old.unit_id) if number is not None else cards.new_card()
        counting = select(ChildTicket).where(ChildTicket.card_id == old.id, ChildTicket.ended_on.is_(None))
        tickets = list(session.scalars(counting.order_by(ChildTicket.id)))
        cards.give(
            new,
            old.unit_id,
            by=by,
            at=at,
            kind=old.kind,
            birth_year=old.birth_year,
            postcode=old.postcode,
            children=[(ticket.birth_year, ticket.relation) for ticket in tickets],
            language=old.language,
            life_situation=old.life_situation,
            gender=old.gender,
            days=(max(today, old.first_day), old.last_day),
            how="replacement",
        )
        new.label = old.label
        for ticket in tickets:
            ticket.ended_on = today + timedelta(days=1)  # a record of this morning may still come, from a gate's queue
        # Moved, not copied: each visit is there once, and a card that was used is counted once in its year.
        for counted in (Use, CardYear):
            session.execute(update(counted).where(counted.card_id == old.id).values(card_id=new.id))
        old.state, old.blocked_reason, old.replaced_by_id = "replaced", reason, new.id
        _end_everything(old, at)
        journal.write("desk:card:replaced", at=at, by=by, card_id=old.id, reason=reason, card=new.id)
        return new.id, new.number


def _end_everything(card: Card, at: datetime) -> None:
    """Nothing of a replaced card opens anything any more."""
    session = db.session
    credentials.withdraw(card.id, "replaced", at=at)
    invitations.cancel_letters(card.id, at=at)
    session.execute(update(SignIn).where(SignIn.card_id == card.id, SignIn.ended_at.is_(None)).values(ended_at=at))
    session.execute(delete(Passkey).where(Passkey.card_id == card.id))
    session.execute(update(Loan).where(Loan.card_id == card.id, Loan.returned_at.is_(None)).values(returned_at=at))
    card.pin_hash = None


def new_letter(by: Staff, card_id: int, *, at: datetime) -> str:
    """A new activation letter's code for a card of the asker's units; an unused earlier one dies. Raises NotFound, also
    for a community card, which nobody takes into use on a phone, and Refused: not_registered, blocked, replaced."""
    mine = select(Card.state).where(Card.id == card_id, Card.unit_id.in_(by.desk_units), Card.state != "deleted")
    state = db.session.scalar(mine.where(Card.kind == rules.PERSONAL))
    if state is None:
        raise NotFound("card_not_found")
    if state in ("blocked", "replaced"):
        raise Refused(state)
    return invitations.invite_holder(card_id, by=by, at=at)
