"""Desks for tests: a browser at one, a form as a clerk fills it in, and the card that came of it."""

import re
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from tests.people import People
from tests.web.page import Page
from wallet.clock import now
from wallet.register import accounts, signins
from wallet.register.database import db
from wallet.register.identities import HeldRole, Staff
from wallet.register.tables import Card

BOTH = 60  # questions of a form and of the page that answers it: an act reads whole what it changes
FORM = {"Holder's birth year": "1986", "Postcode": "33100"}


class Desk(Page):
    """A browser at a desk."""

    def submit(self, *fields: Any, queries: int = BOTH, **options: Any) -> Page:
        """Send a form; what is done with a card is an act and a page, or an act and a letter."""
        return super().submit(*fields, queries=queries, **options)


def staff_at(*units: int) -> Staff:
    """A member of staff at these desks."""
    roles = tuple(HeldRole("desk", unit_id=unit) for unit in units)
    account = accounts.add_account("Many", "many@example.org", roles, by=None, at=now())
    found = signins.staff(signins.start("staff", at=now(), account_id=account), at=now())
    assert found
    return found


def give(app: Flask, people: People, **fields: str) -> Page:
    """A card given at the desk: the page with its letter."""
    return Page(app, people.desk).open("/desk/give").submit(FORM | fields, queries=BOTH)


def given(page: Page) -> Card:
    """The card whose page or letter this is, as the register has it now."""
    db.session.rollback()
    found = re.match(r"/desk/cards/(\d+)", page.path)
    assert found, page.path
    return db.session.get_one(Card, int(found[1]), populate_existing=True)


def count() -> int:
    """How many cards there are."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Card)) or 0


def who_may_not(app: Flask, people: People, path: str, *, others: int) -> None:
    """A stranger, a holder and a gate are led to signing in; a coordinator has no desk; what another desk hears."""
    for who in (None, people.holder, people.gate):
        assert Page(app, who).request(path).headers["Location"] == "/staff/sign-in", who
    for who in (people.coordinator, people.support):
        Page(app, who).open(path, status=403)
    Page(app, people.other_desk).open(path, status=others)
