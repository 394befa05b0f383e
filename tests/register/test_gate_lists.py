"""What the gates' list is made of, and its number, which never goes backwards."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from tests.people import People
from tests.register.scans import NOON, phone_of
from wallet.register import gate_lists
from wallet.register.database import act
from wallet.register.tables import Credential

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)


def test_a_list_names_what_was_stopped_before_its_last_day(people: People) -> None:
    live, stopped, renewed, other = (phone_of(people.holder) for _ in range(4))
    with act() as session:
        session.execute(update(Credential).values(withdrawn_at=None, withdrawn_reason=None))
        for credential, reason in ((stopped, "lost"), (renewed, "renewed"), (other, "newer_keys")):
            session.execute(
                update(Credential)
                .where(Credential.credential == credential)
                .values(withdrawn_at=NOON, withdrawn_reason=reason)
            )
    assert gate_lists.stopped_credentials(date(2026, 11, 25)) == sorted([stopped, other])
    assert gate_lists.stopped_credentials(date(2026, 12, 23)) == sorted([stopped, other])
    assert gate_lists.stopped_credentials(date(2026, 12, 24)) == []
    assert live not in gate_lists.stopped_credentials(date(2026, 11, 25))


def test_a_number_is_published_once(people: People) -> None:
    """Two workers that publish at once give gates one list."""
    assert gate_lists.newest() is None
    assert gate_lists.keep(1, b"a", "first", at=NOON) == "first"
    assert gate_lists.keep(1, b"b", "second", at=NOON) == "first"
    assert gate_lists.keep(2, b"b", "second", at=NOON) == "second"
    newest = gate_lists.newest()
    assert newest
    assert (newest.number, newest.text, newest.issued_at) == (2, "second", NOON)
