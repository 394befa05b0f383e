"""Renewing a card at the desk (DOMAIN.md, "Who gets a card", 7). If this failed, a holder would lose days, get
two years for two clicks, or stand at a door with a card that the desk had renewed."""

import secrets
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.people import People
from tests.register.scans import NOON, count, scan, set_area, set_card, told, typed
from tests.register.test_racing import at_once
from wallet.register import credentials, desk_cards, desk_lists, uses
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.tables import Card, ChildTicket, Credential, JournalLine
from wallet.register.tables_life import CardPeriod

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)
LAST = date(2027, 11, 24)  # of a card that was given at NOON


def noon_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=UTC)


def renew(people: People, day: date, **values: object) -> date:
    given: dict[str, object] = {"children": (), "at": noon_of(day)} | values
    return desk_cards.renew_card(people.desk, people.holder.card_id, **given)  # type: ignore[arg-type]


def days(people: People) -> tuple[date | None, date | None]:
    card = db.session.get_one(Card, people.holder.card_id)
    return card.first_day, card.last_day


def number_of(card_id: int) -> str:
    return db.session.scalars(select(Card.number).where(Card.id == card_id)).one()


def test_only_the_desk_of_the_unit_that_gave_it_renews(people: People) -> None:
    for by in (people.other_desk, people.coordinator, people.support):
        with pytest.raises(NotFound, match="card_not_found"):
            desk_cards.renew_card(by, people.holder.card_id, at=noon_of(LAST), children=())
    with pytest.raises(NotFound, match="card_not_found"):
        desk_cards.renew_card(people.desk, 10**6, at=noon_of(LAST), children=())
    assert days(people) == (NOON.date(), LAST)


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (LAST - 60 * DAY, NOON.date(), date(2028, 11, 24)),  # from 60 days before the last day
        (LAST - DAY, NOON.date(), date(2028, 11, 24)),
        (LAST, NOON.date(), date(2028, 11, 24)),  # a valid card's new year begins the day after its last day
        (LAST + DAY, LAST + DAY, date(2028, 11, 24)),  # an expired one's today
        (date(2028, 2, 29), date(2028, 2, 29), date(2029, 2, 28)),  # 29.2. gives 28.2.
        (date(2031, 5, 5), date(2031, 5, 5), date(2032, 5, 4)),  # and at any time after
    ],
)
def test_a_renewal_gives_a_year(people: People, day: date, first: date, last: date) -> None:
    number = number_of(people.holder.card_id)
    assert renew(people, day) == last
    assert days(people) == (first, last)
    assert number_of(people.holder.card_id) == number, "the number stays"
    period = db.session.scalars(
        select(CardPeriod).where(CardPeriod.card_id == people.holder.card_id, CardPeriod.how == "renewed")
    ).one()
    assert (period.first_day, period.last_day, period.given_on) == (max(LAST + DAY, day), last, day)
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:card:renewed")).one()
    assert line.facts == {"first_day": str(period.first_day), "last_day": str(last)}


def test_a_renewal_can_come_too_early(people: People) -> None:
    with pytest.raises(Refused, match="renewal_too_early") as refused:
        renew(people, LAST - 61 * DAY)
    assert refused.value.facts["opens"] == LAST - 60 * DAY
    assert days(people) == (NOON.date(), LAST)


def test_the_sixtieth_day_begins_at_midnight_in_finland(people: People) -> None:
    """B009: 21:00 UTC is midnight in Helsinki in September."""
    opens = datetime(2027, 9, 24, 21, 0, tzinfo=UTC)
    with pytest.raises(Refused, match="renewal_too_early"):
        renew(people, LAST, at=opens - timedelta(seconds=1))
    assert renew(people, LAST, at=opens) == date(2028, 11, 24)


def test_the_last_second_of_the_last_day_is_the_last_day(people: People) -> None:
    """B009: a card renewed at 23:59:59 on its last day loses no day and wins none."""
    midnight = datetime(2027, 11, 24, 22, 0, tzinfo=UTC)
    renew(people, LAST, at=midnight - timedelta(seconds=1))
    assert days(people)[0] == NOON.date()


def test_a_second_after_it_the_card_has_ended(people: People) -> None:
    renew(people, LAST, at=datetime(2027, 11, 24, 22, 0, tzinfo=UTC))
    assert days(people) == (LAST + DAY, date(2028, 11, 24))


@pytest.mark.parametrize("day", [LAST, LAST + 30 * DAY])
def test_a_double_click_is_one_renewal(people: People, day: date) -> None:
    last = renew(people, day)
    with pytest.raises(Refused, match="renewed_already") as refused:
        renew(people, day)
    assert refused.value.facts["last_day"] == last
    assert count(CardPeriod, CardPeriod.how == "renewed") == 1


def test_ten_clicks_at_once_are_one_renewal(app: Flask, people: People) -> None:
    def click() -> str:
        try:
            return str(renew(people, LAST))
        except Refused as refused:
            return refused.reason

    assert Counter(at_once(app, [click] * 10)) == {"2028-11-24": 1, "renewed_already": 9}
    assert count(CardPeriod, CardPeriod.how == "renewed") == 1


def test_the_table_itself_knows_a_stretch_once(people: People) -> None:
    """A card whose end was moved back after its renewal, by an import: the same stretch is not given twice."""
    renew(people, LAST)
    set_card(people.holder.card_id, last_day=LAST)
    with pytest.raises(Refused, match="renewed_already"):
        renew(people, LAST, at=noon_of(LAST - DAY))
    assert days(people) == (NOON.date(), LAST)


@pytest.mark.parametrize(
    ("state", "reason"), [("blank", "not_registered"), ("blocked", "blocked"), ("replaced", "replaced")]
)
def test_a_card_in_another_state_is_not_renewed(people: People, state: str, reason: str) -> None:
    set_card(people.holder.card_id, state=state)
    with pytest.raises(Refused, match=reason):
        renew(people, LAST)
    assert days(people)[1] == LAST


def test_a_blank_card_without_days_is_not_renewed(people: People) -> None:
    set_card(people.holder.card_id, state="blank", first_day=None, last_day=None)
    with pytest.raises(Refused, match="not_registered"):
        renew(people, LAST)


def test_a_deleted_card_is_not_found(people: People) -> None:
    set_card(people.holder.card_id, state="deleted", birth_year=None, postcode=None)
    with pytest.raises(NotFound, match="card_not_found"):
        renew(people, LAST)


@pytest.mark.parametrize(
    ("pilot_ends", "last"),
    [
        (date(2028, 5, 31), date(2028, 5, 31)),  # never past the end of the pilot
        (LAST + DAY, LAST + DAY),  # one day more
        (LAST, None),  # the pilot ends with the card
        (date(2027, 6, 30), None),
    ],
)
def test_a_renewal_ends_with_the_pilot(people: People, pilot_ends: date, last: date | None) -> None:
    set_area("tampere", status="pilot", pilot_ends=pilot_ends)
    if last is None:
        with pytest.raises(Refused, match="pilot_over"):
            renew(people, LAST)
        assert days(people)[1] == LAST
    else:
        assert renew(people, LAST) == last


def test_an_area_that_left_renews_nothing(people: People) -> None:
    set_area("tampere", status="ended")
    with pytest.raises(Refused, match="area_ended"):
        renew(people, LAST)


def test_answers_are_kept_changed_or_taken_back(people: People) -> None:
    set_card(people.holder.card_id, life_situation="student", gender="woman")
    renew(people, LAST)
    card = db.session.get_one(Card, people.holder.card_id)
    assert (card.postcode, card.life_situation, card.gender) == ("33100", "student", "woman")
    renew(people, date(2028, 11, 1), postcode="33540", life_situation="", gender="")
    assert (card.postcode, card.life_situation, card.gender) == ("33540", None, None)
    renew(people, date(2029, 11, 1), life_situation="pensioner", gender="other")
    assert (card.life_situation, card.gender) == ("pensioner", "other")


def test_children_are_asked_anew(people: People) -> None:
    tickets = {
        ticket.birth_year: ticket.id
        for ticket in db.session.scalars(select(ChildTicket).where(ChildTicket.card_id == people.holder.card_id))
    }
    renew(people, LAST, children=((2019, "child"), (2027, "grandchild")))
    rows = db.session.scalars(select(ChildTicket).order_by(ChildTicket.id)).all()
    assert [(row.id in tickets.values(), row.birth_year, row.relation, row.ended_on) for row in rows] == [
        (True, 2019, "child", None),
        (True, 2008, "child", LAST),
        (True, 2006, "grandchild", LAST),
        (False, 2027, "grandchild", None),
    ]
    assert rows[0].id == tickets[2019], "the same ticket: its label on the phone holds"
    period = db.session.scalars(select(CardPeriod).where(CardPeriod.how == "renewed")).one()
    assert period.children == 2


def test_too_many_children_renew_nothing(people: People) -> None:
    with pytest.raises(Refused, match="too_many_children"):
        renew(people, LAST, children=((2019, "child"),) * 16)
    assert days(people)[1] == LAST
    assert count(CardPeriod, CardPeriod.how == "renewed") == 0


def test_a_community_card_is_renewed_and_names_no_children(people: People) -> None:
    set_card(people.holder.card_id, kind="community", birth_year=None, postcode=None)
    with act() as session:
        session.execute(update(ChildTicket).values(ended_on=NOON.date()))
    with pytest.raises(Refused, match="community_without_children"):
        renew(people, LAST, children=((2019, "child"),))
    assert renew(people, LAST) == date(2028, 11, 24)
    assert db.session.get_one(Card, people.holder.card_id).postcode is None


def test_a_renewal_leaves_the_phone_alone(people: People) -> None:
    """The phone renews its own credential when it is opened; until then the old one goes on."""
    phone = credentials.add_phone_key(people.holder, b"\x02" + secrets.token_bytes(32), at=noon_of(LAST - 10 * DAY))
    assert phone.last_day == LAST, "never past the card's own"
    assert phone.once
    renew(people, LAST - 5 * DAY)
    assert count(Credential, Credential.withdrawn_at.is_not(None)) == 0
    fresh = credentials.renew(
        people.holder, phone.credential, phone.once, b"\x02" + secrets.token_bytes(32), at=noon_of(LAST - 3 * DAY)
    )
    assert fresh.last_day == LAST + 25 * DAY


def test_a_phone_whose_card_had_ended_works_again_after_the_renewal(people: People) -> None:
    phone = credentials.add_phone_key(people.holder, b"\x02" + secrets.token_bytes(32), at=noon_of(LAST - 10 * DAY))
    assert phone.once
    later, key = noon_of(LAST + 30 * DAY), b"\x02" + secrets.token_bytes(32)
    with pytest.raises(Refused, match="card_expired"):
        credentials.renew(people.holder, phone.credential, phone.once, key, at=later)
    renew(people, LAST + 30 * DAY)
    fresh = credentials.renew(people.holder, phone.credential, phone.once, key, at=later)
    assert uses.record_use(scan(fresh.credential, later), by=people.gate, at=later).recorded


@pytest.mark.parametrize(
    ("scanned", "answer"),
    [
        (LAST - DAY, ("green", None)),  # on the card's old last days, entered from a paper form after the gap
        (LAST, ("green", None)),
        (LAST + DAY, ("red", "card_not_yet_valid")),  # in the gap
        (LAST + 9 * DAY, ("red", "card_not_yet_valid")),
        (LAST + 10 * DAY, ("green", None)),  # the day of the renewal
    ],
)
def test_a_late_record_is_judged_by_the_days_of_its_time(
    people: People, scanned: date, answer: tuple[str, str | None]
) -> None:
    """A card that ended and was renewed ten days later has a gap: what happened before it still counts."""
    renew(people, LAST + 10 * DAY)
    form = typed(number_of(people.holder.card_id), noon_of(scanned), read_by="form", late=True)
    assert told(uses.record_use(form, by=people.gate, at=noon_of(LAST + 12 * DAY))) == answer


def test_a_desk_page_says_when_and_why_not(people: People) -> None:
    def page(day: date) -> desk_lists.DeskCard:
        return desk_lists.card_at_desk(people.desk, people.holder.card_id, at=noon_of(day))

    early = page(LAST - 61 * DAY)
    assert (early.can_renew, early.renewal_refused) == (False, "renewal_too_early")
    assert early.renewal_opens == LAST - 60 * DAY
    assert (page(LAST).can_renew, page(LAST).ended, page(LAST + DAY).ended) == (True, False, True)
    renew(people, LAST)
    assert page(LAST).renewal_refused == "renewed_already"
    assert page(LAST + DAY).renewal_refused == "renewal_too_early"
    set_area("tampere", status="ended")
    assert page(date(2028, 11, 1)).renewal_refused == "area_ended"
