"""Numbers typed at a gate: never plain green, and guesses are counted."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.people import People
from tests.register.scans import NOON, count, record, scan, told, typed
from wallet.register import uses
from wallet.register.database import act, db
from wallet.register.identities import Holder
from wallet.register.tables import Card, Scan, Use

pytestmark = pytest.mark.usefixtures("noon")

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


# Numbers


def _number(holder: Holder) -> str:
    return db.session.scalars(select(Card.number).where(Card.id == holder.card_id)).one()


def test_a_typed_number_is_never_plain_green(people: People) -> None:
    answer = record(typed(_number(people.holder)), people.gate)
    assert (answer.verdict, answer.notes, answer.recorded) == ("amber", ("compare",), True)
    assert (answer.facts["birth_year"], answer.facts["last_day"]) == (1986, "2027-11-24")
    use = db.session.scalars(select(Use)).one()
    assert (use.read_by, use.step) == ("number", None)


def test_a_number_is_already_recorded_after_its_code(people: People, phone: bytes) -> None:
    record(scan(phone), people.gate)
    again = record(typed(_number(people.holder), NOON + MINUTE), people.gate)
    assert told(again) == ("neutral", "already_recorded")


def test_unknown_and_blank_numbers_answer_alike(people: People) -> None:
    with act() as session:
        session.add(Card(number="BLANK1", user_handle=b"blank"))
    unknown, blank = (
        uses.check_use(typed(number, scan_id="x"), by=gate, at=NOON)
        for number, gate in (("BLANK0", people.gate), ("BLANK1", people.other_gate))
    )
    assert unknown == blank
    assert told(unknown) == ("red", "unknown_number")


def test_a_slip_of_the_finger_is_no_guess(people: People) -> None:
    """A wrong check digit is told as such, and does not count against the gate."""
    number = _number(people.holder)
    slipped = number[:-1] + str((int(number[-1]) + 1) % 10)
    for _ in range(20):
        assert told(uses.check_use(typed(slipped), by=people.gate, at=NOON)) == ("red", "mistyped_number")
    assert count(Scan) == 0


def test_ten_misses_in_ten_minutes_pause_typing_at_that_gate(people: People, phone: bytes) -> None:
    """CODES.md, "Paper". Codes go on, and so do other gates."""
    for n in range(10):
        answer = (uses.check_use if n % 2 else uses.record_use)(
            typed(f"TRE{n:04}"), by=people.gate, at=NOON + n * SECOND
        )
        assert told(answer) == ("red", "unknown_number")
    right = _number(people.holder)
    at = NOON + 10 * SECOND
    paused = uses.check_use(typed(right, at), by=people.gate, at=at)
    assert told(paused) == ("red", "gate_paused")
    assert paused.facts == {"minutes": 10}
    assert told(uses.check_use(typed(right, at), by=people.other_gate, at=at)) == ("amber", None)
    assert told(uses.check_use(scan(phone, at), by=people.gate, at=at)) == ("green", None)
    # The first miss is ten minutes old: nine are left.
    at = NOON + 10 * MINUTE
    assert told(uses.check_use(typed(right, at), by=people.gate, at=at)) == ("amber", None)


def test_a_retried_miss_counts_once(people: People) -> None:
    miss = typed("TRE0001")
    for _ in range(12):
        assert told(uses.check_use(miss, by=people.gate, at=NOON)) == ("red", "unknown_number")
    assert count(Scan) == 1
    assert told(uses.check_use(typed(_number(people.holder)), by=people.gate, at=NOON)) == ("amber", None)


def test_a_pause_does_not_feed_itself(people: People) -> None:
    """Tries during the pause are no misses, else eager staff would never get out of it."""
    for n in range(10):
        uses.record_use(typed(f"TRE{n:04}"), by=people.gate, at=NOON)
    for n in range(20):
        at = NOON + n * MINUTE / 2
        answer = uses.record_use(typed(f"OUT{n:04}", at), by=people.gate, at=at)
        assert told(answer) == ("red", "gate_paused")
    at = NOON + 10 * MINUTE
    assert told(uses.check_use(typed(_number(people.holder), at), by=people.gate, at=at)) == ("amber", None)
