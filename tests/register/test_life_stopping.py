"""Blocking and replacing a card (DOMAIN.md, "Who gets a card", 8). If this failed, a thief would go on with a lost
card, or who lost theirs would lose their days, their children and their visits with it."""

import secrets
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.people import People, venue
from tests.register.scans import NOON, add_event, count, phone_of, record, scan, set_area, set_card, told, typed
from tests.register.test_racing import at_once
from wallet.clock import now
from wallet.register import (
    accounts,
    cards,
    credentials,
    desk_cards,
    desk_lists,
    invitations,
    passkeys,
    signins,
    uses,
    visits,
)
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import HeldRole, Holder, Staff
from wallet.register.tables import Card, ChildTicket, Credential, JournalLine, Use
from wallet.register.tables_life import CardPeriod, CardYear, Loan
from wallet.register.tables_signin import Passkey, SignIn

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)
TODAY, LAST = NOON.date(), date(2027, 11, 24)
BLANK = "123456789018"


def block(people: People, reason: str = "lost") -> None:
    desk_cards.block_card(people.desk, people.holder.card_id, reason, at=NOON)


def replace(people: People, at: datetime = NOON, **values: object) -> tuple[int, str]:
    given: dict[str, object] = {"reason": "lost", "at": at} | values
    return desk_cards.replace_card(people.desk, people.holder.card_id, **given)  # type: ignore[arg-type]


def card(card_id: int) -> Card:
    return db.session.get_one(Card, card_id)


def open_children(card_id: int) -> list[tuple[int | None, str]]:
    query = select(ChildTicket).where(ChildTicket.card_id == card_id, ChildTicket.ended_on.is_(None))
    return [(one.birth_year, one.relation) for one in db.session.scalars(query.order_by(ChildTicket.id))]


def test_another_desk_stops_nothing(people: People) -> None:
    for by in (people.other_desk, people.coordinator, people.support):
        with pytest.raises(NotFound, match="card_not_found"):
            desk_cards.block_card(by, people.holder.card_id, "lost", at=NOON)
        with pytest.raises(NotFound, match="card_not_found"):
            desk_cards.replace_card(by, people.holder.card_id, at=NOON, reason="lost")
        with pytest.raises(NotFound, match="card_not_found"):
            desk_cards.new_letter(by, people.holder.card_id, at=NOON)
    assert card(people.holder.card_id).state == "registered"


@pytest.mark.parametrize("reason", desk_cards.BLOCK_REASONS)
def test_a_card_is_blocked_with_its_reason(people: People, reason: str) -> None:
    block(people, reason)
    blocked = card(people.holder.card_id)
    assert (blocked.state, blocked.blocked_reason) == ("blocked", reason)
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:card:blocked")).one()
    assert (line.by_account_id, line.facts) == (people.desk.account_id, {"reason": reason})
    with pytest.raises(Refused, match="blocked"):
        block(people)


def test_a_reason_is_one_of_a_few(people: People) -> None:
    """No free text about a person."""
    with pytest.raises(Refused, match="reason_unknown"):
        block(people, "he sold it")
    with pytest.raises(Refused, match="reason_unknown"):
        replace(people, reason="he sold it")
    assert card(people.holder.card_id).state == "registered"


def test_b148_one_act_stops_the_phone_the_paper_the_number_and_the_children(people: People) -> None:
    """B148: revoke a holder once, and the phone's code, the printed card, the typed number and the child tickets are
    all refused."""
    phone, printed = phone_of(people.holder), secrets.token_bytes(5)
    shown = credentials.for_server(people.holder, at=NOON).credential
    with act() as session:
        session.add(
            Credential(
                credential=printed,
                card_id=people.holder.card_id,
                shown_by="paper",
                first_day=TODAY,
                last_day=LAST,
                made_at=NOON,
            )
        )
    number = card(people.holder.card_id).number
    attempts = [
        scan(phone, children=1),
        scan(shown, read_by="server", step=None),
        scan(printed, read_by="paper", step=None, children=2),
        typed(number),
    ]
    assert {uses.check_use(attempt, by=people.gate, at=NOON).verdict for attempt in attempts} <= {"green", "amber"}
    block(people)
    assert [told(record(attempt, people.gate)) for attempt in attempts] == [("red", "blocked")] * 4
    assert count(Credential, Credential.withdrawn_at.is_(None)) == 0
    assert count(Use) == 0


@pytest.mark.parametrize("first", ["registered", "blocked"])
def test_a_replacement_takes_over_what_the_card_was(people: People, first: str) -> None:
    set_card(people.holder.card_id, life_situation="student", gender="woman", language="sv")
    if first == "blocked":
        block(people, "stolen")
    old_number = card(people.holder.card_id).number
    new_id, number = replace(people, NOON + 10 * DAY, reason="stolen")
    new, old = card(new_id), card(people.holder.card_id)
    assert (new.number, new.state, new.kind, new.unit_id, new.area_id) == (
        number,
        "registered",
        "personal",
        people.unit,
        "tampere",
    )
    assert number != old_number
    assert (new.birth_year, new.postcode, new.life_situation, new.gender) == (1986, "33100", "student", "woman")
    assert (new.language, new.first_day, new.last_day) == ("sv", TODAY + 10 * DAY, LAST), "the same last day"
    assert open_children(new_id) == [(2019, "child"), (2008, "child"), (2006, "grandchild")]
    assert open_children(old.id) == []
    assert (old.state, old.blocked_reason, old.replaced_by_id, old.number) == ("replaced", "stolen", new_id, old_number)
    period = db.session.scalars(select(CardPeriod).where(CardPeriod.card_id == new_id)).one()
    assert (period.how, period.first_day, period.last_day) == ("replacement", TODAY + 10 * DAY, LAST)
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:card:replaced")).one()
    assert (line.card_id, line.facts) == (old.id, {"reason": "stolen", "card": new_id})


def test_the_old_number_answers_replaced_and_the_new_one_opens(people: People) -> None:
    phone, old_number = phone_of(people.holder), card(people.holder.card_id).number
    new_id, number = replace(people)
    assert told(record(typed(old_number), people.gate)) == ("red", "replaced")
    assert told(record(scan(phone), people.gate)) == ("red", "replaced")
    assert record(typed(number, children=2), people.gate).recorded
    assert db.session.scalars(select(Use.card_id)).one() == new_id


def test_nothing_of_the_old_card_opens_anything(people: People) -> None:
    old_id = people.holder.card_id
    letter = invitations.invite_holder(old_id, by=people.desk, at=NOON)
    signins.set_pin(people.holder, "a hash", at=NOON)
    passkeys.add(people.holder, b"passkey", b"key", 0, at=NOON)
    phone_of(people.holder)
    others = phone_of(people.other_holder)
    replace(people)
    with pytest.raises(Refused, match="code_cancelled"):
        invitations.redeem_letter(letter, 1986, at=NOON)
    assert signins.holder(people.holder.sign_in, at=NOON) is None
    assert signins.holder(people.other_holder.sign_in, at=NOON), "others stay signed in"
    assert signins.begin_pin_try(card(old_id).number, at=NOON) is None
    assert count(Passkey, Passkey.card_id == old_id) == 0
    assert count(SignIn, SignIn.card_id == old_id, SignIn.ended_at.is_(None)) == 0
    withdrawn = db.session.execute(select(Credential.card_id, Credential.withdrawn_reason)).all()
    assert sorted(withdrawn) == [(old_id, "replaced"), (people.other_holder.card_id, None)]
    assert others


def test_a_blank_card_may_be_the_replacement(people: People) -> None:
    with act() as session:
        session.add(Card(number=BLANK, unit_id=people.unit, user_handle=b"blank"))
    taken = card(people.other_holder.card_id).number
    for wrong, reason in (("123456789012", "number_mistyped"), ("TRE9", "number_unknown"), (taken, "number_taken")):
        with pytest.raises(Refused, match=reason):
            replace(people, number=wrong)
    assert card(people.holder.card_id).state == "registered"
    new_id, number = replace(people, number="1234 5678 9018")
    assert (number, card(new_id).state) == (BLANK, "registered")


@pytest.mark.parametrize(("state", "reason"), [("blank", "not_registered"), ("replaced", "replaced")])
def test_what_is_not_replaced(people: People, state: str, reason: str) -> None:
    set_card(people.holder.card_id, state=state)
    with pytest.raises(Refused, match=reason):
        replace(people)
    assert count(Card) == 2


def test_a_card_that_ended_is_renewed_or_given_anew_and_not_replaced(people: People) -> None:
    """There is no day left to take over."""
    with pytest.raises(Refused, match="card_expired"):
        replace(people, datetime(2027, 11, 24, 22, 0, tzinfo=UTC))
    new_id, _ = replace(people, datetime(2027, 11, 24, 21, 59, 59, tzinfo=UTC))
    assert (card(new_id).first_day, card(new_id).last_day) == (LAST, LAST)


def test_a_card_that_begins_later_is_replaced_for_its_own_days(people: People) -> None:
    set_card(people.holder.card_id, first_day=TODAY + 5 * DAY)
    new_id, _ = replace(people)
    assert (card(new_id).first_day, card(new_id).last_day) == (TODAY + 5 * DAY, LAST)


def test_a_lost_card_is_replaced_where_the_area_has_left(people: People) -> None:
    """It is no new card and no new year: what was promised holds."""
    set_area("tampere", status="ended", pilot_ends=TODAY - DAY)
    new_id, _ = replace(people)
    assert card(new_id).last_day == LAST


def test_who_was_given_too_many_years_ago_is_replaced_without_asking_their_age(people: People) -> None:
    set_card(people.holder.card_id, birth_year=2015)  # imported like this
    assert replace(people)


def test_ten_clicks_at_once_make_one_replacement(app: Flask, people: People) -> None:
    def click() -> str:
        try:
            return str(bool(replace(people, now())))
        except Refused as refused:
            return refused.reason

    assert Counter(at_once(app, [click] * 10)) == {"True": 1, "replaced": 9}
    assert count(Card) == 3


def test_replacing_and_undoing_at_once_do_not_wait_for_each_other_for_ever(app: Flask, people: People) -> None:
    """Undoing takes the use and then its card; replacing moves the uses of a card."""
    number = card(people.holder.card_id).number
    recorded = [record(typed(number, another=True), people.gate).facts["use_id"] for _ in range(8)]
    jobs = [lambda use=use: uses.undo_use(use, by=people.gate, at=now(), reason="gate") for use in recorded]
    at_once(app, [*jobs, lambda: replace(people, now())])
    assert count(Use, Use.undone_at.is_not(None)) == 8
    assert count(CardYear) == 0, "no year in which nothing stands"


# What was recorded goes with the right


def test_a_right_that_was_used_stays_used(people: People) -> None:
    """Losing the card in the foyer gives no second ticket."""
    phone = phone_of(people.holder)
    assert record(scan(phone), people.gate).recorded
    new_id, number = replace(people)
    again = record(typed(number, NOON + timedelta(hours=1)), people.gate)
    assert told(again) == ("neutral", "already_recorded")
    assert len(visits.visits(Holder("", new_id))) == 1
    assert visits.visits(people.holder) == []


def test_courses_of_the_lost_card_count_for_the_new_one(people: People) -> None:
    set_area("tampere", courses_per_year=2)
    with act() as session:
        session.add(venue("opisto", sector="education", offers_course=True))
    number = card(people.holder.card_id).number
    first = add_event("museo", kind="course")
    assert record(typed(number, kind="course", event_id=first), people.gate).facts["courses_left"] == 2
    _, number = replace(people)
    second = add_event("museo", kind="course", starts_at=NOON + 3 * DAY)
    assert record(typed(number, kind="course", event_id=second), people.gate).facts["courses_left"] == 1


def test_b116_a_card_and_its_replacement_are_one_in_the_year(people: People) -> None:
    """B116: counting both would make two people of one who lost a card."""
    number = card(people.holder.card_id).number
    record(typed(number), people.gate)
    new_id, number = replace(people)
    record(typed(number), people.other_gate)
    assert db.session.execute(select(CardYear.card_id, CardYear.year)).all() == [(new_id, 2026)]
    assert count(Use, Use.card_id == new_id) == 2


def test_a_record_of_this_morning_that_comes_after_the_replacement(people: People) -> None:
    """Let in without a connection before the card was replaced: a use and a conflict line, with the children."""
    phone = phone_of(people.holder)
    new_id, _ = replace(people)
    late = scan(phone, NOON - timedelta(hours=1), children=2, late=True)
    answer = uses.record_use(late, by=people.gate, at=NOON)
    assert (answer.recorded, answer.notes[0]) == (True, "replaced_meanwhile")
    assert db.session.execute(select(Use.card_id, Use.children)).one() == (new_id, 2)
    tomorrow = scan(phone, NOON + DAY, children=1, late=True)
    assert told(record(tomorrow, people.gate)) == ("red", "too_many_children"), "the new card brings them from then on"


def test_a_late_record_finds_its_right_used_with_the_new_card(people: People) -> None:
    phone = phone_of(people.holder)
    _, first = replace(people)
    second_id, second = desk_cards.replace_card(
        people.desk, desk_lists.find_card(people.desk, first), at=NOON, reason="damaged"
    )
    assert record(typed(second), people.gate).recorded
    late = scan(phone, NOON - timedelta(hours=1), late=True)
    assert told(uses.record_use(late, by=people.gate, at=NOON)) == ("neutral", "already_recorded")
    elsewhere = scan(phone, NOON - timedelta(hours=2), late=True)
    assert uses.record_use(elsewhere, by=people.other_gate, at=NOON).recorded
    assert count(Use, Use.card_id == second_id) == 2, "a card lost twice: everything is the last one's"


def test_a_use_is_undone_after_the_replacement(people: People) -> None:
    use = record(typed(card(people.holder.card_id).number), people.gate).facts["use_id"]
    replace(people)
    uses.undo_use(use, by=people.gate, at=NOON, reason="gate")
    assert count(CardYear) == 0


def test_a_community_card_is_replaced_and_its_loan_ends(people: People) -> None:
    set_card(people.other_holder.card_id, kind="community", birth_year=None, postcode=None, label="Kahvila")
    with act() as session:
        session.add(Loan(card_id=people.other_holder.card_id, role_text="Iltakahvila", lent_at=NOON - DAY))
    new_id, _ = desk_cards.replace_card(people.desk, people.other_holder.card_id, at=NOON, reason="damaged")
    assert (card(new_id).kind, card(new_id).label, card(new_id).birth_year) == ("community", "Kahvila", None)
    assert db.session.scalars(select(Loan.returned_at)).one() == NOON


# Letters


def test_a_new_letter_ends_the_one_before(people: People) -> None:
    first = desk_cards.new_letter(people.desk, people.holder.card_id, at=NOON)
    second = desk_cards.new_letter(people.desk, people.holder.card_id, at=NOON)
    with pytest.raises(Refused, match="code_cancelled"):
        invitations.redeem_letter(first, 1986, at=NOON)
    assert invitations.redeem_letter(second, 1986, at=NOON) == people.holder.card_id


@pytest.mark.parametrize(
    ("state", "reason"), [("blank", "not_registered"), ("blocked", "blocked"), ("replaced", "replaced")]
)
def test_a_card_in_another_state_gets_no_letter(people: People, state: str, reason: str) -> None:
    set_card(people.holder.card_id, state=state)
    with pytest.raises(Refused, match=reason):
        desk_cards.new_letter(people.desk, people.holder.card_id, at=NOON)


def test_a_replacement_can_be_activated(people: People) -> None:
    new_id, _ = replace(people)
    letter = desk_cards.new_letter(people.desk, new_id, at=NOON)
    assert invitations.redeem_letter(letter, 1986, at=NOON) == new_id


# Reports from elsewhere about a card's days


@pytest.mark.parametrize(
    ("at", "answer"),
    [
        (datetime(2026, 12, 30, 22, 1, tzinfo=UTC), None),  # 00:01 on its last day in Helsinki
        (datetime(2026, 12, 31, 21, 30, tzinfo=UTC), None),  # 23:30
        (datetime(2026, 12, 31, 22, 5, tzinfo=UTC), "card_expired"),  # 00:05 on 1 January
    ],
)
def test_b009_a_card_ends_at_midnight_in_helsinki(people: People, at: datetime, answer: str | None) -> None:
    """B009: cards compared in UTC are wrong for an hour or two around midnight."""
    set_card(people.holder.card_id, last_day=date(2026, 12, 31))
    assert record(typed(card(people.holder.card_id).number, at), people.gate).reason == answer


def test_b009_a_card_opens_one_minute_into_its_first_day(people: People) -> None:
    at = datetime(2027, 6, 30, 21, 1, tzinfo=UTC)  # 00:01 on 1 July
    _, number = cards.register_card(people.unit, by=people.desk, at=at, birth_year=1990, postcode="33100")
    assert record(typed(number, at), people.gate).recorded


def test_b016_a_card_that_begins_tomorrow_says_when(people: People) -> None:
    """B016: "could not be verified" helps nobody."""
    set_card(people.holder.card_id, first_day=TODAY + DAY)
    answer = record(typed(card(people.holder.card_id).number), people.gate)
    assert told(answer) == ("red", "card_not_yet_valid")
    assert answer.facts["first_day"] == str(TODAY + DAY)


@pytest.mark.parametrize("how", ["new", "imported"])
def test_b149_an_end_that_the_source_moved_is_the_end(people: People, how: str) -> None:
    """B149: an end date in the past refuses at the next scan, whatever the card's stretch was when it was given; moved
    later, the card works again."""
    number = card(people.holder.card_id).number
    with act() as session:
        session.execute(update(CardPeriod).values(how=how, first_day=TODAY - 90 * DAY))
    set_card(people.holder.card_id, first_day=TODAY - 90 * DAY, last_day=TODAY - DAY)
    assert told(record(typed(number), people.gate)) == ("red", "card_expired")
    set_card(people.holder.card_id, last_day=TODAY + 30 * DAY)
    assert record(typed(number, NOON + timedelta(hours=1)), people.gate).recorded


def test_b013_29_february_is_a_day_like_any(people: People) -> None:
    """B013: no error, and one rule for card, child and own card: years are compared, never birthdays."""
    for day in (date(2028, 2, 27), date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)):
        at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
        card_id, _ = cards.register_card(
            people.unit, by=people.desk, at=at, birth_year=2012, postcode="33100", children=((2010, "household"),)
        )
        given = card(card_id)
        assert given.first_day == day
        assert given.last_day == (date(2029, 2, 28) if day.month == 2 and day.day == 29 else _day_before_next_year(day))
        (child,) = cards.card_of(Holder("", card_id), at=at).children
        assert (child.status, child.may_have_card) == ("turning_18", True)
        assert desk_cards.own_card(people.desk, card_id, child.ticket_id, at=at, postcode="33100")


def _day_before_next_year(day: date) -> date:
    return day.replace(year=day.year + 1) - DAY


def test_staff_of_two_desks_keeps_them_apart(people: People) -> None:
    """Roles are counted, not people: a second role does not open the first desk's cards to others."""
    account = accounts.add_account(
        "both",
        "both@example.org",
        (HeldRole("desk", unit_id=people.unit), HeldRole("desk", unit_id=people.other_unit)),
        by=None,
        at=NOON,
    )
    both = signins.staff(signins.start("staff", at=NOON, account_id=account), at=NOON)
    assert isinstance(both, Staff)
    assert both.desk_units == {people.unit, people.other_unit}
    assert people.coordinator.desk_units == frozenset()
    desk_cards.block_card(both, people.holder.card_id, "misuse", at=NOON)
