"""What has had its time. If these fail, somebody's evenings stay linked to them for good, or figures of past years
change when they should not."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from tests.people import People, make_people
from tests.register.figures import figures, pointing_at, said_of
from tests.register.scans import NOON, count, phone_of, record, scan, typed
from wallet.register import (
    corrections,
    credentials,
    desk_cards,
    gate_lists,
    invitations,
    own_data,
    retention,
    rules,
    signins,
    uses,
    visits,
)
from wallet.register.database import act, db
from wallet.register.tables import Card, Credential, JournalLine, Scan, Use, Venue
from wallet.register.tables_life import CardImport, CardYear, Correction
from wallet.register.tables_offline import PublishedList
from wallet.register.tables_signin import Invitation, SignIn

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
NOTHING = dict.fromkeys(
    (
        *("links", "years", "refusals", "credentials", "sign-ins", "letters", "lists", "imports"),
        *("journal links", "journal of sign-ins"),
    ),
    0,
)

# The rule ("Reports", Retention)


@pytest.mark.parametrize(
    ("today", "first", "sentence"),
    [
        (date(2026, 11, 25), date(2025, 10, 25), "a use is linked to its card for 13 months"),
        (date(2026, 1, 31), date(2024, 12, 31), "over a turn of the year"),
        (date(2026, 2, 1), date(2025, 1, 1), "over a turn of the year"),
        (date(2025, 3, 28), date(2024, 2, 28), "before a leap day"),
        (date(2025, 3, 29), date(2024, 2, 29), "13 months after a leap day it is still linked"),
        (date(2025, 3, 30), date(2024, 3, 1), "there is no 30 February: February has had its time"),
        (date(2026, 3, 29), date(2025, 3, 1), "there is no 29 February in 2025"),
        (date(2026, 12, 31), date(2025, 12, 1), "there is no 31 November"),
    ],
)
def test_how_long_a_use_is_linked(today: date, first: date, sentence: str) -> None:
    assert rules.first_linked_day(today) == first, sentence


def test_a_use_is_never_linked_again_and_never_cut_while_it_can_be_undone() -> None:
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(1600)]
    firsts = [rules.first_linked_day(day) for day in days]
    assert firsts == sorted(firsts)
    kept = {(day - first).days for day, first in zip(days, firsts, strict=True)}
    assert min(kept) > rules.VENUE_UNDO_DAYS + 92, "a paper form may come 92 days late, and be undone 30 days after"
    assert max(kept) < 400


# Links


@dataclass(frozen=True)
class Later:
    """The people, and two uses of the holder's card: one that has had its 13 months, and one of the next day."""

    people: People
    old: int
    fresh: int


@pytest.fixture
def later(app: Any) -> Any:
    """On 24 October 2025 the holder was at the museum, with a conflict and a correction, and on the 25th again; then it
    is NOON, 13 months after the 25th."""
    then = datetime(2025, 10, 24, 9, 0, tzinfo=UTC)
    with time_machine.travel(then, tick=False):
        people = make_people()
        phone = phone_of(people.holder, at=then)
        old = record(scan(phone, then, children=1), people.gate).facts["use_id"]
        uses.record_use(scan(phone, then + HOUR, late=True), by=people.gate, at=then + 2 * HOUR)
        undone = record(scan(phone, then + 3 * HOUR), people.other_gate).facts["use_id"]
        uses.undo_use(undone, by=people.other_gate, at=then + 3 * HOUR, reason="gate")
        fresh = record(scan(phone, then + DAY), people.gate).facts["use_id"]
        corrections.ask(people.holder, old, "day", at=then)
        record(scan(phone_of(people.other_holder, at=then), then), people.other_gate)
    with time_machine.travel(NOON, tick=False):
        yield Later(people, old, fresh)


def due(rule: str, at: datetime = NOON) -> int:
    return retention.due(at=at)[rule]


def test_a_dry_run_changes_nothing(later: Later) -> None:
    before = {table.name: db.session.execute(select(table)).all() for table in db.metadata.sorted_tables}
    counts = retention.due(at=NOON)
    assert (counts["links"], counts["journal links"]) == (3, 6)
    db.session.expire_all()
    assert {table.name: db.session.execute(select(table)).all() for table in db.metadata.sorted_tables} == before


def test_what_was_said_is_what_goes_and_then_there_is_nothing_left(later: Later) -> None:
    said = retention.due(at=NOON)
    did = retention.purge(at=NOON)
    # The lines of the uses went with their links.
    assert did | {"journal links": 0} == said | {"journal links": 0}
    assert retention.due(at=NOON) == NOTHING
    assert retention.purge(at=NOON) == NOTHING
    lines = db.session.scalars(
        select(JournalLine).where(JournalLine.act == "register:retention:done").order_by(JournalLine.id)
    ).all()
    assert [line.facts["rows"] for line in lines] == [did, NOTHING]


def test_the_links_are_cut_to_the_day(later: Later) -> None:
    """The 24th of October has had its 13 months on the 25th of November; the 25th has it tomorrow."""
    assert due("links", NOON - DAY) == 0
    retention.purge(at=NOON)
    assert [one.use_id for one in visits.visits(later.people.holder)] == [later.fresh]
    assert visits.visits(later.people.other_holder) == []
    assert due("links", NOON + DAY) == 1


def test_figures_stay_as_they_were(later: Later) -> None:
    before = figures()
    retention.purge(at=NOON)
    assert figures() == before
    retention.purge(at=NOON + 500 * DAY)
    assert figures() == before


def test_a_cut_use_can_not_be_found_from_any_side(later: Later) -> None:
    holder = later.people.holder.card_id
    retention.purge(at=NOON + 2 * DAY)
    assert "uses.card_id" not in pointing_at(holder)
    row = db.session.get_one(Use, later.old)
    assert (row.card_id, row.step, row.children, row.venue_id) == (None, None, 1, "museo")
    told = db.session.scalars(select(Scan).where(Scan.use_id == later.old)).one()
    assert sorted(told.answer["facts"]) == ["assistants", "children", "recorded_at", "undo_until", "use_id"]
    assert count(Correction) == 0
    lines = db.session.scalars(select(JournalLine).where(JournalLine.venue_id.is_not(None))).all()
    assert {line.card_id for line in lines} == {line.by_card_id for line in lines} == {None}
    assert any(line.facts.get("use") == later.old for line in lines), "what was done stays written"
    number = db.session.get_one(Card, holder).number
    assert said_of(number) == ["cards.number"]


def test_a_cut_use_is_in_no_download(later: Later) -> None:
    retention.purge(at=NOON + 2 * DAY)
    kept = own_data.export(later.people.holder, at=NOON)
    assert (kept["visits"], kept["corrections"], kept["conflicts"]) == ([], [], [])
    assert "gate:use:recorded" not in {line["act"] for line in kept["journal"]}


def test_the_lost_cards_lines_go_with_the_new_ones_links(people: People) -> None:
    """A use from a paper form, written down a month after its day, with a card that was replaced since."""
    number = db.session.get_one(Card, people.holder.card_id).number
    form = typed(number, NOON, read_by="form", late=True)
    with time_machine.travel(NOON + 30 * DAY, tick=False):
        assert uses.record_use(form, by=people.gate, at=NOON + 30 * DAY).recorded
    desk_cards.replace_card(people.desk, people.holder.card_id, at=NOON + 31 * DAY, reason="lost")
    cut_on = NOON + 397 * DAY
    assert (due("links", cut_on), due("journal links", cut_on)) == (1, 0)
    retention.purge(at=cut_on)
    assert count(JournalLine, JournalLine.act == "gate:use:recorded", JournalLine.card_id.is_not(None)) == 0


def test_a_season_right_that_runs_stays_its_cards(people: People, phone: bytes) -> None:
    """A right longer than 13 months would be given twice."""
    with act() as session:
        hall = session.get_one(Venue, "museo")
        hall.offers_season, hall.sector, hall.season_days = True, "sport", 500
    with time_machine.travel(NOON, tick=False):
        record(scan(phone, kind="season"), people.gate)
    until = NOON + 499 * DAY
    assert (due("links", until), due("links", until + DAY)) == (0, 1)


def test_a_year_says_of_which_card_while_a_use_of_it_does(later: Later) -> None:
    """31 December is linked to the end of January: 2025 is cut on 1 February 2027."""
    mine = (CardYear.year == 2025, CardYear.card_id == later.people.holder.card_id)
    retention.purge(at=datetime(2027, 1, 31, 10, tzinfo=UTC))
    assert count(CardYear, *mine) == 1
    retention.purge(at=datetime(2027, 2, 1, 10, tzinfo=UTC))
    assert count(CardYear, *mine) == 0
    assert count(CardYear, CardYear.year == 2025, CardYear.card_id.is_(None), CardYear.birth_year == 1986) == 1


def test_undoing_does_not_take_a_year_that_cut_links_counted(people: People, phone: bytes) -> None:
    """A paper form of late December, entered in March and undone, when January's link is cut already."""
    january, march = datetime(2026, 1, 10, 10, tzinfo=UTC), datetime(2027, 3, 1, 10, tzinfo=UTC)
    number = db.session.get_one(Card, people.holder.card_id).number
    with act() as session:
        session.get_one(Card, people.holder.card_id).first_day = january.date()
    with time_machine.travel(january, tick=False):
        record(typed(number, january), people.gate)
    retention.purge(at=march)
    december = datetime(2026, 12, 20, 10, tzinfo=UTC)
    form = typed(number, december, read_by="form", late=True)
    entered = uses.record_use(form, by=people.gate, at=march)
    assert entered.recorded, entered
    uses.undo_use(entered.facts["use_id"], by=people.gate, at=march, reason="gate")
    assert count(CardYear, CardYear.year == 2026) == 1


# The rest


def test_refused_scans_go_after_thirty_days_and_recorded_ones_stay(people: People, phone: bytes) -> None:
    with time_machine.travel(NOON, tick=False):
        kept = scan(phone)
        first = record(kept, people.gate)
        uses.record_use(typed("TRE0001"), by=people.gate, at=NOON)
        uses.record_use(typed("TRE0002", NOON + SECOND), by=people.gate, at=NOON + SECOND)
    assert due("refusals", NOON + 30 * DAY) == 0
    assert retention.purge(at=NOON + 30 * DAY + SECOND)["refusals"] == 1
    assert count(Scan) == 2
    assert uses.record_use(kept, by=people.gate, at=NOON) == first


def test_ended_sign_ins_go_after_a_month_and_their_lines_after_thirteen(people: People) -> None:
    everyone, at = count(SignIn), people_came()
    signins.end(people.holder.sign_in, at=at)
    assert due("sign-ins", at + 30 * DAY) == 0
    assert retention.purge(at=at + 30 * DAY + SECOND)["sign-ins"] == 1
    # Staff's ended by themselves after twelve hours.
    assert retention.purge(at=at + 32 * DAY)["sign-ins"] == 4
    assert count(SignIn) == everyone - 5
    lines = count(JournalLine, JournalLine.act.like("%:sign-in:%"))
    assert lines == everyone + 1
    assert due("journal of sign-ins", at + 380 * DAY) == 0
    assert due("journal of sign-ins", at + 400 * DAY) == lines


def people_came() -> datetime:
    """When the people of a test signed in."""
    at = db.session.scalar(select(func.max(SignIn.made_at)))
    assert at
    return at


def test_credentials_go_when_no_late_record_can_carry_them(people: People, phone: bytes) -> None:
    """28 days, and two weeks in which a gate's queue may still come. A renewed key points at the one before it."""
    by = people.holder
    first = credentials.add_phone_key(by, b"\x02" + b"1" * 32, at=NOON)
    assert first.once
    later_on = NOON + 20 * DAY
    second = credentials.renew(by, first.credential, first.once, b"\x02" + b"2" * 32, at=later_on)
    assert due("credentials", NOON + 42 * DAY) == 0
    assert retention.purge(at=NOON + 43 * DAY)["credentials"] == 2
    left = db.session.scalars(select(Credential)).one()
    assert (left.credential, left.renews_id) == (second.credential, None)


def test_a_deleted_cards_credentials_go_when_gates_need_not_hear_of_them(people: People, phone: bytes) -> None:
    own_data.delete_card(people.holder, at=NOON)
    assert due("credentials", NOON + 42 * DAY) == 0
    retention.purge(at=NOON + 43 * DAY)
    assert pointing_at(people.holder.card_id) == ["card_periods.card_id"]


def test_keys_of_the_last_thirty_days_are_still_counted(people: People) -> None:
    """A card that ended soon after: its keys' days are over, and a new year begins with them counted."""
    with act() as session:
        session.get_one(Card, people.holder.card_id).last_day = (NOON + DAY).date()
    credentials.add_phone_key(people.holder, b"\x02" + b"1" * 32, at=NOON)
    assert due("credentials", NOON + 30 * DAY) == 0
    assert due("credentials", NOON + 32 * DAY) == 1


def test_letters_go_a_year_after_they_were_used_or_not(people: People) -> None:
    used = invitations.invite_gate("museo", by=None, at=NOON)
    invitations.enrol_gate(used, "Ovi 9", at=NOON + DAY)
    invitations.invite_holder(people.holder.card_id, by=None, at=NOON)
    before = count(Invitation)
    assert retention.purge(at=NOON + 366 * DAY + SECOND)["letters"] == before - 1
    assert due("letters", NOON + (60 + 365) * DAY) == 0
    assert due("letters", NOON + (60 + 365) * DAY + SECOND) == 1


def test_old_lists_go_and_the_newest_stays(people: People) -> None:
    assert due("lists") == 0
    for number in (1, 2, 3):
        gate_lists.keep(number, b"x", "list", at=NOON + number * DAY)
    assert retention.purge(at=NOON + 10 * DAY)["lists"] == 1
    assert retention.purge(at=NOON + 100 * DAY)["lists"] == 1
    assert list(db.session.scalars(select(PublishedList.number))) == [3], "numbers go on from it"


def test_files_of_cards_that_were_read_go_after_a_day(people: People) -> None:
    with act() as session:
        session.add(
            CardImport(unit_id=people.unit, account_id=people.desk.account_id, made_at=NOON, rows=[{"number": "1"}])
        )
    assert due("imports", NOON + DAY) == 0
    assert due("imports", NOON + DAY + SECOND) == 1


def test_many_rows_go_a_few_at_a_time_and_a_stop_between_loses_nothing(
    later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after any of its acts: what was done is whole, and the next run does the rest."""
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    before, acts = figures(), 0
    cut = retention.cut

    def stopped(keys: list[int]) -> None:
        nonlocal acts
        cut(keys)
        acts += 1
        if acts == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(retention, "cut", stopped)
    with pytest.raises(KeyboardInterrupt):
        retention.purge(at=NOON)
    assert due("links") == 2, "the act that was stopped is undone, the one before it is done"
    assert figures() == before
    monkeypatch.setattr(retention, "cut", cut)
    assert retention.purge(at=NOON)["links"] == 2
    assert figures() == before
