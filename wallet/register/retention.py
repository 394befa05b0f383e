"""What has had its time, and goes (DOMAIN.md, "Reports", Retention): first said, then done, in small acts that may be
stopped anywhere and run again. Counts of uses and of cards in use stay as they are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, or_, select, update

from wallet.clock import helsinki_day
from wallet.register import imports, journal, rules
from wallet.register.database import act, db
from wallet.register.judging import OLDEST_DAYS
from wallet.register.own_data import cut, own_cards
from wallet.register.tables import Credential, JournalLine, Scan, Use
from wallet.register.tables_life import CardImport, CardYear
from wallet.register.tables_offline import PublishedList
from wallet.register.tables_signin import Invitation, SignIn

AT_ONCE = 500  # rows of one act
SIGN_IN_DAYS = 30  # after its end
LIST_DAYS = 8  # after seven days no gate may use it for green
INVITATION_DAYS = 365  # after it was used, cancelled or over
KEYS_COUNTED_DAYS = 31  # keys made in the last 30 days are counted (credentials.keys_made)


@dataclass(frozen=True)
class Rule:
    """One rule of retention: which rows' keys, and what is done with some of them inside an act."""

    name: str
    due: Select[*tuple[Any, ...]]
    end: Callable[[list[Any]], None]


def _rules(at: datetime) -> tuple[Rule, ...]:
    today, first_linked = helsinki_day(at), rules.first_linked_day(helsinki_day(at))

    def before(days: int) -> datetime:
        return at - timedelta(days=days)

    long_ago = before((today - first_linked).days)
    over = func.coalesce(Invitation.used_at, Invitation.cancelled_at, Invitation.ends_at)
    newest = select(func.max(PublishedList.number)).scalar_subquery()
    return (
        # A season right that still runs is the same right again, so it stays its card's until it ends.
        Rule(
            "links",
            select(Use.id).where(
                Use.card_id.is_not(None), Use.day < first_linked, or_(Use.until.is_(None), Use.until < today)
            ),
            _cut_links,
        ),
        # By then every use of that year was cut.
        Rule(
            "years",
            select(CardYear.id).where(CardYear.card_id.is_not(None), CardYear.year < first_linked.year),
            _cut_years,
        ),
        Rule(
            "refusals",
            select(Scan.id).where(Scan.use_id.is_(None), Scan.at < before(rules.REFUSAL_DAYS)),
            _delete_of(Scan.id),
        ),
        # A record may come two weeks late, and is judged by the credential that it carries.
        Rule(
            "credentials",
            select(Credential.id).where(
                Credential.last_day < today - timedelta(days=OLDEST_DAYS),
                Credential.made_at < before(KEYS_COUNTED_DAYS),
            ),
            _delete_credentials,
        ),
        Rule(
            "sign-ins",
            select(SignIn.id).where(or_(SignIn.ends_at < before(SIGN_IN_DAYS), SignIn.ended_at < before(SIGN_IN_DAYS))),
            _delete_of(SignIn.id),
        ),
        Rule("letters", select(Invitation.id).where(over < before(INVITATION_DAYS)), _delete_of(Invitation.id)),
        # The newest stays: numbers go on from it.
        Rule(
            "lists",
            select(PublishedList.number).where(
                PublishedList.issued_at < before(LIST_DAYS), PublishedList.number < newest
            ),
            _delete_of(PublishedList.number),
        ),
        Rule(
            "imports",
            select(CardImport.id).where(CardImport.made_at < at - imports.WAITS),
            _delete_of(CardImport.id),
        ),
        # Whatever else says of a card where it was.
        Rule(
            "journal links",
            select(JournalLine.id).where(
                JournalLine.card_id.is_not(None), JournalLine.venue_id.is_not(None), JournalLine.at < long_ago
            ),
            _cut_lines,
        ),
        Rule(
            "journal of sign-ins",
            select(JournalLine.id).where(JournalLine.act.like("%:sign-in:%"), JournalLine.at < long_ago),
            _delete_of(JournalLine.id),
        ),
    )


def due(*, at: datetime) -> dict[str, int]:
    """How many rows each rule would end now. Changes nothing."""
    return {
        rule.name: db.session.scalar(select(func.count()).select_from(rule.due.subquery())) or 0 for rule in _rules(at)
    }


def purge(*, at: datetime) -> dict[str, int]:
    """End what is due by each rule; how many rows that were. A journal line says so."""
    ended = {}
    for rule in _rules(at):
        ended[rule.name] = 0
        while keys := _some(rule):
            ended[rule.name] += len(keys)
    with act():
        journal.write("register:retention:done", at=at, rows=ended)
    return ended


def _some(rule: Rule) -> list[Any]:
    """One act of a rule: the keys of the rows that it ended, none when there are no more."""
    with act() as session:
        keys = list(session.scalars(rule.due.limit(AT_ONCE)))
        if keys:
            rule.end(keys)
        return keys


def _delete_of(key: Any) -> Callable[[list[Any]], None]:
    def end(keys: list[Any]) -> None:
        db.session.execute(delete(key.class_).where(key.in_(keys)))

    return end


def _cut_links(keys: list[Any]) -> None:
    recorded = select(Use.card_id, Use.venue_id).where(Use.id.in_(keys)).distinct()
    for card_id, venue_id in db.session.execute(recorded).all():
        assert card_id is not None
        # A new card took the lost one's uses over; their lines are still the lost one's.
        own = own_cards(card_id)
        there = select(JournalLine).where(JournalLine.card_id.in_(own), JournalLine.venue_id == venue_id)
        _cut_lines([line.id for line in db.session.scalars(there) if line.facts.get("use") in keys])
    cut(keys)


def _cut_lines(keys: list[Any]) -> None:
    db.session.execute(update(JournalLine).where(JournalLine.id.in_(keys)).values(card_id=None, by_card_id=None))


def _cut_years(keys: list[Any]) -> None:
    db.session.execute(update(CardYear).where(CardYear.id.in_(keys)).values(card_id=None))


def _delete_credentials(keys: list[Any]) -> None:
    db.session.execute(update(Credential).where(Credential.renews_id.in_(keys)).values(renews_id=None))
    db.session.execute(delete(Credential).where(Credential.id.in_(keys)))
