"""Passkeys kept in the register: whose they are, and how a copied one shows itself."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.people import People
from tests.register.scans import NOON
from wallet.register import passkeys
from wallet.register.database import db
from wallet.register.errors import Refused
from wallet.register.tables import Card, JournalLine
from wallet.register.tables_signin import Passkey

pytestmark = pytest.mark.usefixtures("noon")


def test_a_passkey_is_found_with_its_owner(people: People) -> None:
    passkeys.add(people.holder, b"holder", b"key 1", 0, at=NOON)
    passkeys.add(people.desk, b"desk", b"key 2", 7, at=NOON)
    holders, desks = passkeys.find(b"holder"), passkeys.find(b"desk")
    assert holders
    assert desks
    assert (holders.card_id, holders.account_id, holders.public_key) == (people.holder.card_id, None, b"key 1")
    assert (desks.card_id, desks.account_id, desks.sign_count) == (None, people.desk.account_id, 7)
    assert holders.user_handle == passkeys.owner(people.holder).user_handle
    assert desks.user_handle == passkeys.owner(people.desk).user_handle
    assert holders.user_handle != desks.user_handle
    assert passkeys.find(b"nobody") is None


def test_an_owner_hears_of_their_own_passkeys_only(people: People) -> None:
    passkeys.add(people.holder, b"one", b"key", 0, at=NOON)
    passkeys.add(people.holder, b"two", b"key", 0, at=NOON)
    assert set(passkeys.owner(people.holder).credentials) == {b"one", b"two"}
    assert passkeys.owner(people.other_holder).credentials == ()
    assert passkeys.owner(people.desk).credentials == ()


def test_a_holders_passkey_is_not_labelled_with_the_whole_number(people: People) -> None:
    """The label is in the phone's own list of passkeys, and is synced to wherever those go."""
    number = db.session.get_one(Card, people.holder.card_id).number
    label = passkeys.owner(people.holder).label
    assert label == f"Kaikukortti …{number[-4:]}"
    assert number not in label
    assert passkeys.owner(people.desk).label == "desk@example.org"


def test_a_passkey_is_added_once(people: People) -> None:
    passkeys.add(people.holder, b"one", b"key", 0, at=NOON)
    with pytest.raises(Refused, match="passkey_known"):
        passkeys.add(people.other_holder, b"one", b"key", 0, at=NOON)
    found = passkeys.find(b"one")
    assert found
    assert found.card_id == people.holder.card_id


@pytest.mark.parametrize("who", ["holder", "desk"])
def test_ten_passkeys_are_enough(people: People, who: str) -> None:
    by = getattr(people, who)
    for n in range(10):
        passkeys.add(by, bytes([n]), b"key", 0, at=NOON)
    with pytest.raises(Refused, match="passkeys_too_many"):
        passkeys.add(by, b"eleventh", b"key", 0, at=NOON)
    passkeys.add(people.other_holder, b"another's", b"key", 0, at=NOON)


def test_an_answer_to_a_challenge_from_before_the_last_sign_in_is_stale(people: People) -> None:
    """It was seen already, and its cookie with it."""
    passkeys.add(people.holder, b"one", b"key", 0, at=NOON)
    found = passkeys.find(b"one")
    assert found
    passkeys.used(found.passkey_id, 0, at=NOON, challenged_at=NOON)
    passkeys.used(found.passkey_id, 0, at=NOON, challenged_at=NOON)
    with pytest.raises(Refused, match="passkey_stale"):
        passkeys.used(found.passkey_id, 0, at=NOON, challenged_at=NOON - timedelta(seconds=1))


def _sign_count(passkey_id: int) -> int:
    return db.session.scalars(select(Passkey.sign_count).where(Passkey.id == passkey_id)).one()


@pytest.mark.parametrize(
    ("counts", "refused"),
    [
        ([0, 0, 0], False),  # synced passkeys never count
        ([1, 2, 3], False),
        ([5, 9], False),
        ([0, 1, 2], False),  # one that begins to count
        ([5, 3], True),
        ([5, 5], True),
        ([5, 0], True),  # one that stops counting
    ],
)
def test_a_count_that_falls_is_a_copy_at_work(people: People, counts: list[int], refused: bool) -> None:
    passkeys.add(people.holder, b"one", b"key", 0, at=NOON)
    found = passkeys.find(b"one")
    assert found
    *good, last = counts
    for count in good:
        passkeys.used(found.passkey_id, count, at=NOON)
    if not refused:
        passkeys.used(found.passkey_id, last, at=NOON)
        assert _sign_count(found.passkey_id) == last
        return
    with pytest.raises(Refused, match="passkey_copied"):
        passkeys.used(found.passkey_id, last, at=NOON)
    assert _sign_count(found.passkey_id) == good[-1]
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "signin:passkey:copied")).one()
    assert (line.card_id, line.facts) == (people.holder.card_id, {"stored": good[-1], "seen": last})
