"""Cards on paper. Missed otherwise: two cards with one number, a code that outlives its card, another desk's sheets."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.people import People
from tests.register.scans import NOON, scan, typed
from tests.register.test_racing import at_once
from wallet.register import blocking, cards, gate_lists, printing, uses
from wallet.register.database import act, db
from wallet.register.errors import NotFound, Refused
from wallet.register.numbers import mistyped
from wallet.register.tables import Card, ChildTicket, Credential, JournalLine
from wallet.register.tables_life import PrintBatch

pytestmark = pytest.mark.usefixtures("noon")
DAY = timedelta(days=1)
KID = 4711


def _print(people: People, *card_ids: int) -> int:
    return printing.paper_credentials(people.desk, people.unit, card_ids, at=NOON, kid=KID)


def _set_card(card_id: int, **values: object) -> None:
    with act() as session:
        session.execute(update(Card).where(Card.id == card_id).values(**values))


def _paper_code(card_id: int) -> bytes:
    """The newest printed credential of a card."""
    query = select(Credential.credential).where(Credential.card_id == card_id, Credential.shown_by == "paper")
    found = db.session.scalar(query.order_by(Credential.id.desc()).limit(1))
    assert found is not None
    return found


def test_another_desk_prints_nothing_of_this_unit(people: People) -> None:
    batch, _ = printing.blank_numbers(people.desk, people.unit, 1, at=NOON)
    for stranger in (people.other_desk, people.coordinator, people.support):
        with pytest.raises(NotFound):
            printing.blank_numbers(stranger, people.unit, 1, at=NOON)
        with pytest.raises(NotFound):
            printing.paper_credentials(stranger, people.unit, [people.holder.card_id], at=NOON, kid=KID)
        with pytest.raises(NotFound):
            printing.batches(stranger, people.unit)
        with pytest.raises(NotFound):
            printing.printable(stranger, people.unit, at=NOON)
        with pytest.raises(NotFound):
            printing.sheet(stranger, batch, at=NOON)
    with pytest.raises(NotFound):
        printing.sheet(people.desk, batch + 1, at=NOON)
    with pytest.raises(NotFound):
        printing.paper_credentials(people.other_desk, people.other_unit, [people.holder.card_id], at=NOON, kid=KID)


def test_blank_cards_have_numbers_of_their_own_and_open_no_door(people: People) -> None:
    """A card works only once it is registered (DOMAIN.md, "Who gets a card", 5)."""
    batch, numbers = printing.blank_numbers(people.desk, people.unit, 500, at=NOON)
    assert len(set(numbers)) == 500
    assert not any(mistyped(number) for number in numbers)
    made = db.session.scalars(select(Card).where(Card.batch_id == batch)).all()
    assert {card.number for card in made} == set(numbers)
    assert {(card.state, card.kind, card.unit_id, card.first_day) for card in made} == {
        ("blank", "personal", people.unit, None)
    }
    assert uses.check_use(typed(numbers[0]), by=people.gate, at=NOON).reason == "unknown_number"
    line = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:batch:printed")).one()
    assert line.by_account_id == people.desk.account_id
    assert line.facts == {"unit": people.unit, "batch": batch, "kind": "blank", "cards": 500, "kid": None}


@pytest.mark.parametrize("count", [-1, 0, 501])
def test_a_batch_has_one_to_five_hundred_cards(people: People, count: int) -> None:
    with pytest.raises(Refused, match="batch_size"):
        printing.blank_numbers(people.desk, people.unit, count, at=NOON)
    with pytest.raises(Refused, match="batch_size"):
        _print(people, *range(max(count, 0)))
    assert not db.session.scalar(select(func.count()).select_from(PrintBatch))


def test_a_number_that_is_taken_is_drawn_again(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = cards.card_of(people.holder, at=NOON).number
    drawn = iter([taken, "123456789018", "123456789018", "100000000019"])
    monkeypatch.setattr(printing, "new_number", lambda: next(drawn))
    assert printing.blank_numbers(people.desk, people.unit, 2, at=NOON)[1] == ["123456789018", "100000000019"]


def test_a_printed_code_lives_as_long_as_its_card(people: People) -> None:
    """Paper can't renew itself."""
    batch = _print(people, people.holder.card_id, people.other_holder.card_id, people.holder.card_id)
    sheet = printing.sheet(people.desk, batch, at=NOON)
    assert (sheet.area_fi, sheet.area_sv, sheet.issuer_name, sheet.unit_name) == (
        "Tampere", "Tammerfors", "Sosiaalityö", "Sosiaalityö",
    )  # fmt: skip
    assert (sheet.batch.kind, sheet.batch.kid, sheet.batch.cards) == ("registered", KID, 2)
    first, second = sheet.cards
    assert first.issued is not None
    assert second.issued is not None
    assert (first.issued.first_day, first.issued.last_day) == (date(2026, 11, 25), date(2027, 11, 24))
    assert (first.issued.children, first.issued.birth_year, first.issued.kind) == (2, 1986, "personal")
    assert (second.children, second.issued.children, second.issued.birth_year) == (0, 0, 1961)
    assert first.issued.credential != second.issued.credential
    lines = db.session.scalars(select(JournalLine).where(JournalLine.act == "desk:card:printed")).all()
    assert {line.card_id for line in lines} == {people.holder.card_id, people.other_holder.card_id}


def test_a_printed_code_is_compared_at_the_gate(people: People) -> None:
    """It is static, so never plain green (CODES.md, "Paper")."""
    _print(people, people.holder.card_id)
    answer = uses.check_use(
        scan(_paper_code(people.holder.card_id), read_by="paper", step=None), by=people.gate, at=NOON
    )
    assert (answer.verdict, answer.notes) == ("amber", ("compare",))


def test_printing_again_stops_the_earlier_code(people: People) -> None:
    """The first paper may be in somebody else's pocket by now."""
    old = _print(people, people.holder.card_id, people.other_holder.card_id)
    before = _paper_code(people.holder.card_id)
    new = _print(people, people.holder.card_id)
    answer = uses.check_use(scan(before, read_by="paper", step=None), by=people.gate, at=NOON)
    assert answer.reason == "withdrawn"
    assert before in gate_lists.stopped_credentials(NOON.date()), "offline too"
    reasons = db.session.scalars(select(Credential.withdrawn_reason).where(Credential.credential == before))
    assert list(reasons) == ["reprinted"]
    # Each batch shows the cards whose last printing it was.
    for batch, holder in ((old, people.other_holder), (new, people.holder)):
        assert [card.card_id for card in printing.sheet(people.desk, batch, at=NOON).cards] == [holder.card_id]


def test_blocking_a_card_stops_its_paper_too(people: People) -> None:
    """B148: the phone's code, the printed card and the typed number are refused together."""
    batch = _print(people, people.holder.card_id)
    code, number = _paper_code(people.holder.card_id), cards.card_of(people.holder, at=NOON).number
    blocking.block_card(people.holder.card_id, "lost", by=people.desk, at=NOON)
    for attempt in (scan(code, read_by="paper", step=None), typed(number)):
        assert uses.check_use(attempt, by=people.gate, at=NOON).reason == "blocked"
    card = printing.sheet(people.desk, batch, at=NOON).cards[0]
    assert card.issued is None, "and it is not printed again by opening its batch"


@pytest.mark.parametrize("changed", [{"state": "blocked", "blocked_reason": "lost"}, {"last_day": date(2026, 11, 24)}])
def test_only_a_valid_registered_card_is_printed_with_a_code(people: People, changed: dict[str, object]) -> None:
    _set_card(people.other_holder.card_id, first_day=date(2026, 1, 1), **changed)
    with pytest.raises(Refused, match="not_printable") as refused:
        _print(people, people.holder.card_id, people.other_holder.card_id)
    assert refused.value.facts == {"number": cards.card_of(people.other_holder, at=NOON).number}
    assert not db.session.scalar(select(func.count()).select_from(Credential)), "all or nothing"


def test_a_community_card_is_printed_too(people: People) -> None:
    """An organisation's card has no birth year and names no children."""
    card = people.other_holder.card_id
    _set_card(card, kind="community", birth_year=None, postcode=None)
    batch = _print(people, card)
    issued = printing.sheet(people.desk, batch, at=NOON).cards[0].issued
    assert issued is not None
    assert (issued.kind, issued.birth_year, issued.children) == ("community", 0, 0)


def test_children_that_no_longer_count_are_not_printed(people: People) -> None:
    """The one of the age that ended, and one that was taken off; the one without a birth year counts."""
    with act() as session:
        session.add(ChildTicket(card_id=people.holder.card_id, ended_on=NOON.date()))
        session.add(ChildTicket(card_id=people.holder.card_id))
    batch = _print(people, people.holder.card_id)
    assert printing.sheet(people.desk, batch, at=NOON).cards[0].children == 3


def test_a_blank_batch_stays_what_it_was(people: People) -> None:
    """A card of it that was given since is opened as it was printed: with its number and no code."""
    batch, numbers = printing.blank_numbers(people.desk, people.unit, 2, at=NOON)
    given = db.session.scalar(select(Card.id).where(Card.number == numbers[0]))
    assert given is not None
    day = NOON.date()
    values = {"area_id": "tampere", "birth_year": 1990, "postcode": "33100", "first_day": day, "last_day": day}
    _set_card(given, state="registered", **values)
    opened = printing.sheet(people.desk, batch, at=NOON).cards
    assert [(card.number, card.issued) for card in opened] == [(number, None) for number in numbers]


def test_what_a_unit_printed_is_listed_newest_first(people: People) -> None:
    blank, _ = printing.blank_numbers(people.desk, people.unit, 3, at=NOON)
    registered = _print(people, people.holder.card_id)
    listed = printing.batches(people.desk, people.unit)
    assert [(one.batch_id, one.kind, one.cards, one.made_on) for one in listed] == [
        (registered, "registered", 1, NOON.date()),
        (blank, "blank", 3, NOON.date()),
    ]


def test_the_cards_to_print_are_the_units_valid_ones(people: People) -> None:
    """Newest first, page by page; a card of a pilot's area too."""
    printing.blank_numbers(people.desk, people.unit, 3, at=NOON)
    first, second = people.holder.card_id, people.other_holder.card_id
    assert [one.card_id for one in printing.printable(people.desk, people.unit, at=NOON)] == [second, first]
    assert [one.card_id for one in printing.printable(people.desk, people.unit, at=NOON, before=second)] == [first]
    assert [one.card_id for one in printing.printable(people.desk, people.unit, at=NOON, limit=1)] == [second]
    _print(people, first)
    _set_card(second, state="blocked", blocked_reason="lost")
    assert [(one.card_id, one.printed) for one in printing.printable(people.desk, people.unit, at=NOON)] == [
        (first, True)
    ]
    assert printing.printable(people.desk, people.unit, at=NOON + 400 * DAY) == []


def test_two_who_print_a_card_at_once_leave_one_code(app: Flask, people: People) -> None:
    """The other print's code is stopped, whoever was first."""
    both = (people.holder.card_id, people.other_holder.card_id)
    at_once(app, [lambda: _print(people, *both), lambda: _print(people, *reversed(both))] * 2)
    live = select(Credential.card_id).where(Credential.shown_by == "paper", Credential.withdrawn_at.is_(None))
    assert sorted(db.session.scalars(live)) == sorted(both)
