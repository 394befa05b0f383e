"""A holder's own data: everything to take along, and the deletion. If these fail, somebody reads what is another's, a
deleted person can still be found, or last year's figures change."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.people import People, gate_at
from tests.register.figures import figures, pointing_at, said_of
from tests.register.scans import NOON, add_event, count, phone_of, record, scan, set_card, told, typed
from tests.register.test_racing import at_once
from wallet.clock import helsinki_day
from wallet.register import (
    cards,
    conflicts,
    corrections,
    credentials,
    desk_cards,
    gate_lists,
    invitations,
    own_data,
    passkeys,
    signins,
    uses,
    visits,
)
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder
from wallet.register.numbers import normalise
from wallet.register.tables import Card, ChildTicket, Credential, Event, JournalLine, Scan, Use
from wallet.register.tables_life import CardYear, Correction
from wallet.register.tables_signin import Invitation, Passkey, SignIn

pytestmark = pytest.mark.usefixtures("noon")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PIN = "hash-of-the-pin"


def lived(people: People, phone: bytes) -> dict[str, int]:
    """A card with something of everything: the ids of its uses."""
    set_card(people.holder.card_id, life_situation="studying", gender="woman")
    signins.set_pin(people.holder, PIN, at=NOON)
    passkeys.add(people.holder, b"passkey-id", b"passkey-key", 0, at=NOON)
    invitations.invite_holder(people.holder.card_id, by=people.desk, at=NOON)
    evening = add_event(ceiling=9)
    with_seats = record(scan(phone, NOON - HOUR, event_id=evening), people.gate)
    museum = record(scan(phone, children=1), people.gate)
    theatre = record(scan(phone, NOON + DAY, assistants=1), people.other_gate)
    gone = record(scan(phone, NOON + 2 * DAY), people.gate)
    uses.undo_use(gone.facts["use_id"], by=people.gate, at=NOON + 2 * DAY, reason="gate")
    late = uses.record_use(scan(phone, NOON + HOUR, late=True), by=people.gate, at=NOON + 2 * HOUR)
    assert late.reason == "already_recorded"
    corrections.ask(people.holder, museum.facts["use_id"], "children", at=NOON + DAY)
    named = {"museum": museum, "theatre": theatre, "undone": gone, "seats": with_seats}
    return {name: answer.facts["use_id"] for name, answer in named.items()}


def number_of(card_id: int) -> str:
    return db.session.get_one(Card, card_id).number


# Taking it along


def test_everything_of_ones_own(people: People, phone: bytes) -> None:
    lived(people, phone)
    kept = own_data.export(people.holder, at=NOON)
    assert set(kept) == {"made_at", *own_data.SECTIONS}
    assert kept["made_at"] == NOON.isoformat()
    (card,) = kept["cards"]
    assert card == {
        "number": number_of(people.holder.card_id),
        "kind": "personal",
        "state": "registered",
        "birth_year": 1986,
        "postcode": "33100",
        "life_situation": "studying",
        "gender": "woman",
        "language": "fi",
        "first_day": "2026-11-25",
        "last_day": "2027-11-24",
        "blocked_reason": None,
        "has_pin": True,
        "area": "Tampere",
        "issuer": "Sosiaalityö",
        "unit": "Sosiaalityö",
    }
    assert [one["birth_year"] for one in kept["child_tickets"]] == [2006, 2008, 2019]
    visit = kept["visits"][2]
    assert (visit["venue"], visit["event"], visit["kind"], visit["children"]) == ("Museo", None, "ticket", 1)
    assert (visit["verdict"], visit["notes"], visit["undone_at"], visit["in_group"]) == ("green", [], None, False)
    assert [one["event"] for one in kept["visits"]] == [None, None, None, "Museoilta"]
    assert [one["undone_reason"] for one in kept["visits"]] == ["gate", None, None, None]
    assert [(one["venue"], one["reason"], one["outcome"]) for one in kept["corrections"]] == [
        ("Museo", "children", None)
    ]
    assert [one["reason"] for one in kept["conflicts"]] == ["already_recorded"]
    assert [(one["year"], one["gender"]) for one in kept["years"]] == [(2026, "woman")]
    assert [one["shown_by"] for one in kept["keys"]] == ["phone"]
    assert [len(kept[name]) for name in ("letters", "passkeys", "sign_ins")] == [1, 1, 1]
    acts = {one["act"] for one in kept["journal"]}
    assert {"desk:card:registered", "gate:use:recorded", "holder:pin:set", "holder:sign-in:started"} <= acts


def test_no_secret_and_nothing_of_others(people: People, phone: bytes) -> None:
    lived(people, phone)
    record(scan(phone_of(people.other_holder)), people.gate)
    text = json.dumps(own_data.export(people.holder, at=NOON))
    row = db.session.get_one(Card, people.holder.card_id)
    key = db.session.scalars(select(Credential).where(Credential.card_id == row.id)).one()
    letter = db.session.scalars(select(Invitation).where(Invitation.card_id == row.id)).one()
    hexes = (row.user_handle, key.credential, key.phone_key, key.renewal_hash, letter.code_hash)
    secret = [PIN, people.holder.sign_in, *(one.hex() for one in hexes if one), "passkey-id", "passkey-key"]
    others = [number_of(people.other_holder.card_id), "1961", "Ovi 1", "Kassa", "example.org"]
    assert [word for word in secret + others if word in text] == []


def test_a_card_of_which_nothing_was_done_yet(people: People) -> None:
    kept = own_data.export(people.other_holder, at=NOON)
    empty = ("child_tickets", "visits", "corrections", "conflicts", "years", "keys", "letters", "passkeys")
    assert [kept[name] for name in empty] == [[]] * len(empty)


def test_the_lost_card_is_told_of_too(people: People, phone: bytes) -> None:
    lived(people, phone)
    fresh, number = desk_cards.replace_card(people.desk, people.holder.card_id, at=NOON, reason="lost")
    kept = own_data.export(Holder("", fresh), at=NOON)
    assert [one["number"] for one in kept["cards"]] == [number, number_of(people.holder.card_id)]
    assert [one["state"] for one in kept["cards"]] == ["registered", "replaced"]
    assert len(kept["visits"]) == 4
    old = own_data.export(people.holder, at=NOON)
    assert [one["state"] for one in old["cards"]] == ["replaced"], "not the other way: who has the lost card"


def test_a_section_has_a_bound(people: People, phone: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    lived(people, phone)
    monkeypatch.setattr(own_data, "MOST_ROWS", 2)
    assert len(own_data.export(people.holder, at=NOON)["visits"]) == 2


# Deleting it


def test_what_goes_is_said_before(people: People, phone: bytes) -> None:
    """B141: the warning lists them."""
    lived(people, phone)
    assert own_data.deletion(people.holder, at=NOON) == own_data.Deletion(child_tickets=3, visits=3)
    assert own_data.deletion(people.other_holder, at=NOON) == own_data.Deletion(child_tickets=0, visits=0)
    fresh, _ = desk_cards.replace_card(people.desk, people.holder.card_id, at=NOON, reason="lost")
    again = own_data.deletion(Holder("", fresh), at=NOON)
    assert again == own_data.Deletion(child_tickets=3, visits=3), "the lost card's children are the same ones"


def test_b117_deleting_a_card_changes_no_figure(people: People, phone: bytes) -> None:
    lived(people, phone)
    record(scan(phone_of(people.other_holder)), people.gate)
    before, seats = figures(), db.session.scalars(select(Event.taken)).all()
    own_data.delete_card(people.holder, at=NOON + 3 * DAY)
    assert figures() == before
    assert db.session.scalars(select(Event.taken)).all() == seats
    assert uses.counts_today(people.gate, helsinki_day(NOON)) == (3, 1)


def test_b142_a_card_with_a_history_is_deleted_and_nobody_can_be_found(people: People, phone: bytes) -> None:
    lived(people, phone)
    number, card_id = number_of(people.holder.card_id), people.holder.card_id
    handle = db.session.get_one(Card, card_id).user_handle.hex()
    own_data.delete_card(people.holder, at=NOON + 3 * DAY)
    # What a year counts is nobody's; days of the card and the ids that gates must hear of say nothing of anyone.
    assert pointing_at(card_id) == ["card_periods.card_id", "credentials.card_id"]
    assert said_of("1986", "woman", "studying") == [
        "card_years.birth_year", "card_years.gender", "card_years.life_situation",
    ]  # fmt: skip
    assert said_of(number, handle, PIN, people.holder.sign_in, b"passkey-id".hex()) == []
    row = db.session.get_one(Card, card_id)
    assert (row.state, row.postcode, row.label, row.language, row.pin_tries) == ("deleted", None, None, "fi", 0)
    assert count(ChildTicket) == count(Passkey) == count(Invitation, Invitation.card_id == card_id) == 0
    assert count(SignIn, SignIn.card_id == card_id) == count(Correction) == 0
    assert count(Use, Use.card_id.is_not(None)) == count(Use, Use.step.is_not(None)) == 0
    assert count(Use) == 4
    assert count(CardYear, CardYear.card_id.is_(None)) == 1
    line = db.session.scalars(select(JournalLine).order_by(JournalLine.id.desc()).limit(1)).one()
    assert (line.act, line.card_id, line.by_card_id, line.facts) == ("holder:card:deleted", None, None, {})
    lines = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:card:registered")).all()
    assert sum(line.facts == {} for line in lines) == 1, "the other card's line says what it said"


def test_b141_children_and_past_visits_follow_a_written_rule(people: People, phone: bytes) -> None:
    """docs/decisions/0016: a child's own card stays; tickets end; visits stay, as nobody's."""
    year = 2026
    parent, _ = cards.register_card(
        people.unit, by=None, at=NOON, birth_year=1980, postcode="33100", children=((year - 16, "child"),)
    )
    ticket = db.session.scalars(select(ChildTicket).where(ChildTicket.card_id == parent)).one().id
    young, _ = desk_cards.own_card(people.desk, parent, ticket, at=NOON, postcode="33100")
    own_data.delete_card(Holder("", parent), at=NOON)
    assert db.session.get_one(Card, young).state == "registered"
    assert count(ChildTicket, ChildTicket.card_id == parent) == 0


def test_a_young_persons_card_leaves_the_parents_ticket(people: People) -> None:
    parent, _ = cards.register_card(
        people.unit, by=None, at=NOON, birth_year=1980, postcode="33100", children=((2010, "child"),)
    )
    ticket = db.session.scalars(select(ChildTicket).where(ChildTicket.card_id == parent)).one().id
    young, _ = desk_cards.own_card(people.desk, parent, ticket, at=NOON, postcode="33100")
    own_data.delete_card(Holder("", young), at=NOON)
    kept = db.session.scalars(select(ChildTicket).where(ChildTicket.card_id == parent)).one()
    assert (kept.own_card_id, kept.ended_on is None) == (None, False), "it does not come back"
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:ticket:own-card")).one()
    assert (line.card_id, line.facts) == (parent, {})
    assert pointing_at(young) == ["card_periods.card_id"]


def test_the_lost_card_goes_too(people: People, phone: bytes) -> None:
    lived(people, phone)
    fresh, _ = desk_cards.replace_card(people.desk, people.holder.card_id, at=NOON, reason="lost")
    before = figures()
    own_data.delete_card(Holder("", fresh), at=NOON)
    states = db.session.scalars(select(Card.state).where(Card.id.in_((fresh, people.holder.card_id)))).all()
    assert states == ["deleted", "deleted"]
    assert said_of("1986") == ["card_years.birth_year"]
    assert figures() == before


def test_the_old_number_and_the_old_code_are_unknown(people: People, phone: bytes) -> None:
    number = number_of(people.holder.card_id)
    own_data.delete_card(people.holder, at=NOON)
    gone = number_of(people.holder.card_id)
    assert told(uses.check_use(typed(number), by=people.gate, at=NOON)) == ("red", "unknown_number")
    assert told(record(scan(phone), people.gate)) == ("red", "withdrawn")
    for typed_as in (gone, gone.upper(), gone.replace("-", "")):
        assert normalise(typed_as) != gone
    assert len(gone) <= 24


def test_gates_without_a_connection_hear_of_it(people: People, phone: bytes) -> None:
    """A deleted card's codes are in the list until their last day."""
    own_data.delete_card(people.holder, at=NOON)
    assert gate_lists.stopped_credentials(helsinki_day(NOON)) == [phone]
    assert gate_lists.stopped_credentials(helsinki_day(NOON + 40 * DAY)) == []


def test_who_was_let_in_meanwhile_is_counted(people: People, phone: bytes) -> None:
    """A gate without a connection, before its next list: a use and a line for the venue, and nobody's."""
    own_data.delete_card(people.holder, at=NOON)
    late = scan(phone, late=True, children=2)
    answer = uses.record_use(late, by=people.gate, at=NOON + HOUR)
    assert (answer.verdict, answer.recorded, answer.notes) == ("amber", True, ("withdrawn_meanwhile",))
    use = db.session.scalars(select(Use)).one()
    assert (use.card_id, use.step, use.children) == (None, None, 2)
    assert [line.counted for line in conflicts.conflicts(people.gate)] == [True]
    assert count(CardYear) == 0
    assert uses.record_use(late, by=people.gate, at=NOON + 2 * HOUR) == answer, "its retry is the same use"
    uses.undo_use(use.id, by=people.gate, at=NOON + HOUR, reason="gate")


def test_a_retry_after_the_deletion_hears_what_was_recorded(people: People, phone: bytes) -> None:
    post = scan(phone, children=1)
    first = record(post, people.gate)
    own_data.delete_card(people.holder, at=NOON)
    again = uses.record_use(post, by=people.gate, at=NOON + HOUR)
    assert (again.recorded, again.verdict) == (True, first.verdict)
    assert again.facts == {
        name: first.facts[name] for name in ("use_id", "undo_until", "recorded_at", "children", "assistants")
    }
    assert count(Scan) == 1


def test_nothing_can_be_added_to_it(people: People, phone: bytes) -> None:
    """What was on its way when the card was deleted finds no card."""
    own_data.delete_card(people.holder, at=NOON)
    acts: tuple[Any, ...] = (
        lambda: cards.card_of(people.holder, at=NOON),
        lambda: credentials.add_phone_key(people.holder, b"\x02" * 33, at=NOON),
        lambda: credentials.for_server(people.holder, at=NOON),
        lambda: signins.start("holder", at=NOON, card_id=people.holder.card_id),
        lambda: signins.set_pin(people.holder, PIN, at=NOON),
        lambda: passkeys.add(people.holder, b"passkey-id", b"key", 0, at=NOON),
        lambda: own_data.export(people.holder, at=NOON),
        lambda: own_data.deletion(people.holder, at=NOON),
        lambda: own_data.delete_card(people.holder, at=NOON),
    )
    for one in acts:
        with pytest.raises(NotFound):
            one()
    with pytest.raises(Refused):
        invitations.invite_holder(people.holder.card_id, by=None, at=NOON)
    assert signins.holder(people.holder.sign_in, at=NOON) is None
    assert visits.visits(people.holder) == []


def test_an_organisations_card_is_not_a_holders_to_delete(people: People) -> None:
    with act() as session:
        card = session.get_one(Card, people.holder.card_id)
        card.kind, card.birth_year, card.postcode = "community", None, None
    for one in (own_data.deletion, own_data.delete_card):
        with pytest.raises(NotFound):
            one(people.holder, at=NOON)


def test_another_card_is_not_touched(people: People, phone: bytes) -> None:
    record(scan(phone_of(people.other_holder)), people.gate)
    before = own_data.export(people.other_holder, at=NOON)
    own_data.delete_card(people.holder, at=NOON)
    assert own_data.export(people.other_holder, at=NOON) == before
    assert signins.holder(people.other_holder.sign_in, at=NOON) == people.other_holder


def test_the_venue_can_still_undo(people: People, phone: bytes) -> None:
    """The 30 days of the venue's list: a use that is nobody's can be undone, and its year stays counted."""
    use_id = record(scan(phone), gate_at("museo", "Sivuovi")).facts["use_id"]
    own_data.delete_card(people.holder, at=NOON)
    uses.undo_at_venue(use_id, by=people.gate, at=NOON + DAY, reason="not_visited")
    assert count(Use, Use.undone_at.is_not(None)) == 1
    assert count(CardYear) == 1


def test_a_deletion_among_visits_is_done_once_and_leaves_no_link(app: Flask, people: People) -> None:
    """Recorded, undone, asked about and deleted all at once: nobody waits for ever, and nothing points at the card."""
    phone = phone_of(people.holder)
    first = record(scan(phone, NOON - HOUR), people.gate).facts["use_id"]
    second = record(scan(phone, NOON - HOUR + 20 * MINUTE), people.other_gate).facts["use_id"]
    corrections.ask(people.holder, second, "day", at=NOON)
    asked = db.session.scalars(select(Correction.id)).one()
    office = replace(people.other_gate, kind="office")
    days = [add_event(starts_at=NOON + n * DAY) for n in range(6)]

    def quietly(job: Callable[[], object]) -> Callable[[], str]:
        def done() -> str:
            try:
                job()
            except Refused as refused:
                return refused.reason
            return "done"

        return done

    deletions = [lambda: own_data.delete_card(people.holder, at=NOON)] * 3
    others: list[Callable[[], object]] = [
        *(
            lambda e=e, n=n: record(scan(phone, NOON - n * MINUTE, event_id=e, late=True), people.gate)
            for n, e in enumerate(days)
        ),
        lambda: uses.undo_at_venue(first, by=people.gate, at=NOON, reason="wrong_card"),
        lambda: corrections.ask(people.holder, first, "day", at=NOON),
        lambda: corrections.answer(office, asked, "undone", at=NOON),
        lambda: signins.start("holder", at=NOON, card_id=people.holder.card_id),
    ]
    told = at_once(app, [quietly(job) for job in (*deletions, *others)])
    assert sorted(told[:3]) == ["card_not_found", "card_not_found", "done"]
    assert pointing_at(people.holder.card_id) == ["card_periods.card_id", "credentials.card_id"]
    assert count(Use, Use.card_id.is_not(None)) == 0
    assert count(Use) == 8
