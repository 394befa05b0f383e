"""Signed-in browsers and PINs: each audience's own length, and what ends it early."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.people import People
from tests.register.scans import NOON
from wallet.register import accounts, blocking, signins
from wallet.register.database import db
from wallet.register.identities import HeldRole
from wallet.register.tables import Card
from wallet.register.tables_signin import SignIn

pytestmark = pytest.mark.usefixtures("noon")
DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def test_a_sign_in_is_one_audiences(people: People) -> None:
    sign_in = people.holder.sign_in
    assert signins.holder(sign_in, at=NOON) == people.holder
    assert signins.gate(sign_in, at=NOON) is None
    assert signins.staff(sign_in, at=NOON) is None
    assert signins.holder(people.gate.sign_in, at=NOON) is None
    assert signins.holder("not a sign-in", at=NOON) is None


def test_a_sign_in_cannot_be_guessed(people: People) -> None:
    ids = [signins.start("holder", at=NOON, card_id=people.holder.card_id) for _ in range(5)]
    assert len(set(ids)) == 5
    assert all(len(sign_in) == 43 for sign_in in ids), "32 random bytes"


def test_a_holder_stays_for_four_hundred_days(people: People) -> None:
    """Nobody may be shut out at a theatre door."""
    sign_in = people.holder.sign_in
    assert signins.holder(sign_in, at=NOON + 399 * DAY)
    assert signins.holder(sign_in, at=NOON + 400 * DAY) is None


def test_a_gate_stays_while_it_is_used_within_ninety_days(people: People) -> None:
    sign_in = people.gate.sign_in
    assert signins.gate(sign_in, at=NOON + 90 * DAY - SECOND)
    assert signins.gate(sign_in, at=NOON + 179 * DAY)
    assert signins.gate(sign_in, at=NOON + 269 * DAY) is None
    assert signins.gate(people.other_gate.sign_in, at=NOON + 90 * DAY) is None


def test_a_gate_ends_after_four_hundred_days_however_busy(people: People) -> None:
    for days in range(0, 400, 80):
        assert signins.gate(people.gate.sign_in, at=NOON + days * DAY)
    assert signins.gate(people.gate.sign_in, at=NOON + 400 * DAY) is None


def test_staff_stay_two_hours_idle_and_twelve_in_all(people: People) -> None:
    sign_in = people.desk.sign_in
    assert signins.staff(people.support.sign_in, at=NOON + 2 * HOUR) is None
    for hours in range(1, 12):
        assert signins.staff(sign_in, at=NOON + hours * HOUR)
    assert signins.staff(sign_in, at=NOON + 12 * HOUR - SECOND)
    assert signins.staff(sign_in, at=NOON + 12 * HOUR) is None


def test_being_seen_is_written_every_five_minutes_at_most(people: People) -> None:
    def seen() -> object:
        return db.session.scalar(select(SignIn.seen_at).where(SignIn.id == people.desk.sign_in))

    signins.staff(people.desk.sign_in, at=NOON + 5 * MINUTE)
    assert seen() == NOON
    signins.staff(people.desk.sign_in, at=NOON + 5 * MINUTE + SECOND)
    assert seen() == NOON + 5 * MINUTE + SECOND


def test_signing_out_ends_one_browser(people: People) -> None:
    other_browser = signins.start("holder", at=NOON, card_id=people.holder.card_id)
    signins.end(people.holder.sign_in, at=NOON)
    assert signins.holder(people.holder.sign_in, at=NOON) is None
    assert signins.holder(other_browser, at=NOON)
    signins.end(people.holder.sign_in, at=NOON + DAY)
    ended = db.session.scalar(select(SignIn.ended_at).where(SignIn.id == people.holder.sign_in))
    assert ended == NOON, "when it ended is not written over"


def test_a_revoked_gate_is_none_at_its_next_request(people: People) -> None:
    signins.revoke_gate(people.gate.gate_id, at=NOON)
    assert signins.gate(people.gate.sign_in, at=NOON) is None
    assert signins.gate(people.other_gate.sign_in, at=NOON) == people.other_gate


def test_staff_who_left_are_out_at_their_next_request(people: People) -> None:
    accounts.leave(people.desk.account_id, by=people.support, at=NOON)
    assert signins.staff(people.desk.sign_in, at=NOON) is None
    assert signins.staff(people.other_desk.sign_in, at=NOON)


def test_staff_come_with_their_roles(people: People) -> None:
    assert people.desk.roles == (HeldRole("desk", unit_id=people.unit),)
    assert people.coordinator.roles == (HeldRole("coordinator", area_id="tampere", side="culture"),)
    assert people.support.roles == (HeldRole("support"),)


def test_a_blocked_cards_holder_still_signs_in(people: People) -> None:
    """The card page says what happened."""
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    assert signins.holder(people.holder.sign_in, at=NOON) == people.holder


# The PIN


@pytest.fixture
def number(people: People) -> str:
    """The number of the holder's card, which has a PIN."""
    signins.set_pin(people.holder, "a hash", at=NOON)
    return db.session.get_one(Card, people.holder.card_id).number


def test_five_pin_tries_and_then_a_wait_of_fifteen_minutes(people: People, number: str) -> None:
    for _ in range(5):
        assert signins.begin_pin_try(number, at=NOON) == (people.holder.card_id, "a hash")
    assert signins.begin_pin_try(number, at=NOON) is None
    assert signins.begin_pin_try(number, at=NOON + 15 * MINUTE - SECOND) is None
    for _ in range(5):
        assert signins.begin_pin_try(number, at=NOON + 15 * MINUTE)
    assert signins.begin_pin_try(number, at=NOON + 15 * MINUTE) is None


def test_the_right_pin_forgets_the_tries(people: People, number: str) -> None:
    for _ in range(20):
        assert signins.begin_pin_try(number, at=NOON)
        signins.pin_was_right(people.holder.card_id, at=NOON)


def test_a_new_pin_forgets_the_tries(people: People, number: str) -> None:
    for _ in range(6):
        signins.begin_pin_try(number, at=NOON)
    signins.set_pin(people.holder, "another hash", at=NOON)
    assert signins.begin_pin_try(number, at=NOON) == (people.holder.card_id, "another hash")


def test_unknown_cards_and_cards_without_a_pin_answer_alike(people: People) -> None:
    without = db.session.get_one(Card, people.other_holder.card_id).number
    assert signins.begin_pin_try(without, at=NOON) is None
    assert signins.begin_pin_try("000000000000", at=NOON) is None


def test_the_cards_that_share_a_phone_are_those_whose_sign_ins_are_live(people: People) -> None:
    ended = signins.start("holder", at=NOON, card_id=people.holder.card_id)
    signins.end(ended, at=NOON)
    given = [people.other_holder.sign_in, "unknown", people.gate.sign_in, ended, people.holder.sign_in]
    assert signins.holders(given, at=NOON) == [people.other_holder, people.holder]
    assert signins.holders([], at=NOON) == []
    assert signins.holders(given, at=NOON + timedelta(days=401)) == []
