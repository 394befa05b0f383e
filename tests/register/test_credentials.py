"""Credentials: what the network signs for a card, how many at once, and for how long."""

import secrets
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from tests.people import People
from tests.register.scans import NOON, phone_of
from wallet.register import blocking, credentials, signins
from wallet.register.cards import register_card
from wallet.register.database import act, db
from wallet.register.errors import Refused
from wallet.register.identities import Holder
from wallet.register.tables import Card, ChildTicket, Credential

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)


def _key() -> bytes:
    return b"\x03" + secrets.token_bytes(32)


def _set_card(card_id: int, **values: object) -> None:
    with act() as session:
        session.execute(update(Card).where(Card.id == card_id).values(**values))


def test_a_phones_key_gets_a_credential_of_28_days(people: People) -> None:
    issued = credentials.add_phone_key(people.holder, _key(), at=NOON)
    assert len(issued.credential) == 5
    assert (issued.first_day, issued.last_day) == (date(2026, 11, 25), date(2026, 12, 23))
    assert (issued.kind, issued.birth_year) == ("personal", 1986)
    assert issued.children == 2, "the ended child ticket opens no door"
    assert credentials.key_state(people.holder, issued.credential) == "live"


def test_a_credential_never_outlives_its_card(people: People) -> None:
    _set_card(people.holder.card_id, last_day=date(2026, 12, 1))
    assert credentials.add_phone_key(people.holder, _key(), at=NOON).last_day == date(2026, 12, 1)
    assert credentials.for_server(people.holder, at=NOON).last_day == date(2026, 12, 1)


def test_a_card_has_two_live_keys_and_a_third_ends_the_oldest(people: People) -> None:
    """CODES.md: at most two live keys a card (browser tab and home-screen app)."""
    first, second = phone_of(people.holder), phone_of(people.holder)
    others = phone_of(people.other_holder)
    assert [credentials.key_state(people.holder, key) for key in (first, second)] == ["live", "live"]
    third = phone_of(people.holder)
    states = [credentials.key_state(people.holder, key) for key in (first, second, third)]
    assert states == ["withdrawn", "live", "live"]
    assert credentials.key_state(people.other_holder, others) == "live"
    assert db.session.scalar(select(Credential.withdrawn_reason).where(Credential.credential == first)) == "newer_keys"


def test_a_key_past_its_days_is_not_counted_as_live(people: People) -> None:
    phone_of(people.holder)
    later = NOON + 29 * DAY
    second, third = phone_of(people.holder, at=later), phone_of(people.holder, at=later)
    assert [credentials.key_state(people.holder, key) for key in (second, third)] == ["live", "live"]


def test_a_key_of_another_card_is_refused_and_unknown(people: People) -> None:
    key = _key()
    mine = credentials.add_phone_key(people.holder, key, at=NOON)
    for by in (people.other_holder, people.holder):
        with pytest.raises(Refused, match="key_known"):
            credentials.add_phone_key(by, key, at=NOON)
    assert credentials.key_state(people.other_holder, mine.credential) == "unknown"
    assert credentials.key_state(people.holder, b"never") == "unknown"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"state": "blocked"}, "blocked"),
        ({"state": "replaced"}, "replaced"),
        ({"first_day": date(2025, 11, 25), "last_day": date(2026, 11, 24)}, "card_expired"),
    ],
)
def test_a_card_that_opens_no_door_gets_no_credential(people: People, values: dict[str, object], reason: str) -> None:
    _set_card(people.holder.card_id, **values)
    with pytest.raises(Refused, match=reason):
        credentials.add_phone_key(people.holder, _key(), at=NOON)
    with pytest.raises(Refused, match=reason):
        credentials.for_server(people.holder, at=NOON)


def test_the_server_shows_one_credential_for_its_days(people: People) -> None:
    first = credentials.for_server(people.holder, at=NOON)
    assert credentials.for_server(people.holder, at=NOON + 28 * DAY) == first
    later = credentials.for_server(people.holder, at=NOON + 29 * DAY)
    assert later.credential != first.credential
    assert later.first_day == date(2026, 12, 24)
    assert credentials.for_server(people.other_holder, at=NOON).credential != first.credential


def test_the_servers_credential_says_what_the_card_is_now(people: People) -> None:
    """It signs anew for each code, so children and last day are never yesterday's."""
    first = credentials.for_server(people.holder, at=NOON)
    with act() as session:
        session.add(ChildTicket(card_id=people.holder.card_id, birth_year=2020))
    _set_card(people.holder.card_id, last_day=date(2026, 12, 1))
    now = credentials.for_server(people.holder, at=NOON)
    assert now.credential == first.credential
    assert (first.children, now.children) == (2, 3)
    assert (first.last_day, now.last_day) == (date(2026, 12, 23), date(2026, 12, 1))


def test_a_phones_key_does_not_end_the_servers_credential(people: People) -> None:
    shown = credentials.for_server(people.holder, at=NOON)
    for _ in range(3):
        phone_of(people.holder)
    assert credentials.for_server(people.holder, at=NOON) == shown


def test_fifteen_children_are_what_a_code_can_say(people: People) -> None:
    card_id, _ = register_card(
        people.unit, by=None, at=NOON, birth_year=1980, postcode="33100", children=((2020, "child"),) * 15
    )
    with act() as session:
        session.add(ChildTicket(card_id=card_id, birth_year=2021))
    assert credentials.for_server(Holder("", card_id), at=NOON).children == 15


def test_blocking_ends_every_credential_of_that_card(people: People) -> None:
    mine, theirs = phone_of(people.holder), phone_of(people.other_holder)
    server = credentials.for_server(people.holder, at=NOON).credential
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    assert {credentials.key_state(people.holder, key) for key in (mine, server)} == {"withdrawn"}
    assert credentials.key_state(people.other_holder, theirs) == "live"


def test_keys_are_counted_since_this_browser_signed_in(people: People) -> None:
    """CODES.md: a new key is made silently at most 3 times in 30 days; signing in anew is not silent."""
    phone_of(people.holder)
    phone_of(people.holder, at=NOON + DAY)
    phone_of(people.other_holder, at=NOON + DAY)
    credentials.for_server(people.holder, at=NOON + DAY)
    assert credentials.keys_made(people.holder, at=NOON + DAY) == 2
    assert credentials.keys_made(people.holder, at=NOON + 30 * DAY) == 2
    assert credentials.keys_made(people.holder, at=NOON + 31 * DAY) == 1
    again = signins.holder(signins.start("holder", at=NOON + DAY, card_id=people.holder.card_id), at=NOON + DAY)
    assert again
    assert credentials.keys_made(again, at=NOON + DAY) == 1
