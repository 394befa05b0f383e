"""My children: each ticket's status in words, and labels that stay on the phone."""

import pytest
import time_machine

from tests.people import _holder
from tests.web.page import Page, words
from wallet.clock import helsinki_year, now


def cards(page):
    """The text of each child's panel."""
    return [words(one) for one in page.all("li") if "panel" in one.get("class", "")]


def test_who_may_not(app, people):
    for who in (None, people.gate, people.desk):
        assert Page(app, who).request("/children").headers["Location"] == "/sign-in"
    assert cards(Page(app, people.other_holder).open("/children")) == [], "another's children are not there"


def test_each_status_in_words(app, people):
    year = helsinki_year(now())
    child, turning, ended = cards(Page(app, people.holder).open("/children"))
    assert f"Child, born {year - 7}" in child
    assert f"Valid until the 18th birthday in {year + 11}." in child
    assert "own card" not in child
    assert "Free until the 18th birthday, this year." in turning
    assert "The young person can have an own card. Ask at Sosiaalityö." in turning
    assert f"Grandchild, born {year - 20}" in ended
    assert f"Ended: {year - 2} was the year of the 18th birthday." in ended
    assert "Name for this phone" not in ended
    assert "The young person can have an own card." in ended


@pytest.mark.parametrize(
    ("age", "says", "own_card"),
    [
        (0, "Valid until the 18th birthday", False),
        (15, "Valid until the 18th birthday", False),
        (16, "Valid until the 18th birthday", True),
        (17, "Valid until the 18th birthday", True),
        (18, "Free until the 18th birthday, this year.", True),
        (19, "Ended:", True),
    ],
)
def test_the_year_decides(app, people, age, says, own_card):
    with time_machine.travel("2026-12-31 21:30:00+00:00"):  # half past eleven on New Year's Eve in Helsinki
        who = _holder(people.unit, 1980, ((2026 - age, "child"),))
        (panel,) = cards(Page(app, who).open("/children"))
        assert says in panel
        assert ("own card" in panel) == own_card


def test_the_year_turns_at_midnight_in_helsinki(app, people):
    who = _holder(people.unit, 1980, ((2008, "child"),))
    with time_machine.travel("2026-12-31 21:59:00+00:00"):
        assert "this year" in cards(Page(app, who).open("/children"))[0]
    with time_machine.travel("2026-12-31 22:01:00+00:00"):
        assert "Ended: 2026 was the year" in cards(Page(app, who).open("/children"))[0]


def test_relations_and_a_ticket_without_a_year(app, people):
    who = _holder(people.unit, 1980, ((None, "child"), (2015, "grandchild"), (2016, "household")))
    first, second, third = cards(Page(app, who).open("/children"))
    assert first.startswith("Child Valid")
    assert second.startswith("Grandchild, born 2015")
    assert third.startswith("Child of the household, born 2016")


def test_none_is_said_with_what_to_do(app, people):
    page = Page(app, people.other_holder).open("/children")
    assert "No child tickets on your card" in page.text
    assert "Ask for child tickets at Sosiaalityö." in page.text


def test_a_label_has_no_way_to_the_server(app, people):
    page = Page(app, people.holder).open("/children")
    inputs = [one for one in page.all("input") if one.get("data-label-of")]
    assert len(inputs) == 2
    assert not any(one.get("name") for one in inputs), "a field without a name is never sent"
    assert page.all("form") == []
