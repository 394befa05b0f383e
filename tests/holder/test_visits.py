"""My visits: what was recorded with one's own card, newest first."""

from datetime import timedelta

import pytest

from tests.register.scans import phone_of, scan
from tests.web.page import Page, words
from wallet.clock import now
from wallet.register import uses
from wallet.register.database import act
from wallet.register.tables import Use, Venue


def visit(people, *, who=None, gate=None, minutes=0, **values):
    """A use of the holder's card, recorded some minutes ago."""
    at = now() - timedelta(minutes=minutes)
    answer = uses.record_use(scan(phone_of(who or people.holder, at=at), at, **values), by=gate or people.gate, at=at)
    assert answer.recorded, answer
    return answer.facts["use_id"]


def rows(page):
    return [words(one) for one in page.all("li") if one.tag == "li" and page.all("h2", one)]


def test_who_may_not(app, people):
    visit(people)
    for who in (None, people.gate, people.desk, people.coordinator, people.support):
        assert Page(app, who).request("/visits").headers["Location"] == "/sign-in"
    assert rows(Page(app, people.other_holder).open("/visits")) == [], "another's visits are not there"


def test_none_yet(app, people):
    assert "No visits yet" in Page(app, people.holder).open("/visits").text


def test_a_visit_says_where_when_and_who_came_along(app, people):
    visit(people, children=2, assistants=1)
    (row,) = rows(Page(app, people.holder).open("/visits"))
    assert "Museo" in row
    assert "ticket + 2 children + assistant" in row


def test_an_undone_visit_says_so(app, people):
    uses.undo_use(visit(people), by=people.gate, at=now(), reason="gate")
    (row,) = rows(Page(app, people.holder).open("/visits"))
    assert "Undone by the venue" in row


def test_a_name_is_text(app, people):
    with act() as session:
        session.get(Venue, "museo").name_fi = "<img src=x onerror=alert(1)> & Co"
    visit(people)
    (row,) = rows(Page(app, people.holder).open("/visits"))
    assert "<img src=x onerror=alert(1)> & Co" in row


def test_long_lists_are_paged_and_nothing_is_lost(app, people):
    with act() as session:
        at = now()
        for n in range(101):
            when = at - timedelta(days=101 - n)
            session.add(
                Use(
                    card_id=people.holder.card_id, venue_id="museo", kind="ticket", sector="culture", day=when.date(),
                    read_by="phone", step=n, slot=f"day-{n}", scanned_at=when, recorded_at=when,
                )
            )  # fmt: skip
    page = Page(app, people.holder).open("/visits")
    seen = rows(page)
    assert len(seen) == 50
    for _ in range(2):
        page.follow("Older visits")
        seen += rows(page)
    assert len(seen) == len(set(seen)) == 101
    assert "Older visits" not in page.text


@pytest.mark.parametrize("before", ["", "x", "-1", "0", "9" * 15, "9" * 5000, "1.5", "²", "%00", "1&before=2"])
def test_a_page_that_is_none(app, people, before):
    visit(people)
    Page(app, people.holder).open(f"/visits?before={before}")
