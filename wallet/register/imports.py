"""Bringing existing cards into the register from a file: checked and shown first, then all of it or nothing.

It is safe to do again. A card that is there is changed in its days alone, forward or back as the file says; one that
was blocked or replaced stays that. The number of one that its holder had deleted is not kept, so a file brings it as a
new card (docs/decisions/0016). A row holds plain values (card_files.Row) and waits in `card_imports` for a yes, at most
a day.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from wallet.clock import helsinki_day
from wallet.register import journal, rules
from wallet.register.card_files import Fault, Row, read
from wallet.register.cards import area_of_unit
from wallet.register.database import act, db, held
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Staff
from wallet.register.tables import Area, Card, ChildTicket, Unit
from wallet.register.tables_life import CardImport, CardPeriod

CHUNK = 500  # rows written between two signs of progress
WAITS = timedelta(days=1)  # for a yes; then `retention` ends it
STOPPED = ("blocked", "replaced", "deleted")


@dataclass(frozen=True)
class Counts:
    """What an import does, or did: cards that are new, that get other days, that stay as they are, and that were
    stopped and so are left alone."""

    new: int
    changed: int
    same: int
    stopped: int


@dataclass(frozen=True)
class Checked:
    """A file that was read. `import_id` is there where it may be carried out, `faults` where not."""

    import_id: int | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class ImportPage:
    """An import that waits for a yes, or was carried out."""

    import_id: int
    unit_id: int
    counts: Counts
    done_at: datetime | None
    faults: tuple[Fault, ...] = ()  # the register changed since the file was read

    @property
    def done_on(self) -> date | None:
        """The day on which it was carried out."""
        return helsinki_day(self.done_at) if self.done_at else None


@dataclass
class _Plan:
    """What is to be done with each row."""

    new: list[Row]
    changed: list[tuple[int, Row]]  # (card id, row)
    same: int = 0
    stopped: int = 0

    @property
    def counts(self) -> Counts:
        return Counts(len(self.new), len(self.changed), self.same, self.stopped)


def check_file(by: Staff, unit_id: int, data: bytes, *, at: datetime) -> Checked:
    """Read a file of cards of a unit and keep what it says until somebody says yes. Nothing is kept of a file with a
    fault. Raises NotFound for another's unit, Refused("area_ended") where the area gives no cards any more."""
    if unit_id not in by.desk_units:
        raise NotFound("unit_not_found")
    area, today = area_of_unit(unit_id), helsinki_day(at)
    if rules.refused_giving(area.status, today, today) is not None:
        raise Refused("area_ended")
    rows, faults = read(data, today=today)
    if not faults:
        _, faults = _plan(unit_id, rows, area, today)
    if faults:
        return Checked(None, tuple(faults))
    with act() as session:
        kept = CardImport(unit_id=unit_id, account_id=by.account_id, made_at=at, rows=rows)
        session.add(kept)
        session.flush()
        journal.write("desk:import:checked", at=at, by=by, unit=unit_id, file=kept.id, rows=len(rows))
        return Checked(kept.id)


def import_page(by: Staff, import_id: int, *, at: datetime) -> ImportPage:
    """An import of one of the asker's units: what it would do now, or what it did. Raises NotFound."""
    found = _mine(by, import_id)
    if found.rows is None:
        return ImportPage(found.id, found.unit_id, Counts(**(found.result or {})), found.done_at)
    plan, faults = _plan(found.unit_id, found.rows, area_of_unit(found.unit_id), helsinki_day(at))
    return ImportPage(found.id, found.unit_id, plan.counts, None, tuple(faults))


def _mine(by: Staff, import_id: int, *, lock: bool = False) -> CardImport:
    query = select(CardImport).where(CardImport.id == import_id, CardImport.unit_id.in_(by.desk_units))
    found = db.session.scalars(held(query) if lock else query).one_or_none()
    if found is None:
        raise NotFound("import_not_found")
    return found


def _plan(
    unit_id: int, rows: Sequence[Row], area: Area, today: date, *, lock: bool = False
) -> tuple[_Plan, list[Fault]]:
    """What is to be done with each row, and why one can't be: the register asked once for all of them, in a few
    statements however many they are."""
    plan, faults = _Plan([], []), list[Fault]()
    latest = rules.latest_last_day(today)
    issuer = db.session.scalar(select(Unit.issuer_id).where(Unit.id == unit_id))
    known = _known([row["number"] for row in rows], lock=lock)
    for row in rows:
        last = _day(row, "last_day")
        if area.pilot_ends is not None and last > area.pilot_ends:
            faults.append(Fault(row["row"], "last_day", "after_pilot", {"ends": area.pilot_ends}))
        elif last > latest:
            faults.append(Fault(row["row"], "last_day", "day_too_far", {"latest": latest}))
        card = known.get(row["number"])
        if card is None:
            plan.new.append(row)
        elif card.issuer_id != issuer:
            faults.append(Fault(row["row"], "number", "number_of_another"))
        elif card.state == "blank":
            faults.append(Fault(row["row"], "number", "number_blank"))
        elif card.kind == rules.COMMUNITY:
            faults.append(Fault(row["row"], "number", "number_community"))
        elif card.state in STOPPED:
            plan.stopped += 1
        elif (card.first_day.isoformat(), card.last_day.isoformat()) == (row["first_day"], row["last_day"]):
            plan.same += 1
        else:
            plan.changed.append((card.id, row))
    return plan, faults


def _known(numbers: Sequence[str], *, lock: bool) -> dict[str, Any]:
    """What the register knows of these numbers; with `lock` the cards stay as they are until the act ends, held in the
    order of their ids, as everyone does who holds several."""
    query = (
        select(Card.id, Card.number, Card.state, Card.kind, Card.first_day, Card.last_day, Unit.issuer_id)
        .join(Unit, Unit.id == Card.unit_id)
        .where(Card.number.in_(numbers))
        .order_by(Card.id)
    )
    rows = db.session.execute(query.with_for_update(key_share=True, of=Card) if lock else query)
    return {row.number: row for row in rows}


def carry_out(by: Staff, import_id: int, *, at: datetime) -> Iterator[tuple[int, int]]:
    """Do what an import says, as one act; yields (rows done, rows in all) on the way. The act is over when the last
    was yielded; who stops asking before has nothing done. A second yes finds it done, and yields nothing.

    Raises NotFound, and Refused("import_stale") where the register changed so that a row can't be done any more."""
    try:
        with act():
            found = _mine(by, import_id, lock=True)
            if found.rows is None:
                return
            unit_id, area, rows = found.unit_id, area_of_unit(found.unit_id), found.rows
            plan, faults = _plan(unit_id, rows, area, helsinki_day(at), lock=True)
            if faults:
                raise Refused("import_stale")
            done = plan.same + plan.stopped
            yield done, len(rows)
            for chunk in _chunks(plan.changed):
                _change_days(unit_id, chunk, by=by, at=at)
                done += len(chunk)
                yield done, len(rows)
            for chunk in _chunks(plan.new):
                _add_cards(unit_id, area.id, chunk, by=by, at=at)
                done += len(chunk)
                yield done, len(rows)
            counts = vars(plan.counts)
            found.rows, found.result, found.done_at = None, counts, at
            journal.write("desk:cards:imported", at=at, by=by, unit=unit_id, file=found.id, **counts)
    except IntegrityError as error:
        raise Refused("import_stale") from error


def _chunks(rows: list[Any]) -> Iterator[list[Any]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _add_cards(unit_id: int, area_id: str, rows: Sequence[Row], *, by: Staff, at: datetime) -> None:
    cards = [
        {
            "number": row["number"],
            "state": "registered",
            "area_id": area_id,
            "unit_id": unit_id,
            "birth_year": row["birth_year"],
            "postcode": row["postcode"],
            "life_situation": row["life_situation"],
            "gender": row["gender"],
            "first_day": _day(row, "first_day"),
            "last_day": _day(row, "last_day"),
            "language": row["language"],
            "user_handle": secrets.token_bytes(32),
        }
        for row in rows
    ]
    made = db.session.execute(insert(Card).returning(Card.id, Card.number), cards)
    ids = {number: card_id for card_id, number in made}
    children = [
        {"card_id": ids[row["number"]], "birth_year": year, "relation": "child"}
        for row in rows
        for year in row["children"]
    ]
    if children:
        db.session.execute(insert(ChildTicket), children)
    _add_periods(unit_id, [(ids[row["number"]], row) for row in rows])
    told = {ids[row["number"]]: {"unit": unit_id, "how": "imported"} | _days(row) for row in rows}
    journal.write_each("desk:card:registered", at=at, by=by, facts=told)


def _change_days(unit_id: int, changed: Sequence[tuple[int, Row]], *, by: Staff, at: datetime) -> None:
    """Give cards the days of the file. No earlier stretch may open a door after the new end (B149: what ended in the
    list of its source is over here too)."""
    days = {card_id: (_day(row, "first_day"), _day(row, "last_day")) for card_id, row in changed}
    db.session.execute(
        update(Card), [{"id": card_id, "first_day": one[0], "last_day": one[1]} for card_id, one in days.items()]
    )
    mine, as_it_is = CardPeriod.card_id.in_(days), {"synchronize_session": False}
    ends = select(Card.last_day).where(Card.id == CardPeriod.card_id).scalar_subquery()
    db.session.execute(delete(CardPeriod).where(mine, CardPeriod.first_day > ends).execution_options(**as_it_is))
    shorter = update(CardPeriod).where(mine, CardPeriod.last_day > ends).values(last_day=ends)
    db.session.execute(shorter.execution_options(**as_it_is))
    newest = select(CardPeriod.card_id, func.max(CardPeriod.first_day)).where(mine).group_by(CardPeriod.card_id)
    begun = {card_id: first for card_id, first in db.session.execute(newest) if first >= days[card_id][0]}
    if begun:
        # The stretch goes on, to another end.
        same = (CardPeriod.card_id == bindparam("card"), CardPeriod.first_day == bindparam("begun"))
        longer = update(CardPeriod).where(*same).values(last_day=bindparam("end"))
        ended = [{"card": card_id, "begun": first, "end": days[card_id][1]} for card_id, first in begun.items()]
        db.session.connection().execute(longer, ended)
    _add_periods(unit_id, [(card_id, row) for card_id, row in changed if card_id not in begun])
    journal.write_each("desk:days:changed", at=at, by=by, facts={card_id: _days(row) for card_id, row in changed})


def _add_periods(unit_id: int, cards: Sequence[tuple[int, Row]]) -> None:
    """The stretch that the file tells of each card. It was given on its first day, wherever that was written down."""
    periods = [
        {
            "card_id": card_id,
            "how": "imported",
            "first_day": _day(row, "first_day"),
            "last_day": _day(row, "last_day"),
            "given_on": _day(row, "first_day"),
            "unit_id": unit_id,
            "children": len(row["children"]),
        }
        for card_id, row in cards
    ]
    if periods:
        db.session.execute(insert(CardPeriod), periods)


def _days(row: Row) -> dict[str, str]:
    return {"first_day": row["first_day"], "last_day": row["last_day"]}


def _day(row: Row, column: str) -> date:
    return date.fromisoformat(row[column])
