"""The lists of withdrawn credentials that gates keep for when they have no connection: what is in one, its number."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from wallet.register.database import act, db
from wallet.register.tables import Credential
from wallet.register.tables_offline import PublishedList


def stopped_credentials(today: date) -> list[bytes]:
    """Ids of credentials that were stopped before their last day, sorted. A renewed key is not among them: its phone
    threw it away, and its own days end it (CODES.md, "The phone's key")."""
    rows = db.session.scalars(
        select(Credential.credential)
        .where(
            Credential.withdrawn_at.is_not(None),
            Credential.withdrawn_reason != "renewed",
            Credential.last_day >= today,
        )
        .order_by(Credential.credential)
    )
    return list(rows)


def newest() -> PublishedList | None:
    """The list with the highest number."""
    return db.session.scalars(select(PublishedList).order_by(PublishedList.number.desc()).limit(1)).one_or_none()


def keep(number: int, digest: bytes, text: str, *, at: datetime) -> str:
    """Publish a list; returns its text, or that of the one with this number that another worker published first."""
    try:
        with act() as session:
            session.add(PublishedList(number=number, issued_at=at, digest=digest, text=text))
    except IntegrityError:
        published = newest()
        assert published is not None
        return published.text
    return text
