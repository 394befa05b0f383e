"""Which cards were used at least once in a year: the count that stays when links are cut and cards are deleted."""

from sqlalchemy import delete, select

from wallet.clock import helsinki_day
from wallet.register import rules
from wallet.register.database import db, held
from wallet.register.tables import Card, Use
from wallet.register.tables_life import CardYear


def used(use: Use) -> None:
    """A use was recorded, inside the act that is under way; its card's row is locked."""
    if use.card_id is None:
        return  # it came late, and its card was deleted meanwhile: nobody knows whether the year was counted
    year = use.day.year
    known = select(CardYear.id).where(CardYear.card_id == use.card_id, CardYear.year == year)
    if db.session.scalar(known) is not None:
        return
    card = db.session.get_one(Card, use.card_id)
    db.session.add(
        CardYear(
            card_id=card.id,
            year=year,
            kind=card.kind,
            area_id=card.area_id,
            unit_id=card.unit_id,
            birth_year=card.birth_year,
            gender=card.gender,
            life_situation=card.life_situation,
        )
    )


def undone(use: Use) -> None:
    """A use was undone: where it was the card's only one in its year, that year is gone."""
    if use.card_id is None:
        return  # its link was cut: what it counted for stays counted
    assert use.undone_at is not None
    if use.day.replace(month=1, day=1) < rules.first_linked_day(helsinki_day(use.undone_at)):
        return  # other links of that year were cut, and may be what it counts
    db.session.execute(held(select(Card.id).where(Card.id == use.card_id)))
    same_year = Use.day.between(use.day.replace(month=1, day=1), use.day.replace(month=12, day=31))
    left = select(Use.id).where(Use.card_id == use.card_id, Use.undone_at.is_(None), same_year).limit(1)
    if db.session.scalar(left) is None:
        db.session.execute(delete(CardYear).where(CardYear.card_id == use.card_id, CardYear.year == use.day.year))
