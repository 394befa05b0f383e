"""What a desk sees of its unit's cards. If this failed, a desk would look into another's cards, miss whose card ends
next, or see where people go."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.people import People
from tests.register.scans import NOON, record, set_card, typed
from wallet.register import cards, credentials, desk_cards, desk_lists, invitations
from wallet.register.database import act, db
from wallet.register.desk_lists import CardRow, DeskUnit, PeriodLine
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import HeldRole, Staff
from wallet.register.tables import Card, Unit

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)
TODAY, LAST = NOON.date(), date(2027, 11, 24)


def number_of(card_id: int) -> str:
    return db.session.scalars(select(Card.number).where(Card.id == card_id)).one()


def give(people: People, last_day: date, **values: object) -> int:
    """A card that ends on this day."""
    card_id, _ = cards.register_card(people.unit, by=None, at=NOON, birth_year=1990, postcode="33100")
    set_card(card_id, last_day=last_day, first_day=min(TODAY, last_day), **values)
    return card_id


def blank(number: str, unit: int | None) -> int:
    with act() as session:
        card = Card(number=number, unit_id=unit, user_handle=number.encode())
        session.add(card)
        session.flush()
        return card.id


def listed(people: People, **how: object) -> list[CardRow]:
    return desk_lists.cards_of_unit(people.desk, people.unit, at=NOON, **how)  # type: ignore[arg-type]


# Who may not


def test_another_desk_sees_nothing(people: People) -> None:
    card_id = people.holder.card_id
    for by in (people.other_desk, people.coordinator, people.support):
        with pytest.raises(NotFound, match="card_not_found"):
            desk_lists.card_at_desk(by, card_id, at=NOON)
        with pytest.raises(NotFound, match="card_not_found"):
            desk_lists.find_card(by, number_of(card_id))
        with pytest.raises(NotFound, match="unit_not_found"):
            desk_lists.cards_of_unit(by, people.unit, at=NOON)


def test_a_card_that_was_deleted_is_gone_from_the_desk(people: People) -> None:
    number = number_of(people.holder.card_id)
    set_card(people.holder.card_id, state="deleted", birth_year=None, postcode=None)
    with pytest.raises(NotFound, match="card_not_found"):
        desk_lists.card_at_desk(people.desk, people.holder.card_id, at=NOON)
    with pytest.raises(NotFound, match="card_not_found"):
        desk_lists.find_card(people.desk, number)
    assert {row.card_id for row in listed(people, show="all")} == {people.other_holder.card_id}


def test_a_desk_serves_the_units_of_its_roles(people: People) -> None:
    with act() as session:
        second = Unit(issuer_id="sosiaalityo", name="Hervanta")
        session.add(second)
        session.flush()
    both = Staff("", 0, "both", (HeldRole("desk", unit_id=second.id), HeldRole("desk", unit_id=people.unit)))
    assert desk_lists.units_of_desk(both) == [
        DeskUnit(second.id, "Sosiaalityö, Hervanta"),
        DeskUnit(people.unit, "Sosiaalityö"),
    ]
    assert desk_lists.units_of_desk(people.coordinator) == []


# One card


def test_a_card_whole(people: People) -> None:
    page = desk_lists.card_at_desk(people.desk, people.holder.card_id, at=NOON)
    assert (page.number, page.kind, page.state, page.label) == (
        number_of(people.holder.card_id),
        "personal",
        "registered",
        None,
    )
    assert (page.blocked_reason, page.replaced_by_id, page.replaced_by) == (None, None, None)
    assert (page.unit_id, page.unit_name) == (people.unit, "Sosiaalityö")
    assert (page.birth_year, page.postcode, page.life_situation, page.gender) == (1986, "33100", None, None)
    assert (page.first_day, page.last_day, page.days_left, page.language) == (TODAY, LAST, 364, "fi")
    assert [(child.birth_year, child.status) for child in page.children] == [
        (2019, "valid"),
        (2008, "turning_18"),
        (2006, "ended"),
    ]
    assert page.periods == (PeriodLine("new", TODAY, LAST, TODAY, 3),)
    assert (page.letter_open, page.ended, page.can_renew) == (False, False, False)


def test_a_replaced_card_names_the_new_one(people: People) -> None:
    new_id, number = desk_cards.replace_card(people.desk, people.holder.card_id, at=NOON, reason="stolen")
    page = desk_lists.card_at_desk(people.desk, people.holder.card_id, at=NOON)
    assert (page.state, page.blocked_reason, page.replaced_by_id, page.replaced_by) == (
        "replaced",
        "stolen",
        new_id,
        number,
    )
    assert page.renewal_refused == "replaced"


def test_a_blank_card_has_no_days(people: People) -> None:
    page = desk_lists.card_at_desk(people.desk, blank("123456789018", people.unit), at=NOON)
    assert (page.state, page.first_day, page.last_day, page.days_left, page.renewal_opens) == (
        "blank",
        None,
        None,
        None,
        None,
    )
    assert (page.renewal_refused, page.ended, page.children) == ("not_registered", False, ())


def test_a_letter_is_open_until_it_is_used_or_over(people: People) -> None:
    def is_open(days: int = 0) -> bool:
        return desk_lists.card_at_desk(people.desk, people.holder.card_id, at=NOON + days * DAY).letter_open

    code = desk_cards.new_letter(people.desk, people.holder.card_id, at=NOON)
    assert (is_open(), is_open(60), is_open(61)) == (True, True, False)
    invitations.redeem_letter(code, 1986, at=NOON)
    assert not is_open()
    code = desk_cards.new_letter(people.desk, people.holder.card_id, at=NOON)
    for _ in range(5):
        with pytest.raises(Refused):
            invitations.redeem_letter(code, 1999, at=NOON)
    assert not is_open(), "five wrong birth years"


def test_the_journal_tells_the_desk_what_desks_did_and_not_where_the_holder_went(people: People) -> None:
    record(typed(number_of(people.holder.card_id)), people.gate)
    code = desk_cards.new_letter(people.desk, people.holder.card_id, at=NOON + DAY)
    invitations.redeem_letter(code, 1986, at=NOON + 2 * DAY)
    desk_cards.change_children(people.desk, people.holder.card_id, at=NOON + 3 * DAY, children=())
    desk_cards.block_card(people.desk, people.holder.card_id, "lost", at=NOON + 4 * DAY)
    page = desk_lists.card_at_desk(people.desk, people.holder.card_id, at=NOON + 5 * DAY)
    assert [(at, act_name) for at, act_name, _ in page.journal[:-1]] == [
        (NOON + 4 * DAY, "desk:card:blocked"),
        (NOON + 3 * DAY, "desk:children:changed"),
        (NOON + 2 * DAY, "holder:letter:used"),
        (NOON + DAY, "desk:letter:made"),
    ]
    assert [line[1] for line in page.journal[-1:]] == ["desk:card:registered"]
    assert page.journal[0][2] == {"reason": "lost"}


# By number


@pytest.mark.parametrize("state", ["blank", "registered", "blocked", "replaced"])
def test_a_card_is_found_by_its_number_in_any_state(people: People, state: str) -> None:
    set_card(people.holder.card_id, state=state, number="123456789018")
    assert desk_lists.find_card(people.desk, "l234-5678 9Ol8") == people.holder.card_id


@pytest.mark.parametrize("typed_number", ["123456789012", "?", ""])
def test_a_mistyped_number_says_so(people: People, typed_number: str) -> None:
    with pytest.raises(Refused, match="number_mistyped"):
        desk_lists.find_card(people.desk, typed_number)


def test_a_number_nobody_has_is_not_found(people: People) -> None:
    with pytest.raises(NotFound, match="card_not_found"):
        desk_lists.find_card(people.desk, "TRE-0042")


# The list


def test_cards_that_end_soonest_come_first(people: People) -> None:
    soon, later = give(people, TODAY + 5 * DAY), give(people, TODAY + 90 * DAY)
    today, over = give(people, TODAY), give(people, TODAY - DAY)
    blocked = give(people, TODAY + DAY, state="blocked")
    waiting = blank("123456789018", people.unit)
    blank("000000000000", people.other_unit)
    holders = [people.holder.card_id, people.other_holder.card_id]
    assert [row.card_id for row in listed(people)] == [today, soon, later, *holders]
    assert [row.card_id for row in listed(people, show="ended")] == [over]
    assert [row.card_id for row in listed(people, show="all")] == [*holders[::-1], later, soon, blocked, today, over]
    assert [row.card_id for row in listed(people, show="blank")] == [waiting]
    assert [(row.days_left, row.renewal_open) for row in listed(people)[:3]] == [(0, True), (5, True), (90, False)]


def test_a_row_of_the_list(people: People) -> None:
    row = next(row for row in listed(people) if row.card_id == people.holder.card_id)
    assert (row.number, row.kind, row.state, row.label) == (
        number_of(people.holder.card_id),
        "personal",
        "registered",
        None,
    )
    assert (row.birth_year, row.last_day, row.days_left, row.children) == (1986, LAST, 364, 2)
    desk_cards.change_children(people.desk, people.holder.card_id, at=NOON, children=((None, "child"),))
    assert [one.children for one in listed(people)] == [1, 0]
    waiting = blank("123456789018", people.unit)
    (row,) = listed(people, show="blank")
    assert (row.card_id, row.last_day, row.days_left, row.renewal_open) == (waiting, None, None, False)


@pytest.mark.parametrize("show", ["open", "ended", "all", "blank"])
def test_a_list_goes_on_where_the_page_before_ended(people: People, show: str) -> None:
    for n in range(7):
        give(people, TODAY + (n % 3) * DAY)  # several end on one day
        give(people, TODAY - (1 + n % 3) * DAY)
        blank(f"TRE{n:04}", people.unit)
    whole, pages, after = listed(people, show=show), [], None
    while rows := listed(people, show=show, after=after, limit=3):
        pages += rows
        after = rows[-1].cursor
    assert pages == whole
    assert len(whole) >= 7


@pytest.mark.parametrize(
    "after",
    ["", "x", "2026-11-25", "2026-11-25_x", "yesterday_5", "2026-13-01_1"]
    + [f"2026-11-25_{number}" for number in ("-1", 2**31, 2**63)],  # which no row can have
)
def test_a_page_that_is_not_there(people: People, after: str) -> None:
    with pytest.raises(NotFound, match="page_not_found"):
        listed(people, after=after)


def test_a_card_is_found_by_the_code_that_it_shows(people: People) -> None:
    """Somebody brings a card that was found in a tram: its own desk knows which one it is."""
    shown = credentials.add_phone_key(people.holder, b"\x02" + b"k" * 32, at=NOON).credential
    assert desk_lists.find_shown_card(people.desk, shown) == people.holder.card_id
    desk_cards.block_card(people.desk, people.holder.card_id, "lost", at=NOON)
    assert desk_lists.find_shown_card(people.desk, shown) == people.holder.card_id, "a stopped one too"
    for who, what in ((people.other_desk, shown), (people.desk, b"other")):
        with pytest.raises(NotFound, match="card_not_found"):
            desk_lists.find_shown_card(who, what)
