"""Course places and season rights. If these fail, a card gets more courses than its area gives, a child takes a course
place, a season right is given twice, or one that began in January is closed to a card of June.

Each row of a table names the sentence of DOMAIN.md that it comes from.
"""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from tests.people import People, gate_at, venue
from tests.register.scans import NOON, add_event, count, record, scan, set_area, set_card, told, typed
from wallet.register import rules, uses, venues
from wallet.register.database import act, db
from wallet.register.judging import Attempt
from wallet.register.tables import Card, Event, Use, Venue

pytestmark = pytest.mark.usefixtures("noon")

DAY = timedelta(days=1)
COURSES = "Course limits are local: for example two courses per calendar year"


def number_of(people: People, who: str = "holder") -> str:
    return str(db.session.get_one(Card, getattr(people, who).card_id).number)


def set_venue(venue: str = "museo", **values: object) -> None:
    with act() as session:
        for name, value in values.items():
            setattr(session.get_one(Venue, venue), name, value)


def course(place: str = "museo", *, starts_at: datetime = NOON + DAY, **values: object) -> int:
    return add_event(place, starts_at=starts_at, kind="course", **values)


@pytest.fixture
def hall(people: People) -> None:
    """ "museo" gives courses and season rights, and is a sports venue."""
    set_venue(offers_course=True, offers_season=True, sector="sport")


# Who may not


@pytest.mark.parametrize(
    ("kind", "card", "children", "reason", "sentence"),
    [
        ("course", {}, 1, "children_on_course", "children on a course: never"),
        ("season", {}, 1, "children_on_course", "children on a course: never"),
        ("course", {"kind": "community"}, 0, "community_ticket_only", "course place, community card: never"),
        ("season", {"kind": "community"}, 0, "community_ticket_only", "season right, community card: never [D]"),
        ("course", {"state": "blocked"}, 0, "blocked", "Hard refusals: blocked"),
        ("season", {"state": "replaced"}, 0, "replaced", "Hard refusals: replaced"),
    ],
)
@pytest.mark.usefixtures("hall")
def test_what_a_card_never_gives(people, phone, kind, card, children, reason, sentence):  # noqa: PLR0917
    nobody = dict.fromkeys(("birth_year", "postcode", "life_situation", "gender")) if "kind" in card else {}
    if card:
        set_card(people.holder.card_id, **card, **nobody)
    for event_id in (None, add_event(kind=kind)):
        answer = record(scan(phone, kind=kind, event_id=event_id, children=children), people.gate)
        assert told(answer) == ("red", reason), sentence
    assert count(Use) == 0


# Courses


@pytest.mark.usefixtures("hall")
@pytest.mark.parametrize(
    ("limit", "verdicts"),
    [(None, ["green"] * 3), (2, ["green", "green", "amber"]), (1, ["green", "amber", "amber"]), (0, ["amber"] * 3)],
)
def test_the_areas_courses_of_a_year(people, phone, limit, verdicts):
    """Past the limit it is amber: "Everything else that looks odd is amber: staff decide, on goodwill"."""
    set_area("tampere", courses_per_year=limit)
    answers = [
        record(scan(phone, NOON + nth * timedelta(minutes=1), event_id=course()), people.gate) for nth in range(3)
    ]
    assert [answer.verdict for answer in answers] == verdicts, COURSES
    assert all(answer.recorded for answer in answers)
    left = [answer.facts["courses_left"] for answer in answers]
    assert left == ([None] * 3 if limit is None else [limit - nth for nth in range(3)])
    assert all(("courses_used" in answer.notes) == (answer.verdict == "amber") for answer in answers)


@pytest.mark.usefixtures("hall")
def test_the_limit_is_of_the_calendar_year_of_the_course(people, phone):
    """A place got in November for a course of January is of the coming year."""
    set_area("tampere", courses_per_year=1)
    assert record(scan(phone, event_id=course()), people.gate).facts["courses_left"] == 1
    january = course(starts_at=datetime(2027, 1, 10, 10, tzinfo=UTC))
    answer = record(scan(phone, NOON + timedelta(minutes=1), event_id=january), people.gate)
    assert (answer.verdict, answer.facts["courses_left"]) == ("green", 1), COURSES


@pytest.mark.usefixtures("hall")
def test_another_areas_courses_are_counted_apart(people, phone):
    with act() as session:
        session.add(venue("opisto", area="nokia", sector="education", offers_course=True))
    set_area("tampere", courses_per_year=1)
    set_area("nokia", courses_per_year=1)
    away = gate_at("opisto", "Kanslia")
    first = record(scan(phone, event_id=course("opisto")), away)
    second = record(scan(phone, NOON + timedelta(minutes=20), event_id=course()), people.gate)
    assert [first.verdict, second.verdict] == ["green", "green"], "A setting of the area: courses_per_year"


@pytest.mark.usefixtures("hall")
def test_an_undone_course_is_given_back(people, phone):
    set_area("tampere", courses_per_year=1)
    answer = record(scan(phone, event_id=course()), people.gate)
    uses.undo_use(answer.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    again = record(scan(phone, NOON + timedelta(minutes=1), event_id=course()), people.gate)
    assert (again.verdict, again.facts["courses_left"]) == ("green", 1)


@pytest.mark.usefixtures("hall")
@pytest.mark.parametrize(("fee", "cap"), [(4000, 2500), (2000, 2500), (None, 2500), (4000, None), (None, None)])
def test_the_fee_and_its_cap_are_shown(people, phone, fee, cap):
    """ "fee up to 25 € with the holder paying the rest": the gate says it, and takes no money."""
    set_area("tampere", course_fee_cap_cents=cap)
    event = course(fee_cents=fee)
    answer = uses.check_use(scan(phone, event_id=event), by=people.gate, at=NOON)
    assert (answer.facts["fee_cents"], answer.facts["fee_cap_cents"]) == (fee, cap)
    (line,) = venues.gate_page(people.gate, at=NOON).events
    assert (line.fee_cents, line.kind, line.left) == (fee, "course", None)
    assert venues.gate_page(people.gate, at=NOON, limit=0).events == ()


@pytest.mark.usefixtures("hall")
def test_a_course_is_one_place_for_the_card(people, phone):
    """ "One use = one ticket, one course place or one season right", also where it is asked for twice."""
    event = course(ceiling=5)
    record(scan(phone, event_id=event), people.gate)
    again = record(scan(phone, NOON + timedelta(minutes=1), event_id=event), people.gate)
    assert told(again) == ("neutral", "already_recorded")
    assert db.session.get_one(Event, event).taken == 1


def test_a_course_where_none_is_offered_is_for_staff_to_decide(people, phone):
    answer = record(scan(phone, event_id=course()), people.gate)
    assert (answer.verdict, answer.notes, answer.recorded) == ("amber", ("not_offered",), True)


def test_two_desks_at_once_take_no_more_than_the_last_course(app: Flask, people: People) -> None:
    """The card's row is locked while its courses are counted: one of the two is told that there is none left."""
    set_venue(offers_course=True)
    set_area("tampere", courses_per_year=1)
    number, events = number_of(people), [course(), course()]
    answers = []

    def post(event: int) -> None:
        with app.app_context():
            attempt: Attempt = typed(number, NOON, event_id=event)
            answers.append(uses.record_use(attempt, by=people.gate, at=NOON))

    threads = [threading.Thread(target=post, args=(event,)) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("courses_used" in answer.notes for answer in answers) == [False, True]
    assert sorted(answer.facts["courses_left"] for answer in answers) == [0, 1]


# Season rights


@pytest.mark.parametrize(
    ("day", "season_days", "last"),
    [
        (date(2026, 11, 25), None, date(2026, 12, 31)),
        (date(2026, 12, 31), None, date(2026, 12, 31)),
        (date(2026, 11, 25), 1, date(2026, 11, 25)),
        (date(2026, 11, 25), 90, date(2027, 2, 22)),
        (date(2028, 2, 29), 366, date(2029, 2, 28)),
    ],
)
def test_how_long_a_season_right_lasts(day, season_days, last):
    """ "season right (gym, swimming): where the venue offers it": its own length, or the calendar year [D]."""
    assert rules.season_ends(day, season_days) == last


@pytest.mark.usefixtures("hall")
def test_a_season_right_runs_once_and_comes_again_when_it_has_ended(people, phone):
    set_venue(season_days=30)
    first = record(scan(phone, kind="season"), people.gate)
    assert (first.verdict, first.facts["until"]) == ("green", "2026-12-24")
    last = record(scan(phone, NOON + 29 * DAY, kind="season"), people.gate)
    assert told(last) == ("neutral", "already_recorded")
    assert last.facts["until"] == "2026-12-24"
    next_one = record(scan(phone, NOON + 30 * DAY, kind="season"), people.gate)
    assert (next_one.verdict, next_one.facts["until"]) == ("green", "2027-01-23")
    another = record(scan(phone, NOON + 31 * DAY, kind="season", another=True), people.gate)
    assert another.recorded, "for those who mean it"


@pytest.mark.usefixtures("hall")
def test_an_undone_season_right_is_none(people, phone):
    first = record(scan(phone, kind="season"), people.gate)
    uses.undo_use(first.facts["use_id"], by=people.gate, at=NOON, reason="gate")
    assert record(scan(phone, NOON + DAY, kind="season"), people.gate).verdict == "green"


@pytest.mark.parametrize(("sector", "verdict"), [("sport", "green"), ("culture", "amber"), ("education", "amber")])
def test_a_season_right_is_for_sport(people, phone, sector, verdict):
    set_venue(offers_season=True, sector=sector)
    answer = record(scan(phone, kind="season"), people.gate)
    assert (answer.verdict, "season_not_sport" in answer.notes) == (verdict, verdict == "amber")
    assert answer.recorded


@pytest.mark.usefixtures("hall")
def test_a_season_that_began_before_the_card_is_open_to_it(people, phone):
    """A period of January to December, a card of November: the right is for the days that are left."""
    starts, ends = datetime(2026, 1, 1, 10, tzinfo=UTC), datetime(2026, 12, 31, 10, tzinfo=UTC)
    season = venues.add_event("museo", "Vuosi", starts, ends, by=None, at=NOON, kind="season")
    answer = record(scan(phone, event_id=season), people.gate)
    assert (answer.verdict, answer.facts["until"]) == ("green", "2026-12-31")
    assert db.session.get_one(Use, answer.facts["use_id"]).day == date(2026, 11, 25)
    assert told(record(scan(phone, NOON + DAY, event_id=season), people.gate)) == ("neutral", "already_recorded")


# The day a use is for


@pytest.mark.parametrize(
    ("starts", "ends", "day", "why"),
    [
        ((11, 26, 16), (11, 26, 19), date(2026, 11, 26), "a use can be for a later day than it is recorded"),
        ((11, 24, 16), (11, 25, 1), date(2026, 11, 24), "an evening that ends after midnight is of its own day"),
        ((12, 1, 10), (12, 20, 10), date(2026, 12, 1), "got ahead: its first day"),
        ((11, 1, 10), (12, 20, 10), date(2026, 11, 25), "while it goes on: the day it is got"),
        ((11, 1, 10), (11, 20, 10), date(2026, 11, 20), "after it: its last day"),
    ],
)
def test_the_day_of_a_use(people, phone, starts, ends, day, why):  # noqa: PLR0917
    first, last = datetime(2026, *starts, tzinfo=UTC), datetime(2026, *ends, tzinfo=UTC)
    set_card(people.holder.card_id, first_day=date(2026, 10, 1))
    event = venues.add_event("museo", "Tapahtuma", first, last, by=None, at=NOON)
    answer = record(scan(phone, event_id=event), people.gate)
    assert db.session.get_one(Use, answer.facts["use_id"]).day == day, why
