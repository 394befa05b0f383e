"""Community cards and their loans.

If these fail, an organisation's card is in two hands at once, in a stranger's, or nobody knows in whose; a client's
name or number is kept beside it; or who gave it back still shows its code.
"""

from collections import Counter
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.people import People
from tests.register.scans import NOON, count, set_area, set_card
from tests.register.test_racing import at_once
from wallet.register import accounts, community, desk_cards, rules, signins
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import HeldRole, Staff
from wallet.register.tables import Card, Credential, JournalLine, Unit
from wallet.register.tables_life import CardPeriod, Loan
from wallet.register.tables_staff import Account, Role

pytestmark = pytest.mark.usefixtures("noon")


def colleague(people: People, email: str = "colleague@example.org", unit: str = "Nuorisotyö") -> Staff:
    """Somebody at another desk of the same issuer."""
    with act() as session:
        known = session.scalars(select(Unit).where(Unit.name == unit)).one_or_none()
        if known is None:
            known = Unit(issuer_id="sosiaalityo", name=unit)
            session.add(known)
            session.flush()
        unit_id = known.id
    account = accounts.add_account(
        email.split("@", maxsplit=1)[0], email, (HeldRole("desk", unit_id=unit_id),), by=None, at=NOON
    )
    found = signins.staff(signins.start("staff", at=NOON, account_id=account), at=NOON)
    assert found
    return found


@pytest.fixture
def group_card(people: People) -> int:
    """The desk's community card."""
    return community.add_community_card(people.desk, people.unit, "Ryhmäkortti", at=NOON)[0]


def acts() -> list[str]:
    mine = select(JournalLine.act).where(JournalLine.act.like("desk:community:%"))
    return list(db.session.scalars(mine.order_by(JournalLine.id)))


# Who may


def test_another_desk_finds_nothing_of_it(people: People, group_card: int) -> None:
    stranger = people.other_desk
    with pytest.raises(NotFound, match="unit_not_found"):
        community.add_community_card(stranger, people.unit, "Ryhmäkortti", at=NOON)
    for asked in (
        lambda: community.lend(stranger, group_card, at=NOON, role_text="ohjaaja"),
        lambda: community.give_back(stranger, group_card, at=NOON),
        lambda: community.community_card(stranger, group_card, at=NOON),
        lambda: community.borrowers(stranger, group_card),
        lambda: community.lent_card(stranger, group_card, at=NOON),
        lambda: community.lent_credential(stranger, group_card, at=NOON),
    ):
        with pytest.raises(NotFound, match="card_not_found"):
            asked()
    assert community.community_cards(stranger, people.unit, at=NOON) == []
    assert community.loans(stranger, group_card) == []
    assert community.cards_lent_to(stranger, at=NOON) == []


def test_a_colleague_of_another_unit_borrows_and_does_not_lend(people: People, group_card: int) -> None:
    friend = colleague(people)
    with pytest.raises(NotFound):
        community.lend(friend, group_card, at=NOON, account_id=friend.account_id)
    community.lend(people.desk, group_card, at=NOON, account_id=friend.account_id)
    assert [card.card_id for card in community.cards_lent_to(friend, at=NOON)] == [group_card]
    assert community.cards_lent_to(people.desk, at=NOON) == []


def test_a_personal_card_is_not_lent(people: People) -> None:
    """DOMAIN.md, "Who gets a card", 4: a card is personal; it may not be lent."""
    with pytest.raises(NotFound, match="card_not_found"):
        community.lend(people.desk, people.holder.card_id, at=NOON, role_text="ohjaaja")
    assert count(Loan) == 0


# The card


def test_it_belongs_to_the_organisation_for_a_year(people: People) -> None:
    """DOMAIN.md, "What a card gives": belongs to an issuing organisation; nothing of a person is on it."""
    card_id, number = community.add_community_card(people.desk, people.unit, "  Ryhmän   kortti ", at=NOON)
    card = db.session.get_one(Card, card_id)
    assert (card.kind, card.state, card.label, card.number) == ("community", "registered", "Ryhmän kortti", number)
    assert (card.birth_year, card.postcode, card.life_situation, card.gender) == (None, None, None, None)
    assert (card.first_day, card.last_day) == (date(2026, 11, 25), date(2027, 11, 24))
    period = db.session.scalars(select(CardPeriod).where(CardPeriod.card_id == card_id)).one()
    assert (period.how, period.unit_id, period.children) == ("new", people.unit, 0)
    (line,) = community.community_cards(people.desk, people.unit, at=NOON)
    assert (line.label, line.organisation, line.area_fi, line.area_sv) == (
        "Ryhmän kortti", "Sosiaalityö", "Tampere", "Tammerfors",
    )  # fmt: skip
    assert (line.refused, line.loan, line.last_day) == (None, None, date(2027, 11, 24))
    assert community.community_card(people.desk, card_id, at=NOON) == line


def test_a_blank_card_becomes_one(people: People) -> None:
    with act() as session:
        session.add(Card(number="492100773186", unit_id=people.unit, user_handle=b"x" * 32))
    _, number = community.add_community_card(people.desk, people.unit, "Pöytä", at=NOON, number="4921 0077 3186")
    assert number == "492100773186"
    with pytest.raises(Refused, match="number_taken"):
        community.add_community_card(people.desk, people.unit, "Pöytä", at=NOON, number=number)


@pytest.mark.parametrize("label", ["", "x", " ", "k" * 81])
def test_it_has_a_label(people: People, label: str) -> None:
    with pytest.raises(Refused, match="role_length") as refused:
        community.add_community_card(people.desk, people.unit, label, at=NOON)
    assert refused.value.facts == {"least": 3, "most": 80}


def test_it_is_renewed_and_replaced_as_any_card_and_its_loan_ends_with_it(people: People, group_card: int) -> None:
    set_card(group_card, last_day=date(2026, 12, 24))
    assert desk_cards.renew_card(people.desk, group_card, at=NOON, children=()) == date(2027, 12, 24)
    community.lend(people.desk, group_card, at=NOON, account_id=people.desk.account_id)
    new_id, _ = desk_cards.replace_card(people.desk, group_card, at=NOON, reason="lost")
    (line,) = community.community_cards(people.desk, people.unit, at=NOON)
    assert (line.card_id, line.label, line.loan) == (new_id, "Ryhmäkortti", None)
    assert community.cards_lent_to(people.desk, at=NOON) == []


def test_a_blocked_one_is_shown_and_not_lent(people: People, group_card: int) -> None:
    community.lend(people.desk, group_card, at=NOON, account_id=people.desk.account_id)
    desk_cards.block_card(people.desk, group_card, "lost", at=NOON)
    (line,) = community.community_cards(people.desk, people.unit, at=NOON)
    assert (line.refused, line.loan is not None) == ("blocked", True)
    with pytest.raises(Refused, match="blocked"):
        community.lent_credential(people.desk, group_card, at=NOON)
    community.give_back(people.desk, group_card, at=NOON)
    with pytest.raises(Refused, match="blocked"):
        community.lend(people.desk, group_card, at=NOON, role_text="ohjaaja")


def test_an_ended_one_is_not_lent(people: People, group_card: int) -> None:
    with pytest.raises(Refused, match="card_expired"):
        community.lend(people.desk, group_card, at=NOON + timedelta(days=366), role_text="ohjaaja")


# Loans


def test_it_is_lent_and_returned_and_the_journal_says_so(people: People, group_card: int) -> None:
    friend = colleague(people)
    loan = community.lend(people.desk, group_card, at=NOON, account_id=friend.account_id)
    (line,) = community.community_cards(people.desk, people.unit, at=NOON)
    assert line.loan == community.LoanLine(loan, friend.account_id, "colleague", NOON, None)
    later = NOON + timedelta(hours=3)
    community.give_back(people.desk, group_card, at=later)
    community.lend(people.desk, group_card, at=later, role_text="  Iltakahvilan   vapaaehtoinen ")
    assert [(one.who, one.returned_at) for one in community.loans(people.desk, group_card)] == [
        ("Iltakahvilan vapaaehtoinen", None),
        ("colleague", later),
    ]
    assert [one.who for one in community.loans(people.desk, group_card, limit=1)] == ["Iltakahvilan vapaaehtoinen"]
    assert acts() == ["desk:community:lent", "desk:community:returned", "desk:community:lent"]
    facts = db.session.scalars(select(JournalLine.facts).where(JournalLine.act == "desk:community:lent")).all()
    assert [sorted(fact) for fact in facts] == [["loan", "to"], ["loan", "to"]], "no words about anybody"


def test_it_is_in_one_pair_of_hands(people: People, group_card: int) -> None:
    community.lend(people.desk, group_card, at=NOON, role_text="ohjaaja")
    with pytest.raises(Refused, match="lent_already"):
        community.lend(people.desk, group_card, at=NOON, account_id=people.desk.account_id)
    assert count(Loan) == 1


def test_two_who_lend_it_at_once_lend_it_once(app: Flask, people: People, group_card: int) -> None:
    def lend(n: int) -> str:
        try:
            community.lend(people.desk, group_card, at=NOON, role_text=f"ohjaaja {n}")
        except Refused as refused:
            return refused.reason
        return "lent"

    assert Counter(at_once(app, [lambda n=n: lend(n) for n in range(8)])) == {"lent": 1, "lent_already": 7}


def test_what_is_not_lent_is_not_returned(people: People, group_card: int) -> None:
    with pytest.raises(Refused, match="not_lent"):
        community.give_back(people.desk, group_card, at=NOON)


def test_it_is_returned_and_replaced_at_once(app: Flask, people: People) -> None:
    """Two at one desk: each is done, or hears that it was; they don't wait for each other in a circle."""
    for number in range(8):
        card_id, _ = community.add_community_card(people.desk, people.unit, f"Ryhmäkortti {number}", at=NOON)
        community.lend(people.desk, card_id, at=NOON, role_text="ohjaaja")

        def back(card_id: int = card_id) -> str:
            try:
                community.give_back(people.desk, card_id, at=NOON)
            except Refused as refused:
                return refused.reason
            return "returned"

        def replaced(card_id: int = card_id) -> str:
            desk_cards.replace_card(people.desk, card_id, at=NOON, reason="lost")
            return "replaced"

        told = at_once(app, [back, replaced])
        assert told in (["returned", "replaced"], ["not_lent", "replaced"])
        assert [one.returned_at for one in community.loans(people.desk, card_id)] == [NOON]


@pytest.mark.parametrize("both", [True, False])
def test_one_borrower_is_named(people: People, group_card: int, both: bool) -> None:
    given = {"account_id": people.desk.account_id, "role_text": "ohjaaja"} if both else {}
    with pytest.raises(Refused, match="borrower_missing"):
        community.lend(people.desk, group_card, at=NOON, **given)


def test_only_the_issuers_own_people_borrow(people: People, group_card: int) -> None:
    friend = colleague(people)
    assert community.borrowers(people.desk, group_card) == [
        (friend.account_id, "colleague"),
        (people.desk.account_id, "desk"),
    ]
    with act() as session:
        session.execute(update(Account).where(Account.id == friend.account_id).values(left_at=NOON))
    for nobody in (friend.account_id, people.other_desk.account_id, people.coordinator.account_id, 10**6):
        with pytest.raises(NotFound, match="account_not_found"):
            community.lend(people.desk, group_card, at=NOON, account_id=nobody)


def test_somebody_at_two_desks_of_the_issuer_is_one_borrower(people: People, group_card: int) -> None:
    friend = colleague(people)
    with act() as session:
        session.add(Role(account_id=friend.account_id, role="desk", unit_id=people.unit))
    assert [who for who, _ in community.borrowers(people.desk, group_card)].count(friend.account_id) == 1


@pytest.mark.parametrize("text", ["", "ab", " a ", "r" * 81])
def test_a_role_has_a_length(people: People, group_card: int, text: str) -> None:
    with pytest.raises(Refused, match="role_length"):
        community.lend(people.desk, group_card, at=NOON, role_text=text)


PERSONS = [
    "ohjaaja maija@example.org",
    "ohjaaja 040 123 4567",
    "ohjaaja +358401234567",
    "ohjaaja (09) 310-1234",
    "131052-308T",
    "131052–308t",
    "010203a123b on ohjaaja",
    "ohjaaja 0401234567",
    "ohjaaja 358 40 1234567",
]
ROLES = [
    "Iltakahvilan vapaaehtoinen",
    "Ryhmä 2, ohjaaja",
    "Kesäleiri 2026–2027",
    "Päivystys 24/7",
    "Ungdomsledare 15-18 år",
    "33100 asuinalue",
]


@pytest.mark.parametrize("text", PERSONS)
def test_a_role_names_no_person(people: People, group_card: int, text: str) -> None:
    """DOMAIN.md, "What may never be stored": identity code, phone number, e-mail, free-text fields included."""
    assert rules.names_person(text)
    with pytest.raises(Refused, match="role_names_person"):
        community.lend(people.desk, group_card, at=NOON, role_text=text)
    with pytest.raises(Refused, match="role_names_person"):
        community.add_community_card(people.desk, people.unit, text, at=NOON)
    assert count(Loan) == 0


@pytest.mark.parametrize("text", ROLES)
def test_a_role_is_a_role(text: str) -> None:
    assert not rules.names_person(text)


# Its code on a borrower's screen


def test_who_has_it_shows_its_code_and_who_gave_it_back_does_not(people: People, group_card: int) -> None:
    friend = colleague(people)
    community.lend(people.desk, group_card, at=NOON, account_id=friend.account_id)
    issued = community.lent_credential(friend, group_card, at=NOON)
    assert (issued.kind, issued.children, issued.birth_year) == ("community", 0, 0)
    kept = db.session.scalars(select(Credential)).one()
    assert (kept.card_id, kept.shown_by, kept.credential) == (group_card, "server", issued.credential)
    assert community.lent_credential(friend, group_card, at=NOON) == issued, "kept for its days"
    assert community.lent_card(friend, group_card, at=NOON).label == "Ryhmäkortti"
    community.give_back(friend, group_card, at=NOON)
    with pytest.raises(NotFound):
        community.lent_credential(friend, group_card, at=NOON)
    assert community.cards_lent_to(friend, at=NOON) == []
    with pytest.raises(NotFound, match="card_not_found"):
        community.give_back(friend, group_card, at=NOON)


def test_a_lender_who_did_not_borrow_shows_no_code(people: People, group_card: int) -> None:
    community.lend(people.desk, group_card, at=NOON, role_text="ohjaaja")
    with pytest.raises(NotFound):
        community.lent_credential(people.desk, group_card, at=NOON)


def test_who_left_the_organisations_desks_has_it_no_longer(people: People, group_card: int) -> None:
    friend = colleague(people)
    community.lend(people.desk, group_card, at=NOON, account_id=friend.account_id)
    moved = Staff(friend.sign_in, friend.account_id, friend.name, (HeldRole("desk", unit_id=people.other_unit),))
    assert community.cards_lent_to(moved, at=NOON) == []
    with pytest.raises(NotFound):
        community.lent_card(moved, group_card, at=NOON)


def test_a_pilot_that_is_over_gives_none(people: People) -> None:
    set_area("tampere", pilot_ends=date(2026, 11, 24))
    with pytest.raises(Refused, match="pilot_over"):
        community.add_community_card(people.desk, people.unit, "Ryhmäkortti", at=NOON)
