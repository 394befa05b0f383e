"""A community card's group over the wire.

If these fail, a stranger records a group, half of one goes in, or what a gate without a connection let in is lost.
"""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from tests.gate.doors import Door, Phone, paper_code, scan, server_code
from tests.register.scans import NOON, add_event
from tests.web.page import Page
from wallet.clock import now
from wallet.register import blocking, cards, community, venues
from wallet.register.database import act, db
from wallet.register.identities import Holder
from wallet.register.tables import Card, Use, Venue
from wallet.register.tables_offline import Conflict


@pytest.fixture(autouse=True)
def _noon():
    """No group crosses midnight by accident."""
    with time_machine.travel(NOON):
        yield


@pytest.fixture
def own(people, settings):
    """The desk's community card, as a borrower's page shows it."""
    card_id, _ = community.add_community_card(people.desk, people.unit, "Ryhmäkortti", at=now())
    return server_code(Holder("", card_id), settings)


@pytest.fixture
def group_phone(people, settings):
    """A community card on a phone with a key of its own."""
    card_id, _ = community.add_community_card(people.desk, people.unit, "Toinen", at=now())
    return Phone(Holder("", card_id), settings)


@pytest.fixture
def clients(people, settings):
    """Two clients' phones."""

    def client():
        card_id, _ = cards.register_card(people.unit, by=None, at=now(), birth_year=1980, postcode="33100")
        return Phone(Holder("", card_id), settings)

    return [client() for _ in range(2)]


def member(code=None, **more):
    """A member as a gate sends one: no kind, no event, those are the group's."""
    sent = scan(code, **more)
    del sent["kind"]
    return sent


def live():
    db.session.rollback()
    return db.session.scalars(select(Use).where(Use.undone_at.is_(None)).order_by(Use.id)).all()


def reasons(answer):
    return [one["reason"] for one in answer["facts"]["parts"]]


# Who may


def test_only_an_enrolled_gate_records_a_group(app, people, own, clients):
    group = scan(own, members=[member(clients[0].code())])
    for stranger in (Door(app, None), Door(app, people.holder, "holder"), Door(app, people.desk, "staff")):
        stranger.open("/sign-in")
        answer = stranger.post("/gate/uses", {"records": [group]})
        assert (answer.status_code, answer.json) == (401, {"error": "signed_out"})
    assert live() == []


# The main line


def test_a_group_is_one_record_and_one_answer(door, own, clients):
    check = door.check(scan(own))
    assert (check["verdict"], check["notes"], check["facts"]["community_age"]) == ("amber", ["community_alone"], 18)
    members = [member(phone.code()) for phone in clients]
    response = door.post("/gate/uses", {"records": [scan(own, members=members, children=2)]})
    (answer,) = response.json["answers"]
    assert (answer["verdict"], answer["recorded"], reasons(answer)) == ("green", True, [None, None])
    assert [one["scan_id"] for one in answer["facts"]["parts"]] == [one["scan_id"] for one in members]
    assert response.json["today"] == {"uses": 3, "children": 2}
    first, *others = live()
    assert ({use.group_id for use in others}, first.read_by) == ({first.id}, "server")


def test_a_members_own_party_is_not_counted_twice(door, own, people, settings):
    """The under-18s are counted with the community card."""
    phone = Phone(people.holder, settings)
    (answer,) = door.record(scan(own, members=[member(phone.code(party=(2, 1)))], children=2))
    assert answer["recorded"]
    assert [(use.children, use.assistants) for use in live()] == [(2, 0), (0, 0)]


def test_members_are_scanned_one_after_another_and_the_group_is_not_late(door, group_phone, clients):
    """The employee's card was scanned first, and minutes ago: what counts is the last scan."""
    first, then = now() - timedelta(minutes=6), now() - timedelta(minutes=3)
    members = [member(clients[0].code(at=then), at=then), member(clients[1].code())]
    (answer,) = door.record(scan(group_phone.code(at=first), at=first, members=members))
    assert (answer["recorded"], [use.late for use in live()]) == (True, [False] * 3)


def test_one_refused_member_keeps_all_out(door, own, people, clients, settings):
    lost = Phone(people.other_holder, settings)
    code = lost.code()
    blocking.block_card(people.other_holder.card_id, "lost", by=None, at=now())
    group = scan(own, members=[member(clients[0].code()), member(code)])
    (answer,) = door.record(group)
    assert (answer["reason"], answer["recorded"], reasons(answer)) == ("group_part_refused", False, [None, "blocked"])
    assert live() == []
    assert door.record(group) == [answer], "a retry hears the same"
    (answer,) = door.record(scan(own, members=group["members"][:1]))
    assert answer["recorded"]


@pytest.mark.parametrize("kind", ["course", "season"])
def test_courses_and_season_rights_are_refused(door, own, clients, kind):
    """Hard refusals: community card for a course or season."""
    with act() as session:
        session.execute(update(Venue).values(offers_course=True, offers_season=True))
    (answer,) = door.record(scan(own, kind=kind, members=[member(clients[0].code())]))
    assert (answer["verdict"], answer["reason"]) == ("red", "community_ticket_only")
    assert live() == []


def test_numbers_and_paper_come_along(door, own, people, settings):
    number = db.session.scalar(select(Card.number).where(Card.id == people.other_holder.card_id))
    members = [member(number=number), member(paper_code(people.holder, settings))]
    (answer,) = door.record(scan(own, members=members))
    assert [one["notes"] for one in answer["facts"]["parts"]] == [["compare"], ["compare"]]
    assert [use.read_by for use in live()] == ["server", "number", "paper"]


def test_a_mistyped_number_and_a_forged_code_keep_all_out(door, own, clients):
    forged = clients[0].code()
    sign = "A" if forged[-5] != "A" else "B"
    members = [member(number="492100773187"), member(forged[:-5] + sign + forged[-4:])]
    (answer,) = door.record(scan(own, members=members))
    assert (answer["reason"], reasons(answer)) == ("group_part_refused", ["mistyped_number", "forged"])


def test_the_event_is_the_groups(door, own, people, clients):
    event = add_event(starts_at=now() + timedelta(hours=1), ceiling=5)
    (answer,) = door.record(scan(own, event=event, children=2, members=[member(p.code()) for p in clients]))
    assert answer["recorded"]
    assert {use.event_id for use in live()} == {event}
    (full,) = venues.gate_page(people.gate, at=now()).events
    assert full.left == 0


def test_undoing_the_group(door, other_door, own, clients):
    (answer,) = door.record(scan(own, members=[member(p.code()) for p in clients]))
    use = answer["facts"]["use_id"]
    assert other_door.undo(use).status_code == 422
    response = door.undo(use)
    assert response.json["today"] == {"uses": 0, "children": 0}
    assert live() == []


def test_todays_list_says_what_is_a_group(app, people, door, own, clients):
    door.record(scan(own, members=[member(p.code()) for p in clients]))
    page = Page(app, people.gate).open("/gate/today?lang=en")
    assert page.text.count("in a group") == 2
    assert page.text.count("a group: undoing takes back all of it") == 1


# Late


@pytest.mark.parametrize("how", ["late", "let_in"])
def test_what_was_let_in_is_recorded_card_by_card(door, group_phone, clients, how):
    """A group that was saved on the phone was let in: all that fit are uses, what does not is the venue's line. So is
    one that comes within two minutes, when its gate says so."""
    at = now() - timedelta(hours=1) if how == "late" else now()
    members = [member(clients[0].code(at=at), at=at), member(number="492100773187", at=at)]
    sent = scan(group_phone.code(at=at), at=at, members=members) | ({"let_in": True} if how == "let_in" else {})
    (answer,) = door.record(sent)
    assert (answer["recorded"], reasons(answer)) == (True, [None, "mistyped_number"])
    assert [use.late for use in live()] == [True, True]
    assert db.session.scalars(select(Conflict.reason)).all() == ["mistyped_number"]
    assert door.record(sent) == [answer]


# What can't be read


@pytest.mark.parametrize(
    "members",
    [
        7,
        {},
        "members",
        [7],
        [{}],
        [None],
        [{"scan_id": "short"}],
        [{"scan_id": "no-code-here"}],
        [{"scan_id": "two-of-them-1", "code": "x", "number": "1"}],
        [{"scan_id": "bad-time-1", "code": "x", "scanned_at": "yesterday"}],
        [{"scan_id": f"member-{n:02}", "number": "492100773186"} for n in range(31)],
        [{"scan_id": "same-name-1", "code": "x"}, {"scan_id": "same-name-1", "code": "y"}],
    ],
)
def test_members_are_read_strictly(door, own, members):
    sent = scan(own, members=members)
    (answer,) = door.record(sent)
    assert (answer["scan_id"], answer["reason"]) == (sent["scan_id"], "unreadable_record")
    assert answer["facts"] == {"field": "members"}


def test_a_member_is_not_its_own_group(door, own):
    sent = scan(own)
    (answer,) = door.record(sent | {"members": [{"scan_id": sent["scan_id"], "code": "x"}]})
    assert answer["facts"] == {"field": "members"}


def test_let_in_is_yes_or_no(door, own):
    (answer,) = door.record(scan(own, let_in="yes"))
    assert answer["facts"] == {"field": "let_in"}


def test_no_members_is_a_visit_as_ever(door, own):
    (answer,) = door.record(scan(own, members=[], children=1))
    assert (answer["recorded"], "parts" in answer["facts"]) == (True, False)
    assert len(live()) == 1
