"""Registering, reading and blocking a card."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from tests.people import People
from tests.register.scans import NOON
from wallet.register import blocking, cards
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder
from wallet.register.numbers import mistyped
from wallet.register.tables import Area, Card, ChildTicket, JournalLine, Unit

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)


def _give(people: People, **values: object) -> Card:
    given: dict[str, object] = {"birth_year": 1990, "postcode": "33100", "at": NOON} | values
    card_id, number = cards.register_card(people.unit, by=people.desk, **given)  # type: ignore[arg-type]
    card = db.session.get_one(Card, card_id)
    assert card.number == number
    return card


def test_a_card_is_registered_for_a_year_with_a_number_of_its_own(people: People) -> None:
    card = _give(people, children=((2019, "child"), (None, "grandchild")), life_situation="student", gender="other")
    assert (card.first_day, card.last_day) == (date(2026, 11, 25), date(2027, 11, 24))
    assert (card.state, card.kind, card.area_id, card.unit_id) == ("registered", "personal", "tampere", people.unit)
    assert (card.life_situation, card.gender, card.language) == ("student", "other", "fi")
    assert len(card.number) == 12
    assert not mistyped(card.number)
    tickets = db.session.scalars(select(ChildTicket).where(ChildTicket.card_id == card.id).order_by(ChildTicket.id))
    assert [(ticket.birth_year, ticket.relation) for ticket in tickets] == [(2019, "child"), (None, "grandchild")]
    line = db.session.scalars(select(JournalLine).where(JournalLine.card_id == card.id)).one()
    assert (line.act, line.by_account_id, line.facts) == (
        "desk:card:registered",
        people.desk.account_id,
        {"unit": people.unit, "how": "new", "first_day": "2026-11-25", "last_day": "2027-11-24"},
    )


def test_a_number_that_is_taken_is_not_given_again(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance would do this once in a hundred thousand million cards."""
    taken, drawn = cards.card_of(people.holder, at=NOON).number, ["123456789018"]
    monkeypatch.setattr(cards, "new_number", lambda: drawn.pop() if len(drawn) == 2 else drawn[0])
    drawn.append(taken)
    assert _give(people).number == "123456789018"


def test_a_form_that_is_sent_twice_gives_one_card(people: People) -> None:
    """A double click (B050). The same form with other answers, after the browser's Back, is another card."""
    first = _give(people, once="form")
    with pytest.raises(Refused, match="given_already") as refused:
        _give(people, once="form")
    assert refused.value.facts == {"card_id": first.id}
    assert _give(people, once="form", birth_year=1991).id != first.id
    assert _give(people, once="another form").id != first.id


def test_a_form_with_a_blank_card_that_is_sent_twice(people: People) -> None:
    """Its number is taken by then, and by this very form; for another form it is simply taken."""
    with act() as session:
        session.add(Card(number="123456789018", unit_id=people.unit, user_handle=b"b" * 32))
    first = _give(people, number="123456789018", once="form")
    with pytest.raises(Refused, match="given_already") as refused:
        _give(people, number="123456789018", once="form")
    assert refused.value.facts == {"card_id": first.id}
    with pytest.raises(Refused, match="number_taken"):
        _give(people, number="123456789018", once="another form")


def test_a_day_begins_at_midnight_in_finland(people: People) -> None:
    """22:30 UTC on New Year's Eve is next year in Helsinki: of age, and valid from there."""
    card = _give(people, birth_year=2011, at=NOON.replace(month=12, day=31, hour=22, minute=30))
    assert card.first_day == date(2027, 1, 1)


def test_who_is_too_young_gets_no_card(people: People) -> None:
    assert _give(people, birth_year=2010).birth_year == 2010
    with pytest.raises(Refused, match="too_young"):
        _give(people, birth_year=2011)


def test_a_pilots_card_ends_with_the_pilot(people: People) -> None:
    with act() as session:
        session.execute(update(Area).where(Area.id == "tampere").values(pilot_ends=date(2026, 12, 31)))
    assert _give(people).last_day == date(2026, 12, 31)
    with pytest.raises(Refused, match="pilot_over"):
        _give(people, at=NOON + 60 * DAY)


def test_a_card_has_at_most_fifteen_child_tickets(people: People) -> None:
    """What the code's four bits can say (CODES.md)."""
    _give(people, children=((2019, "child"),) * 15)
    with pytest.raises(Refused, match="too_many_children"):
        _give(people, children=((2019, "child"),) * 16)


def test_an_unknown_unit_gives_no_card(people: People) -> None:
    with pytest.raises(NotFound, match="unit_not_found"):
        cards.register_card(10**6, by=None, at=NOON, birth_year=1990, postcode="33100")


def test_an_unknown_relation_is_refused_and_nothing_is_kept(people: People) -> None:
    before = db.session.scalar(select(func.count()).select_from(Card))
    with pytest.raises(IntegrityError):
        _give(people, children=((2019, "child"), (2019, "neighbour")))
    assert db.session.scalar(select(func.count()).select_from(Card)) == before


@pytest.mark.parametrize(
    "values",
    [{"postcode": None}, {"birth_year": None}, {"unit_id": None}, {"first_day": None}, {"last_day": date(2020, 1, 1)}],
)
def test_a_registered_card_is_whole(people: People, values: dict[str, object]) -> None:
    """Birth year, postcode, unit and days are mandatory (DOMAIN.md): the table itself says so."""
    with pytest.raises(IntegrityError), act() as session:
        session.execute(update(Card).where(Card.id == people.holder.card_id).values(**values))


def test_a_holder_reads_their_own_card(people: People) -> None:
    page = cards.card_of(people.holder, at=NOON)
    assert (page.card_id, page.kind, page.birth_year) == (people.holder.card_id, "personal", 1986)
    assert (page.area_name_fi, page.area_name_sv, page.unit_name) == ("Tampere", "Tammerfors", "Sosiaalityö")
    assert (page.first_day, page.last_day, page.days_left) == (date(2026, 11, 25), date(2027, 11, 24), 364)
    assert (page.refused, page.has_pin, page.renewal_opens) == (None, False, date(2027, 9, 25))
    assert [(child.status, child.may_have_card, child.ends_year) for child in page.children] == [
        ("valid", False, 2037),
        ("turning_18", True, 2026),
        ("ended", True, 2024),
    ]
    assert page.children_open == 2


def test_a_child_ticket_without_a_birth_year_has_no_end(people: People) -> None:
    card = _give(people, children=((None, "child"),))
    (child,) = cards.card_of(Holder("", card.id), at=NOON).children
    assert (child.status, child.ends_year, child.may_have_card) == ("valid", None, False)


def test_a_unit_with_a_name_of_its_own_stands_after_its_issuer(people: People) -> None:
    with act() as session:
        session.get_one(Unit, people.unit).name = "Hervanta"
    assert cards.card_of(people.holder, at=NOON).unit_name == "Sosiaalityö, Hervanta"


@pytest.mark.parametrize(
    ("at", "refused", "left"),
    [
        (NOON + 364 * DAY, None, 0),
        (NOON + 365 * DAY, "card_expired", -1),
        (NOON - DAY, "card_not_yet_valid", 365),
    ],
)
def test_a_card_says_when_it_opens_no_door(people: People, at: object, refused: str | None, left: int) -> None:
    page = cards.card_of(people.holder, at=at)  # type: ignore[arg-type]
    assert (page.refused, page.days_left) == (refused, left)


def test_a_card_that_was_never_registered_is_not_found(people: People) -> None:
    with act() as session:
        blank = Card(number="BLANK1", user_handle=b"blank")
        session.add(blank)
        session.flush()
        blank_id = blank.id
    for card_id in (blank_id, 10**6):
        with pytest.raises(NotFound, match="card_not_found"):
            cards.card_of(Holder("", card_id), at=NOON)


def test_a_holder_chooses_their_own_language(people: People) -> None:
    cards.set_language(people.holder, "sv", at=NOON)
    languages = dict(db.session.execute(select(Card.id, Card.language)).all())  # type: ignore[arg-type]
    assert languages == {people.holder.card_id: "sv", people.other_holder.card_id: "fi"}


def test_a_card_is_blocked_once_with_its_reason(people: People) -> None:
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    card = db.session.get_one(Card, people.holder.card_id)
    assert (card.state, card.blocked_reason) == ("blocked", "lost")
    assert cards.card_of(people.holder, at=NOON).refused == "blocked"
    with pytest.raises(Refused, match="blocked"):
        blocking.block_card(people.holder.card_id, "stolen", by=people.desk, at=NOON)
    assert db.session.get_one(Card, people.holder.card_id).blocked_reason == "lost"


@pytest.mark.parametrize(("state", "reason"), [("blank", "not_registered"), ("replaced", "replaced")])
def test_only_a_registered_card_is_blocked(people: People, state: str, reason: str) -> None:
    with act() as session:
        session.execute(update(Card).where(Card.id == people.holder.card_id).values(state=state))
    with pytest.raises(Refused, match=reason):
        blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)


def test_an_unknown_card_is_not_blocked(people: People) -> None:
    with pytest.raises(NotFound, match="card_not_found"):
        blocking.block_card(10**6, "lost", by=people.desk, at=NOON)


def test_numbers_of_the_cards_that_share_a_phone(people: People) -> None:
    rows = {card.id: card.number for card in db.session.scalars(select(Card))}
    both = (people.holder, people.other_holder)
    assert cards.numbers(both) == {who.card_id: rows[who.card_id] for who in both}
    assert cards.numbers(()) == {}
