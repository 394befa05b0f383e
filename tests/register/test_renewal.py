"""Renewing a phone's key by the one-time value of the last renewal: a copy shows itself and stops both (CODES.md)."""

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.people import People
from tests.register.scans import NOON, scan
from wallet.register import blocking, credentials, signins, uses
from wallet.register.credentials import Issued, add_phone_key, key_state, renew
from wallet.register.database import act, db
from wallet.register.errors import Refused
from wallet.register.tables import Credential, JournalLine

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)
LATER = NOON + 7 * DAY


def key() -> bytes:
    return b"\x02" + secrets.token_bytes(32)


@pytest.fixture
def first(people: People) -> Issued:
    """The phone's first credential."""
    return add_phone_key(people.holder, key(), at=NOON)


def test_a_renewal_gives_a_new_id_and_ends_the_old_one(people: People, first: Issued) -> None:
    assert first.once
    second = renew(people.holder, first.credential, first.once, key(), at=LATER)
    assert second.credential != first.credential
    assert second.once
    assert second.once != first.once
    assert (second.first_day, second.last_day) == (first.first_day + 7 * DAY, first.last_day + 7 * DAY)
    assert [key_state(people.holder, one.credential) for one in (first, second)] == ["withdrawn", "live"]
    third = renew(people.holder, second.credential, second.once, key(), at=LATER + 7 * DAY)
    assert key_state(people.holder, third.credential) == "live"
    assert uses.record_use(scan(third.credential, LATER), by=people.gate, at=LATER).recorded
    assert credentials.keys_made(people.holder, at=LATER) == 1, "renewals are no silent keys"


def test_the_register_keeps_a_hash_of_the_value(people: People, first: Issued) -> None:
    assert first.once
    kept = db.session.scalars(select(Credential.renewal_hash)).one()
    assert kept
    assert first.once.encode() not in kept
    assert credentials.for_server(people.holder, at=NOON).once is None


def test_an_answer_that_was_lost_is_asked_for_again(people: People, first: Issued) -> None:
    assert first.once
    new = key()
    lost = renew(people.holder, first.credential, first.once, new, at=LATER)
    again = renew(people.holder, first.credential, first.once, new, at=LATER)
    assert again.credential == lost.credential
    assert again.once
    assert again.once != lost.once
    assert renew(people.holder, again.credential, again.once, key(), at=LATER + 7 * DAY)


def test_a_value_that_comes_twice_is_a_copy_and_stops_both(people: People, first: Issued) -> None:
    assert first.once
    second = renew(people.holder, first.credential, first.once, key(), at=LATER)
    other_browser = add_phone_key(people.holder, key(), at=LATER)
    with pytest.raises(Refused, match="renewal_copied"):
        renew(people.holder, first.credential, first.once, key(), at=LATER)
    states = {key_state(people.holder, one.credential) for one in (first, second, other_browser)}
    assert states == {"withdrawn"}
    assert signins.holder(people.holder.sign_in, at=LATER) is None
    assert signins.holder(people.other_holder.sign_in, at=LATER)
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "holder:phone-key:copied")).one()
    assert line.card_id == people.holder.card_id
    assert uses.check_use(scan(second.credential), by=people.gate, at=NOON).reason == "withdrawn"


@pytest.mark.parametrize("wrong", ["value", "credential", "holder", "server's"])
def test_what_is_not_known_renews_nothing(people: People, first: Issued, wrong: str) -> None:
    assert first.once
    by = people.other_holder if wrong == "holder" else people.holder
    once = "something else" if wrong == "value" else first.once
    old = {
        "credential": b"12345",
        "server's": credentials.for_server(people.holder, at=NOON).credential,
    }.get(wrong, first.credential)
    with pytest.raises(Refused, match="renewal_unknown"):
        renew(by, old, once, key(), at=LATER)
    assert key_state(people.holder, first.credential) == "live"
    assert signins.holder(people.holder.sign_in, at=LATER)


def test_a_key_that_was_stopped_is_not_renewed(people: People, first: Issued) -> None:
    assert first.once
    with act() as session:
        session.execute(update(Credential).values(withdrawn_at=NOON, withdrawn_reason="newer_keys"))
    with pytest.raises(Refused, match="renewal_unknown"):
        renew(people.holder, first.credential, first.once, key(), at=LATER)


def test_another_phones_key_does_not_pass_for_the_lost_answer(people: People, first: Issued) -> None:
    assert first.once
    others = key()
    renew(people.holder, first.credential, first.once, key(), at=LATER)
    add_phone_key(people.holder, others, at=LATER)
    with pytest.raises(Refused, match="renewal_copied"):
        renew(people.holder, first.credential, first.once, others, at=LATER)


def test_a_key_of_another_card_is_refused_and_the_old_one_stays(people: People, first: Issued) -> None:
    assert first.once
    theirs = key()
    add_phone_key(people.other_holder, theirs, at=NOON)
    with pytest.raises(Refused, match="key_known"):
        renew(people.holder, first.credential, first.once, theirs, at=LATER)
    assert key_state(people.holder, first.credential) == "live"


def test_a_card_that_opens_no_door_renews_nothing(people: People, first: Issued) -> None:
    assert first.once
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    with pytest.raises(Refused, match="blocked"):
        renew(people.holder, first.credential, first.once, key(), at=LATER)
