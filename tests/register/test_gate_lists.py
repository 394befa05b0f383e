"""What a gate's list holds, and how it is numbered."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.people import People
from tests.register.scans import NOON, phone_of
from wallet.register import blocking, credentials, gate_lists
from wallet.register.database import db
from wallet.register.tables_offline import PublishedList

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)
TODAY = date(2026, 11, 25)


def test_a_blocked_cards_credentials_are_in_the_list_until_their_last_day(people: People) -> None:
    stopped = [
        phone_of(people.holder),
        phone_of(people.holder),
        credentials.for_server(people.holder, at=NOON).credential,
    ]
    phone_of(people.other_holder)
    assert gate_lists.stopped_credentials(TODAY) == []
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    assert gate_lists.stopped_credentials(TODAY) == sorted(stopped)
    last = TODAY + 28 * DAY
    assert gate_lists.stopped_credentials(last) == sorted(stopped)
    assert gate_lists.stopped_credentials(last + DAY) == []


def test_a_renewed_key_is_in_no_list(people: People) -> None:
    issued = credentials.add_phone_key(people.holder, b"\x02" + bytes(31) + b"\x01", at=NOON)
    credentials.renew(people.holder, issued.credential, issued.once, b"\x02" + bytes(31) + b"\x02", at=NOON)
    assert gate_lists.stopped_credentials(TODAY) == []


def test_a_number_is_published_once(people: People) -> None:
    assert gate_lists.newest() is None
    assert gate_lists.keep(1, b"a" * 32, "first", at=NOON) == "first"
    assert gate_lists.keep(1, b"b" * 32, "another worker's", at=NOON) == "first"
    assert gate_lists.keep(2, b"b" * 32, "second", at=NOON) == "second"
    newest = gate_lists.newest()
    assert newest is not None
    assert (newest.number, newest.text) == (2, "second")


def test_old_lists_go_but_the_numbers_go_on(people: People) -> None:
    assert gate_lists.purge(at=NOON) == 0
    for number, days in ((1, 30), (2, 9), (3, 8.5)):
        gate_lists.keep(number, b"x" * 32, "list", at=NOON - days * DAY)
    assert gate_lists.purge(at=NOON) == 2
    assert db.session.scalars(select(PublishedList.number)).all() == [3]
