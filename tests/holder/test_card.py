"""My card: whose it is, each state in words, and the code that the server shows."""

import json
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
import time_machine

from tests.holder.screen import code_of
from tests.people import _holder
from tests.web.page import Page
from wallet.clock import helsinki_day, helsinki_year, now
from wallet.codes import CodeRefused, parse, verify
from wallet.register import blocking, cards, credentials, signins
from wallet.register.database import act, db
from wallet.register.numbers import shown
from wallet.register.tables import Area, Card, ChildTicket

PAGES = ("/card", "/children", "/visits", "/card/key", "/card/key/AAAAAAA")


def card_of(who):
    return db.session.get(Card, who.card_id)


def tickets(who):
    rows = db.session.query(ChildTicket).filter_by(card_id=who.card_id).order_by(ChildTicket.id).all()
    return [row.id for row in rows]


# Whose it is


def test_who_may_not(app, people):
    for who in (None, people.gate, people.desk, people.coordinator, people.support):
        for path in PAGES:
            page = Page(app, who)
            assert page.request(path).headers["Location"] == "/sign-in", (path, who)
            told = page.request(path, headers={"Accept": "application/json"})
            assert (told.status_code, told.json) == (401, {"error": "signed_out"})


def test_ones_own_card_and_never_anothers(app, people):
    """No page takes a card's number or id, so there is none to change; and nothing of another's is in any page."""
    mine, other = card_of(people.holder), card_of(people.other_holder)
    page = Page(app, people.holder)
    for path in ("/card", "/children", "/visits"):
        for query in ("", f"?card={other.id}", f"?card_id={other.id}&id={other.id}"):
            text = page.open(path + query).response.get_data(as_text=True)
            assert shown(other.number) not in text
            assert other.number not in text
    assert shown(mine.number) in page.open("/card").text
    for path in (f"/card/{other.id}", f"/card/{other.number}", f"/children/{other.id}", f"/visits/{other.id}"):
        page.open(path, status=404)


# The card as it should be


def test_the_card_says_what_a_card_says(app, people):
    with time_machine.travel("2026-11-25 10:00:00+00:00", tick=False):
        card_id, number = cards.register_card(
            people.unit, by=None, at=now(), birth_year=1971, postcode="33100", children=((2019, "child"),)
        )
        who = signins.holder(signins.start("holder", at=now(), card_id=card_id), at=now())
        for language, until, area in (
            ("fi", "24. marraskuuta 2027", "Tampere"),
            ("sv", "den 24 november 2027", "Tammerfors"),
            ("en", "24 November 2027", "Tampere"),
        ):
            page = Page(app, who, language=language).open("/card")
            assert page.heading == "Kaikukortti"
            assert until in page.text
            assert area in page.text
            assert shown(number) in page.text
    assert "Valid" in page.text
    assert "1 child ticket" in page.text
    assert [one.get("http-equiv") for one in page.all("meta") if one.get("http-equiv")] == ["refresh"]
    assert page.link("New code") == "/card"


@dataclass(frozen=True)
class Days:
    left: int
    says: str


@pytest.mark.parametrize(
    "days",
    [
        Days(31, "Valid"),
        Days(30, "Ends in 30 days."),
        Days(2, "Ends in 2 days."),
        Days(1, "Ends in 1 day."),
        Days(0, "Ends today."),
    ],
)
def test_the_last_thirty_days_say_where_to_renew(app, people, days):
    last = card_of(people.holder).last_day
    with time_machine.travel(last - timedelta(days=days.left) + timedelta(hours=9)):
        page = Page(app, people.holder).open("/card")
        assert days.says in page.text
        assert ("Renew it at Sosiaalityö." in page.text) == (days.left <= 30)
        assert code_of(page), "it opens doors to the last day"


def test_the_last_day_is_a_day_in_helsinki(app, people):
    """23.30 in Helsinki on the last day is valid; 0.05 on the next is not, though it is still the last day in UTC."""
    last = card_of(people.holder).last_day
    evening = time_machine.travel(
        f"{last} 21:30:00+00:00" if last.month in (11, 12, 1, 2) else f"{last} 20:30:00+00:00"
    )
    with evening:
        assert code_of(Page(app, people.holder).open("/card"))
    with time_machine.travel(f"{last} 22:05:00+00:00"):
        assert "Your card's year has ended." in Page(app, people.holder).open("/card").text


# Cards that open no door: a page in words, never a code


def expire(people):
    with act() as session:
        card = session.get(Card, people.holder.card_id)
        card.first_day, card.last_day = date(2025, 1, 1), date(2025, 12, 31)


def begin_tomorrow(people):
    with act() as session:
        session.get(Card, people.holder.card_id).first_day = helsinki_day(now()) + timedelta(days=1)


def replace(people):
    with act() as session:
        card = session.get(Card, people.holder.card_id)
        card.state, card.replaced_by_id = "replaced", people.other_holder.card_id


def block(people):
    blocking.block_card(people.holder.card_id, "lost", by=None, at=now())


REFUSED = [
    pytest.param(expire, ("Your card's year has ended.", "Renew it at Sosiaalityö."), id="expired"),
    pytest.param(begin_tomorrow, ("Your card's year has not begun.", "The code comes here on that day."), id="early"),
    pytest.param(replace, ("You have a new card.", "Take it into use with its own letter."), id="replaced"),
    pytest.param(block, ("This card has been blocked.", "Ask for a new one at Sosiaalityö."), id="blocked"),
]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize(("how", "said"), REFUSED)
def test_a_card_that_opens_no_door_says_why_and_what_next(app, people, how, said, language):
    how(people)
    page = Page(app, people.holder, language=language).open("/card")
    assert code_of(page) is None
    assert page.heading == "Kaikukortti"
    if language == "en":
        assert [sentence for sentence in said if sentence not in page.text] == []
    assert not [one for one in page.all("input") if one.get("name") == "with"]
    assert not [one for one in page.all("meta") if one.get("http-equiv")], "nothing to fetch anew"
    assert shown(card_of(people.holder).number) in page.text
    assert [line.shown_by for line in credentials.db.session.query(credentials.Credential)] == []
    page.open("/children")
    page.open("/visits")


def test_a_card_of_a_pilot_ends_with_it(app, people):
    with act() as session:
        session.get(Area, "nokia").pilot_ends = helsinki_day(now()) + timedelta(days=10)
    who = _holder(people.other_unit, 1970, ())
    page = Page(app, who).open("/card")
    assert "Ends in 10 days. Renew it at Seurakunta, Diakonia." in page.text
    assert parse(code_of(page)).last_date == helsinki_day(now()) + timedelta(days=10)
    with time_machine.travel(now() + timedelta(days=11)):
        page.open("/card")
        assert code_of(page) is None
        assert "Your card's year has ended." in page.text


# The code that the server shows


def test_the_servers_code_is_read_and_holds(app, people, settings):
    page = Page(app, people.holder).open("/card")
    code = verify(code_of(page), settings.keyring, "localhost", now())
    assert (code.type, code.kind, code.birth_year, code.children) == ("C3", 1, 1986, 2)
    assert (code.party_children, code.party_assistants) == (0, 0)
    assert code.last_date <= card_of(people.holder).last_day
    with pytest.raises(CodeRefused, match="forged"):
        verify(code_of(page), settings.keyring, "other.example.org", now())


def test_a_code_is_good_for_the_two_minutes_that_the_page_says(app, people, settings):
    with time_machine.travel(now(), tick=False) as clock:
        text = code_of(Page(app, people.holder).open("/card"))
        clock.shift(timedelta(seconds=105))
        assert verify(text, settings.keyring, "localhost", now())
        clock.shift(timedelta(seconds=30))
        with pytest.raises(CodeRefused, match="old_code"):
            verify(text, settings.keyring, "localhost", now())


def test_the_code_turns_and_two_holders_share_nothing(app, people):
    with time_machine.travel(now(), tick=False) as clock:
        page = Page(app, people.holder)
        first = parse(code_of(page.open("/card")))
        clock.shift(timedelta(seconds=15))
        second = parse(code_of(page.open("/card")))
        other = parse(code_of(Page(app, people.other_holder).open("/card")))
    assert second.step == first.step + 1
    assert second.credential == first.credential, "one credential, kept for its days"
    assert other.credential != first.credential
    number = card_of(people.holder).number
    assert number.encode() not in first.raw


def test_who_comes_along_is_in_the_code(app, people):
    child, turning_18, _ended = tickets(people.holder)
    page = Page(app, people.holder).open("/card")
    page.submit({"with": [str(child), str(turning_18)], "assistants": "1"}, button="Put into the code")
    code = parse(code_of(page))
    assert (code.party_children, code.party_assistants) == (2, 1)
    ticked = [one.get("value") for one in page.all("input") if "checked" in one.attrib]
    assert ticked == [str(child), str(turning_18), "1"]
    page.follow("New code")
    assert parse(code_of(page)).party_children == 2, "the next code too"


def test_only_ones_own_live_tickets_count(app, people):
    """Another's ticket, an ended one, one twice, one that is none, and numbers that no computer likes."""
    with act() as session:
        session.add(ChildTicket(card_id=people.other_holder.card_id, birth_year=2020, relation="child"))
    child, _turning, ended = tickets(people.holder)
    (foreign,) = tickets(people.other_holder)
    page = Page(app, people.holder)
    for given, children, assistants in (
        (f"with={foreign}", 0, 0),
        (f"with={ended}", 0, 0),
        (f"with={child}&with={child}", 1, 0),
        (f"with={child}&with={foreign}&with={ended}&assistants=1", 1, 1),
        ("with=-1&with=0&with=x&with=&with=%00&with=1.0&with=²&assistants=2", 0, 0),
        (f"with={'9' * 30}", 0, 0),
        (f"with={'9' * 5000}", 0, 0),
        ("assistants=1&assistants=1", 0, 1),
        ("assistants=yes", 0, 0),
    ):
        code = parse(code_of(page.open(f"/card?{given}")))
        assert (code.party_children, code.party_assistants) == (children, assistants), given[:60]


def test_children_are_counted_for_the_year_they_come_in(app, people):
    """The one turning 18 is free all this year, and no more from New Year on."""
    year = helsinki_year(now())
    with time_machine.travel(date(year + 1, 1, 1)) as clock:
        clock.shift(timedelta(hours=10))
        page = Page(app, people.holder).open("/card")
        assert "1 child ticket" in page.text
        assert parse(code_of(page)).children == 1


def test_a_ticket_without_a_birth_year_is_numbered(app, people):
    who = _holder(people.unit, 1980, ((None, "child"), (None, "child")))
    page = Page(app, who).open("/card")
    assert "Child 1" in page.text
    assert "Child 2" in page.text


def test_what_the_page_hands_to_its_script(app, people):
    """Only what the phone may keep: the number, the tickets' years; no credential, nothing of another."""
    page = Page(app, people.holder).open("/card")
    (kept,) = [json.loads(one.attrib["data-card"]) for one in page.all("div") if one.get("data-card")]
    assert set(kept) == {
        "id", "number", "area", "until", "firstDay", "lastDay", "unit", "children", "refused", "deployment",
    }  # fmt: skip
    assert kept["deployment"] == "localhost"
    ids = [child["id"] for child in kept["children"]]
    assert ids == [str(one) for one in tickets(people.holder)], "ended ones too: the phone judges the year"


def test_the_shell_for_no_connection_has_nothing_of_anyone(app, people):
    mine, nobodys = Page(app, people.holder).open("/card/offline"), Page(app).open("/card/offline")
    assert mine.response.data == nobodys.response.data
    assert code_of(mine) is None
