"""What reports count, and where a card or a word still stands: for tests of what must stay and what must go."""

from typing import Any

from sqlalchemy import func, select

from wallet.register.database import db
from wallet.register.tables import Use, Venue
from wallet.register.tables_life import CardPeriod, CardYear


def figures() -> dict[str, list[tuple[Any, ...]]]:
    """Uses and children by day, venue, area, sector, kind and how they were read; cards in use by year, area, unit,
    birth year, gender and life situation; cards given by day and unit."""
    of_use = (Use.day, Use.venue_id, Venue.area_id, Use.sector, Use.kind, Use.read_by, Use.late)
    uses = (
        select(*of_use, func.count(), func.sum(Use.children), func.sum(Use.assistants))
        .join(Venue, Venue.id == Use.venue_id)
        .where(Use.undone_at.is_(None))
        .group_by(*of_use)
    )
    of_year = (CardYear.year, CardYear.kind, CardYear.area_id, CardYear.unit_id)
    of_person = (CardYear.birth_year, CardYear.gender, CardYear.life_situation)
    years = select(*of_year, *of_person, func.count()).group_by(*of_year, *of_person)
    of_period = (CardPeriod.given_on, CardPeriod.unit_id, CardPeriod.how)
    given = select(*of_period, func.count(), func.sum(CardPeriod.children)).group_by(*of_period)
    return {
        name: sorted((tuple(row) for row in db.session.execute(query)), key=repr)
        for name, query in (("uses", uses), ("years", years), ("given", given))
    }


def said_of(*words: str) -> list[str]:
    """Where in the whole register one of these words stands, as table.column; bytes are read as hex."""
    found = []
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            for name, value in row.items():
                text = value.hex() if isinstance(value, bytes) else str(value)
                if any(word in text for word in words):
                    found.append(f"{table.name}.{name}")
    return sorted(set(found))


def pointing_at(card_id: int) -> list[str]:
    """The columns in which a row points at this card."""
    found = []
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table.name == "cards" for key in column.foreign_keys):
                rows = select(func.count()).select_from(table).where(column == card_id)
                if db.session.scalar(rows):
                    found.append(f"{table.name}.{column.name}")
    return sorted(found)
