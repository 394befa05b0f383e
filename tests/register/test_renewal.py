"""Renewing a phone's key: a one-time value that shows a copy (CODES.md, "The phone's key")."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from tests.people import People
from tests.register.scans import NOON
from wallet.register import credentials, signins
from wallet.register.database import act, db
from wallet.register.errors import Refused
from wallet.register.tables import Card, Credential, JournalLine, SignIn

pytestmark = pytest.mark.usefixtures("noon")
WEEK = timedelta(days=7)


def key(number: int) -> bytes:
    return b"\x02" + number.to_bytes(32, "big")


@pytest.fixture
def first(people: People) -> credentials.Issued:
    return credentials.add_phone_key(people.holder, key(1), at=NOON)


def refused(people: People, *args) -> str:
    with pytest.raises(Refused) as error:
        credentials.renew(people.holder, *args, at=NOON + WEEK)
    return error.value.reason


def test_a_renewal_is_a_new_credential_and_the_old_one_stops(people, first):
    second = credentials.renew(people.holder, first.credential, first.once, key(2), at=NOON + WEEK)
    assert second.credential != first.credential
    assert second.once != first.once
    assert second.last_day == date(2026, 12, 30)
    assert credentials.key_state(people.holder, first.credential) == "withdrawn"
    assert credentials.key_state(people.holder, second.credential) == "live"
    third = credentials.renew(people.holder, second.credential, second.once, key(3), at=NOON + 2 * WEEK)
    assert credentials.key_state(people.holder, third.credential) == "live"
    assert credentials.keys_made(people.holder, at=NOON + 2 * WEEK) == 1, "a renewal is not a silent key"


def test_a_phone_that_lost_the_answer_hears_it_again(people, first):
    second = credentials.renew(people.holder, first.credential, first.once, key(2), at=NOON + WEEK)
    again = credentials.renew(people.holder, first.credential, first.once, key(2), at=NOON + WEEK)
    assert again.credential == second.credential
    assert credentials.renew(people.holder, again.credential, again.once, key(3), at=NOON + 2 * WEEK)


def test_a_value_that_comes_twice_with_another_key_stops_both(people, first):
    second = credentials.renew(people.holder, first.credential, first.once, key(2), at=NOON + WEEK)
    assert refused(people, first.credential, first.once, key(9)) == "renewal_copied"
    assert credentials.key_state(people.holder, second.credential) == "withdrawn"
    assert signins.holder(people.holder.sign_in, at=NOON + WEEK) is None, "whoever copied the key has the cookie too"
    assert signins.holder(people.other_holder.sign_in, at=NOON + WEEK) is not None
    assert db.session.scalars(select(JournalLine.act).where(JournalLine.act == "holder:phone-key:copied")).all()
    assert (
        db.session.scalars(
            select(SignIn).where(SignIn.card_id == people.holder.card_id, SignIn.ended_at.is_(None))
        ).all()
        == []
    )


def test_a_wrong_value_another_holders_credential_and_nonsense_are_one_answer(people, first):
    for credential, once in ((first.credential, "wrong"), (b"12345", first.once), (first.credential, "")):
        assert refused(people, credential, once, key(2)) == "renewal_unknown"
    with pytest.raises(Refused, match="renewal_unknown"):
        credentials.renew(people.other_holder, first.credential, first.once, key(2), at=NOON)
    assert credentials.key_state(people.holder, first.credential) == "live"


def test_a_key_that_a_third_phone_displaced_does_not_renew(people, first):
    credentials.add_phone_key(people.holder, key(5), at=NOON)
    credentials.add_phone_key(people.holder, key(6), at=NOON)
    assert refused(people, first.credential, first.once, key(2)) == "renewal_unknown"
    assert signins.holder(people.holder.sign_in, at=NOON) is not None, "that is no copy"


def test_a_key_of_another_credential_is_not_taken(people, first):
    credentials.add_phone_key(people.other_holder, key(7), at=NOON)
    assert refused(people, first.credential, first.once, key(7)) == "key_known"


def test_a_card_that_has_ended_renews_nothing(people, first):
    with act() as session:
        session.execute(update(Card).where(Card.id == people.holder.card_id).values(last_day=date(2026, 11, 30)))
    assert refused(people, first.credential, first.once, key(2)) == "card_expired"


def test_only_hashes_are_kept(people, first):
    kept = db.session.scalars(select(Credential.renewal_hash).where(Credential.credential == first.credential)).one()
    assert first.once.encode() not in kept
    assert len(kept) == 32
