"""Places: the venues of one's area, to read and to keep for the times without a connection."""

from datetime import timedelta

import pytest
import time_machine

from tests.people import _holder, venue
from tests.web.page import Page, words
from wallet.clock import helsinki_day, now
from wallet.register.database import act


def names(page):
    return [words(one) for one in page.all("h2")]


def test_who_may_not(app, people):
    for who in (None, people.gate, people.desk, people.coordinator, people.support):
        page = Page(app, who)
        for path in ("/places", "/places/list"):
            assert page.request(path).headers["Location"] == "/sign-in"
            told = page.request(path, headers={"Accept": "application/json"})
            assert (told.status_code, told.json) == (401, {"error": "signed_out"})


def test_each_area_its_own(app, people):
    with act() as session:
        session.add(venue("kirjasto", area="nokia"))
    assert names(Page(app, people.holder).open("/places")) == ["Museo", "Teatteri"]
    assert names(Page(app, _holder(people.other_unit, 1970, ())).open("/places")) == ["Kirjasto"]


def test_none_yet(app, people):
    page = Page(app, _holder(people.other_unit, 1970, ())).open("/places")
    assert "No places in your area yet" in page.text
    assert page.ask("/places/list")["places"] == []


def test_what_a_place_says(app, people):
    today = helsinki_day(now())
    with act() as session:
        session.add(
            venue(
                "halli", name_sv="Hallen", address="Katu 1", city="Tampere", offers_course=True, offers_season=True,
                popup=True, opens=today, closes=today + timedelta(days=3),
            )
        )  # fmt: skip
    page = Page(app, people.holder, language="sv").open("/places")
    assert names(page)[0] == "Hallen"
    period = f"{today.day}.{today.month}.{today.year}–"
    assert "Katu 1, Tampere · Biljett, Kursplats, Säsongsrättighet" in page.text or "Katu 1, Tampere · " in page.text
    assert period in page.text
    told = page.ask("/places/list")
    assert set(told) == {"card", "places", "language", "now"}
    assert (told["card"], told["language"]) == (people.holder.card_id, "sv")
    assert told["places"][0]["name"] == "Hallen"
    assert told["places"][0]["gives"] == ["ticket", "course", "season"]
    assert told["places"][0]["period"].startswith(period)
    assert told["places"][1] == {"name": "Museet", "address": "", "gives": ["ticket"], "period": ""}


def test_a_name_is_text(app, people):
    with act() as session:
        session.add(venue("aaa", name_fi="<img src=x onerror=alert(1)> & Co"))
    page = Page(app, people.holder).open("/places")
    assert names(page)[0] == "<img src=x onerror=alert(1)> & Co"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_the_list_is_read_packed_and_not(app, people, encoding):
    answer = Page(app, people.holder).request("/places/list", headers={"Accept-Encoding": encoding})
    assert answer.headers.get("Content-Encoding") == (encoding if encoding == "gzip" else None)
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_the_moment_it_was_true_comes_along(app, people):
    with time_machine.travel("2026-11-24 10:00:00.250+00:00", tick=False):
        assert Page(app, people.holder).ask("/places/list")["now"] == 1795514400250
