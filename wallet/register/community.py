"""Community cards: an issuing organisation's own, lent to whoever comes along with its clients, and returned.

Who has one is a member of staff with an account, or a described role ("evening café volunteer"), never a client.
The desk of the card's unit lends it; an account that has it may show its code and give it back.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.exc import IntegrityError

from wallet.clock import helsinki_day
from wallet.register import cards, credentials, journal, rules
from wallet.register.credentials import Issued
from wallet.register.database import act, db, held
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder, Staff
from wallet.register.tables import Area, Card, Issuer, Unit
from wallet.register.tables_life import Loan
from wallet.register.tables_staff import Account, Role

LEAST, LONGEST = 3, 80  # letters of a card's label, and of a role
MOST = 200  # community cards of a unit, and people of an issuer's desks


@dataclass(frozen=True)
class LoanLine:
    """Who has, or had, a community card with them: an account's name or a role's words."""

    loan_id: int
    account_id: int | None
    who: str
    lent_at: datetime
    returned_at: datetime | None


@dataclass(frozen=True)
class CommunityCard:
    """An organisation's card as its desk, and whoever has it, see it."""

    card_id: int
    number: str
    label: str
    unit_id: int
    organisation: str
    area_fi: str
    area_sv: str | None
    last_day: date
    refused: str | None  # why it opens no door today
    loan: LoanLine | None


def _described(text: str) -> str:
    """Words that describe a card or a role and name nobody. Raises Refused: role_length, role_names_person."""
    words = " ".join(text.split())
    if not LEAST <= len(words) <= LONGEST:
        raise Refused("role_length", least=LEAST, most=LONGEST)
    if rules.names_person(words):
        raise Refused("role_names_person")
    return words


def add_community_card(
    by: Staff, unit_id: int, label: str, *, at: datetime, number: str | None = None
) -> tuple[int, str]:
    """Give a unit's organisation a community card for a year; returns its (id, number). `label` is the organisation's
    word for it; `number` what was typed or scanned of a blank card, without it the card gets a new one.

    Raises NotFound("unit_not_found"), and Refused: role_length, role_names_person, area_ended, pilot_over,
    number_mistyped, number_unknown, number_taken."""
    words = _described(label)
    if unit_id not in by.desk_units:
        raise NotFound("unit_not_found")
    with act():
        card = cards.blank_card(number, unit_id) if number is not None else cards.new_card()
        cards.give(
            card,
            unit_id,
            by=by,
            at=at,
            birth_year=None,
            postcode=None,
            children=(),
            language="fi",
            kind=rules.COMMUNITY,
        )
        card.label = words
        return card.id, card.number


def lend(by: Staff, card_id: int, *, at: datetime, account_id: int | None = None, role_text: str | None = None) -> int:
    """Write down who has a community card with them from now on; returns the loan's id. Exactly one of `account_id`,
    somebody at a desk of the same issuer, and `role_text`, 3–80 letters that describe a role and name nobody.

    Raises NotFound("card_not_found" | "account_not_found"), and Refused: borrower_missing, role_length,
    role_names_person, lent_already, and the card's own reason where it opens no door today."""
    if (account_id is None) == (role_text is None):
        raise Refused("borrower_missing")
    role = None if role_text is None else _described(role_text)
    try:
        with act() as session:
            card = _in_hand(by, card_id)
            refused = rules.refused_card(_facts(card), helsinki_day(at))
            if refused is not None:
                raise Refused(refused)
            if account_id is not None and account_id not in dict(_people(card)):
                raise NotFound("account_not_found")
            loan = Loan(card_id=card.id, account_id=account_id, role_text=role, lent_at=at)
            session.add(loan)
            session.flush()
            to = "account" if account_id is not None else "role"
            journal.write("desk:community:lent", at=at, by=by, card_id=card.id, loan=loan.id, to=to)
            return loan.id
    except IntegrityError as error:
        # The index spoke: somebody has it already.
        raise Refused("lent_already") from error


def give_back(by: Staff, card_id: int, *, at: datetime) -> None:
    """The card is back: said at its unit's desk, or by the account that had it. Raises NotFound("card_not_found"), also
    for who once had it, and Refused("not_lent")."""
    with act() as session:
        # The card before its loan, as replacing it holds them: no two wait for each other.
        session.execute(held(select(Card.id).where(Card.id == card_id))).all()
        out = select(Loan).where(Loan.card_id == card_id, Loan.returned_at.is_(None))
        loan = session.scalars(held(out)).one_or_none()
        if loan is None or loan.account_id != by.account_id:
            _in_hand(by, card_id)
        if loan is None:
            raise Refused("not_lent")
        loan.returned_at = at
        journal.write("desk:community:returned", at=at, by=by, card_id=card_id, loan=loan.id)


def community_cards(by: Staff, unit_id: int, *, at: datetime) -> list[CommunityCard]:
    """A unit's community cards by their labels, with who has each now: those that are in use or blocked, and any that
    is still lent. Nothing for a unit of another desk."""
    if unit_id not in by.desk_units:
        return []
    shown = or_(Card.state.in_(("registered", "blocked")), Loan.id.is_not(None))
    found = _cards().where(Card.unit_id == unit_id, shown).order_by(func.lower(Card.label), Card.id)
    return _lines(found.limit(MOST), at)


def community_card(by: Staff, card_id: int, *, at: datetime) -> CommunityCard:
    """A community card of the asker's units. Raises NotFound("card_not_found")."""
    found = _lines(_cards().where(Card.id == card_id, Card.unit_id.in_(by.desk_units)), at)
    if not found:
        raise NotFound("card_not_found")
    return found[0]


def cards_lent_to(by: Staff, *, at: datetime) -> list[CommunityCard]:
    """The community cards that this account has with it now, the one lent last first."""
    return _lines(_lent(by).order_by(Loan.id.desc()).limit(MOST), at)


def lent_card(by: Staff, card_id: int, *, at: datetime) -> CommunityCard:
    """A card that this account has with it now. Raises NotFound("card_not_found"), also when it was returned."""
    found = _lines(_lent(by).where(Card.id == card_id), at)
    if not found:
        raise NotFound("card_not_found")
    return found[0]


def lent_credential(by: Staff, card_id: int, *, at: datetime) -> Issued:
    """The credential for showing the code of a card that this account has with it now. Raises NotFound, and Refused
    with the card's reason where it opens no door today."""
    lent_card(by, card_id, at=at)
    return credentials.for_server(Holder(by.sign_in, card_id), at=at)


def loans(by: Staff, card_id: int, *, limit: int = 50) -> list[LoanLine]:
    """Who had a community card of the asker's units, the last first."""
    rows = db.session.execute(
        select(Loan, Account.name)
        .join(Card, Card.id == Loan.card_id)
        .outerjoin(Account, Account.id == Loan.account_id)
        .where(Card.id == card_id, Card.unit_id.in_(by.desk_units))
        .order_by(Loan.id.desc())
        .limit(limit)
    )
    return [_loan_line(loan, name) for loan, name in rows]


def borrowers(by: Staff, card_id: int) -> list[tuple[int, str]]:
    """The accounts that a community card of the asker's units may be lent to, as (id, name): everybody at the desks of
    its issuer. Raises NotFound("card_not_found")."""
    card = db.session.scalars(_mine(by, card_id)).one_or_none()
    if card is None:
        raise NotFound("card_not_found")
    return _people(card)


def _mine(by: Staff, card_id: int) -> Select[Any]:
    return select(Card).where(
        Card.id == card_id,
        Card.kind == rules.COMMUNITY,
        Card.unit_id.in_(by.desk_units),
        Card.state.not_in(("blank", "deleted")),
    )


def _in_hand(by: Staff, card_id: int) -> Card:
    card: Card | None = db.session.scalars(held(_mine(by, card_id))).one_or_none()
    if card is None:
        raise NotFound("card_not_found")
    return card


def _people(card: Card) -> list[tuple[int, str]]:
    issuer = select(Unit.issuer_id).where(Unit.id == card.unit_id).scalar_subquery()
    at_desks = (
        select(Account.id, Account.name)
        .join(Role, Role.account_id == Account.id)
        .join(Unit, Unit.id == Role.unit_id)
        .where(Role.role == "desk", Unit.issuer_id == issuer, Account.left_at.is_(None))
    )
    return [(row.id, row.name) for row in db.session.execute(at_desks.distinct().order_by(Account.name).limit(MOST))]


def _cards() -> Select[Any]:
    columns: Any = select(Card, Unit.name, Issuer.name, Area, Loan, Account.name)
    found: Select[Any] = (
        columns.join(Unit, Unit.id == Card.unit_id)
        .join(Issuer, Issuer.id == Unit.issuer_id)
        .join(Area, Area.id == Card.area_id)
        .outerjoin(Loan, (Loan.card_id == Card.id) & Loan.returned_at.is_(None))
        .outerjoin(Account, Account.id == Loan.account_id)
        .where(Card.kind == rules.COMMUNITY)
    )
    return found


def _lent(by: Staff) -> Select[Any]:
    # Who left the organisation's desks has its card no longer, whatever the loan says.
    organisations = select(Unit.issuer_id).where(Unit.id.in_(by.desk_units))
    return _cards().where(Loan.account_id == by.account_id, Unit.issuer_id.in_(organisations))


def _lines(query: Select[Any], at: datetime) -> list[CommunityCard]:
    today = helsinki_day(at)
    found = []
    for card, unit, issuer, area, loan, name in db.session.execute(query):
        line = _loan_line(loan, name) if loan is not None else None
        refused = rules.refused_card(_facts(card), today)
        assert card.unit_id is not None
        assert card.last_day is not None
        found.append(
            CommunityCard(
                card.id,
                card.number,
                card.label or "",
                card.unit_id,
                cards.name_of_unit(issuer, unit),
                area.name_fi,
                area.name_sv,
                card.last_day,
                refused,
                line,
            )
        )
    return found


def _loan_line(loan: Loan, name: str | None) -> LoanLine:
    return LoanLine(loan.id, loan.account_id, name or loan.role_text or "", loan.lent_at, loan.returned_at)


def _facts(card: Card) -> rules.CardFacts:
    return rules.CardFacts(card.state, card.kind, card.area_id, False, card.first_day, card.last_day)
