"""Ways in: letters, gate codes, staff invitations. A fault here lets in a stranger, or shuts a holder out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.people import People
from tests.register.scans import NOON
from wallet.register import accounts, blocking, invitations
from wallet.register.database import act, db
from wallet.register.errors import Refused
from wallet.register.invitations import ALPHABET, grouped, new_code, normalise_code
from wallet.register.tables import Card, Gate, JournalLine
from wallet.register.tables_signin import Invitation

pytestmark = pytest.mark.usefixtures("noon")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def reason_of(do: Callable[[], object]) -> str:
    """Why this was refused."""
    with pytest.raises(Refused) as refused:
        do()
    return refused.value.reason


def letter(people: People) -> str:
    return invitations.invite_holder(people.holder.card_id, by=people.desk, at=NOON)


def test_a_letter_lets_its_holder_in_once(people: People) -> None:
    code = letter(people)
    assert invitations.redeem_letter(code, 1986, at=NOON + DAY) == people.holder.card_id
    assert reason_of(lambda: invitations.redeem_letter(code, 1986, at=NOON + DAY)) == "code_used"
    acts = list(
        db.session.scalars(select(JournalLine.act).where(JournalLine.act.contains(":letter:")).order_by(JournalLine.id))
    )
    assert acts == ["desk:letter:made", "holder:letter:used"]


def test_a_code_is_sixty_random_bits_that_read_well(people: People) -> None:
    codes = {new_code() for _ in range(300)}
    assert len(codes) == 300
    assert set("".join(codes)) == set(ALPHABET)
    assert not set("ILOU") & set(ALPHABET)
    code = codes.pop()
    assert grouped(code) == f"{code[:4]}-{code[4:8]}-{code[8:]}"
    assert normalise_code(grouped(code)) == code


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("0123-4567-89ab", "0123456789AB"),
        ("  0123 4567 89ab\r\n", "0123456789AB"),
        ("o123–4567—89aB", "0123456789AB"),
        ("Oil345678uVW", "011345678VVW"),
        ("0123.4567\u00a089ab", "0123456789AB"),
        ("0123-4567-89a", None),
        ("0123-4567-89abc", None),
        ("", None),
        ("0123-4567-89aä", None),
        ("\u0660123-4567-89ab", None),
    ],
)
def test_a_code_is_typed_as_people_type(typed: str, read: str | None) -> None:
    assert normalise_code(typed) == read


def test_the_register_keeps_a_hash_and_not_the_code(people: People) -> None:
    code = letter(people)
    row = db.session.scalars(select(Invitation).where(Invitation.card_id == people.holder.card_id)).one()
    kept = [getattr(row, column.key) for column in Invitation.__table__.columns]
    assert code not in str(kept)
    assert code.encode() not in row.code_hash


def test_a_wrong_birth_year_is_counted_and_five_kill_the_letter(people: People) -> None:
    code = letter(people)
    left = []
    for year in (1985, 1987, 1900, 0):
        with pytest.raises(Refused, match="birth_year_wrong") as refused:
            invitations.redeem_letter(code, year, at=NOON)
        left.append(refused.value.facts["left"])
    assert left == [4, 3, 2, 1]
    assert reason_of(lambda: invitations.redeem_letter(code, 1985, at=NOON)) == "code_cancelled"
    assert reason_of(lambda: invitations.redeem_letter(code, 1986, at=NOON)) == "code_cancelled"


def test_four_slips_and_the_right_year_let_in(people: People) -> None:
    code = letter(people)
    for _ in range(4):
        reason_of(lambda: invitations.redeem_letter(code, 1985, at=NOON))
    assert invitations.redeem_letter(code, 1986, at=NOON) == people.holder.card_id


def test_a_new_letter_ends_the_one_before(people: People) -> None:
    old, other = letter(people), invitations.invite_holder(people.other_holder.card_id, by=None, at=NOON)
    new = letter(people)
    assert reason_of(lambda: invitations.redeem_letter(old, 1986, at=NOON)) == "code_cancelled"
    assert invitations.redeem_letter(new, 1986, at=NOON) == people.holder.card_id
    assert invitations.redeem_letter(other, 1961, at=NOON) == people.other_holder.card_id


def test_a_used_letter_says_used_also_after_a_new_one(people: People) -> None:
    old = letter(people)
    invitations.redeem_letter(old, 1986, at=NOON)
    letter(people)
    assert reason_of(lambda: invitations.redeem_letter(old, 1986, at=NOON)) == "code_used"


@pytest.mark.parametrize(
    ("invite", "redeem", "days"),
    [
        (letter, lambda code, at: invitations.redeem_letter(code, 1986, at=at), 60),
        (
            lambda people: invitations.invite_gate("museo", by=people.coordinator, at=NOON),
            lambda code, at: invitations.enrol_gate(code, "Ovi", at=at),
            7,
        ),
        (
            lambda people: invitations.invite_account(people.desk.account_id, by=None, at=NOON),
            lambda code, at: invitations.redeem_staff(code, at=at),
            7,
        ),
    ],
    ids=["letter", "gate", "staff"],
)
def test_a_code_ends(people: People, invite: Callable[..., str], redeem: Callable[..., Any], days: int) -> None:
    first, second = invite(people), None
    assert reason_of(lambda: redeem(first, NOON + days * DAY + SECOND)) == "code_expired"
    second = invite(people)
    assert redeem(second, NOON + days * DAY)
    assert reason_of(lambda: redeem(second, NOON)) == "code_used"


@pytest.mark.parametrize("at_door", ["letter", "gate", "staff"])
def test_a_code_opens_only_its_own_door(people: People, at_door: str) -> None:
    """What is not this door's is as unknown as one that never was."""
    codes = {
        "letter": letter(people),
        "gate": invitations.invite_gate("museo", by=None, at=NOON),
        "staff": invitations.invite_account(people.desk.account_id, by=None, at=NOON),
        "nobody": new_code(),
    }
    doors: dict[str, Callable[[str], Any]] = {
        "letter": lambda code: invitations.redeem_letter(code, 1986, at=NOON),
        "gate": lambda code: invitations.enrol_gate(code, "Ovi", at=NOON),
        "staff": lambda code: invitations.redeem_staff(code, at=NOON),
    }
    for kind, code in codes.items():
        if kind != at_door:
            assert reason_of(lambda code=code: doors[at_door](code)) == "code_unknown"
    assert doors[at_door](codes[at_door]), "a code shown at wrong doors is still good at its own"


@pytest.mark.parametrize("state", ["blocked", "replaced"])
def test_a_stopped_cards_letter_lets_nobody_in(people: People, state: str) -> None:
    code = letter(people)
    with act() as session:
        session.execute(update(Card).where(Card.id == people.holder.card_id).values(state=state))
    assert reason_of(lambda: invitations.redeem_letter(code, 1986, at=NOON)) == state
    assert reason_of(lambda: letter(people)) == "not_registered"


def test_a_blank_cards_letter_lets_nobody_in(people: People) -> None:
    code = letter(people)
    with act() as session:
        session.execute(update(Card).where(Card.id == people.holder.card_id).values(state="blank"))
    assert reason_of(lambda: invitations.redeem_letter(code, 1986, at=NOON)) == "not_registered"


def test_a_blocked_cards_letter_is_refused_after_blocking(people: People) -> None:
    code = letter(people)
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    assert reason_of(lambda: invitations.redeem_letter(code, 1986, at=NOON)) == "blocked"


def test_a_gate_is_made_with_its_name(people: People) -> None:
    code = invitations.invite_gate("teatteri", by=None, at=NOON)
    made = invitations.enrol_gate(code, "Kassa 2", at=NOON)
    gate = db.session.get_one(Gate, made.gate_id)
    assert (gate.venue_id, gate.name, gate.revoked_at, made.venue_name) == ("teatteri", "Kassa 2", None, "Teatteri")


def test_one_who_has_left_does_not_come_back_by_an_old_invitation(people: People) -> None:
    code = invitations.invite_account(people.desk.account_id, by=None, at=NOON)
    accounts.leave(people.desk.account_id, by=people.support, at=NOON)
    assert reason_of(lambda: invitations.redeem_staff(code, at=NOON)) == "code_unknown"


def test_a_staff_invitation_gives_its_account(people: People) -> None:
    code = invitations.invite_account(people.other_desk.account_id, by=people.support, at=NOON)
    assert invitations.redeem_staff(code, at=NOON) == people.other_desk.account_id
