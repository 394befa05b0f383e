"""The office's pages. If these fail, a visitor who phones can't be served, a ticket agent writes the same use down
twice, a paper form is lost on its way, or somebody records for a venue that is not theirs."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from tests.gate.doors import Phone
from tests.gate.offices import agent, number_of, office, recorded, today
from tests.people import People
from tests.register import scans
from tests.register.scans import count, set_area, set_card
from tests.web.page import Page
from wallet.clock import helsinki_day, now
from wallet.register import agents, corrections, gates, uses, venues
from wallet.register.database import act, db
from wallet.register.tables import Gate, Scan, Use, Venue
from wallet.register.tables_life import Correction
from wallet.register.tables_offline import Conflict

LANGUAGES = ("fi", "sv", "en")
RECORDS, ROWS = 40, 90  # questions: a use is recorded in about twenty, and the page that follows asks a dozen
PAGES = ("/office/museo", "/office/museo/form", "/office/museo/uses")


def at_number(app: Flask, who, venue: str = "museo") -> Page:
    return Page(app, who).open(f"/office/{venue}")


def check(page: Page, number: str, **more: object) -> Page:
    return page.submit({"number": number, "what": "ticket"} | more)


# Who may not


@pytest.mark.parametrize("path", ["/office", *PAGES])
def test_a_stranger_a_holder_and_a_gate_are_sent_to_sign_in(app, people, path):
    for who in (None, people.holder, people.gate):
        assert Page(app, who).open(path).path == "/staff/sign-in"


@pytest.mark.parametrize("who", ["desk", "coordinator", "support"])
def test_staff_without_the_role_have_no_office(app, people, who):
    page = Page(app, getattr(people, who))
    page.open("/office", status=403)
    for path in (*PAGES, "/office/museo/uses/1/undo"):
        page.open(path, status=404)


def test_another_venues_office_and_another_agent_find_nothing(app, people):
    use = uses.record_use(typed(people), by=people.gate, at=now()).facts["use_id"]
    theirs = agent("toinen", "teatteri", name="Toinen")
    for who in (office("teatteri"), theirs):
        page = Page(app, who)
        for path in (*PAGES, f"/office/museo/uses/{use}/undo", f"/office/teatteri/uses/{use}/undo"):
            page.open(path, status=404)
        page.open("/office/teatteri/uses?recorded=1")
        page.open(f"/office/teatteri?recorded={use}", status=404)
        page.open("/office/teatteri")
        sent = page.request(
            "/office/museo", method="POST", data={"csrf_token": page.token, "number": "1", "what": "ticket"}
        )
        assert sent.status_code == 404
        sent = page.request(
            f"/office/teatteri/uses/{use}/undo",
            method="POST",
            data={"csrf_token": page.token, "reason": "wrong_card"},
        )
        assert sent.status_code == 404
    assert [one.undone_at for one in recorded()] == [None]


def typed(people: People, **values: object):
    """A number typed now."""
    return scans.typed(number_of(people.holder), now(), **values)


def test_an_agent_that_lost_a_venue_is_out_at_the_next_request(app, people):
    seller = agent("lippu", "museo", "teatteri")
    page = Page(app, seller).open("/office/museo")
    agents.set_agent_venues("lippu", ["teatteri"], by=None, at=now())
    page.open("/office/museo", status=404)
    page.open("/office/teatteri")


# Where


def test_one_venue_needs_no_choice_and_several_are_told_apart(app, people):
    assert Page(app, office()).open("/office", queries=16).path == "/office/museo"
    page = Page(app, agent("lippu", "museo", "teatteri")).open("/office")
    assert "Lippukauppa: ticket agent for 2 places" in page.text
    page.follow("Teatteri")
    assert page.path == "/office/teatteri"
    assert "Ticket agent: Lippukauppa" in page.text
    assert page.follow("Choose the place").path == "/office"
    agents.set_agent_venues("lippu", [], by=None, at=now())
    assert "There is no place yet" in Page(app, agent("lippu")).open("/office").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_is_whole(app, people, language):
    page = Page(app, agent("lippu", "museo", "teatteri"), language=language)
    for path in ("/staff", "/office", *PAGES):
        page.open(path)
    Page(app, office(), language=language).open("/office?all=1")


# By number


def test_a_number_told_by_telephone_is_checked_then_recorded(app, people):
    page = at_number(app, office())
    check(page, number_of(people.holder), children="1")
    assert recorded() == [], "a check records nothing"
    assert page.heading == "Check before you record"
    assert "Compare with the card" in page.text
    assert "Born 1986 · valid to" in page.text
    page.submit(button="Record", queries=RECORDS)
    assert page.path == "/office/museo"
    assert "Recorded: 1 adult + 1 child" in page.text
    (use,) = recorded()
    assert (use.read_by, use.children, use.kind, use.late) == ("number", 1, "ticket", False)
    assert gate_of(use) == ("office", "Toimisto")


def gate_of(use: Use) -> tuple[str, str]:
    gate = db.session.get_one(Gate, use.gate_id)
    return gate.kind, gate.name


def test_an_agents_record_is_the_venues_and_says_whose(app, people):
    page = at_number(app, agent("lippu", "museo", "teatteri"), "teatteri")
    check(page, number_of(people.holder)).submit(button="Record", queries=RECORDS)
    (use,) = recorded()
    assert (use.venue_id, gate_of(use)) == ("teatteri", ("agent", "Lippukauppa"))


def test_the_button_pressed_twice_is_one_use(app, people):
    """B043, at the desk: the double click, the reload and the browser's back button send the same scan."""
    page = check(at_number(app, office()), number_of(people.holder))
    form = page._values(page._form(set(), "Record"), "Record")
    answers = [page.request("/office/museo", method="POST", data=form) for _ in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(recorded()) == 1


def test_twenty_posts_of_one_number_at_once_are_one_use(app, people):
    """B048, at the desk: each post is a scan of its own, and each is answered with a page."""
    seller, number = office(), number_of(people.holder)
    pages = [check(at_number(app, seller), number) for _ in range(20)]
    forms = [(page, page._values(page._form(set(), "Record"), "Record")) for page in pages]
    with ThreadPoolExecutor(max_workers=8) as pool:
        told = pool.map(lambda one: one[0].request("/office/museo", method="POST", data=one[1]).status_code, forms)
    assert Counter(told) == {302: 1, 200: 19}
    assert len(recorded()) == 1


def test_another_ticket_is_for_those_who_mean_it(app, people):
    page = at_number(app, office())
    check(page, number_of(people.holder)).submit(button="Record", queries=RECORDS)
    check(page, number_of(people.holder))
    assert "Already recorded" in page.text
    page.submit(button="Record another", queries=RECORDS)
    assert [use.nth for use in recorded()] == [1, 2]


def test_more_children_than_the_card_has_are_brought_down_and_said(app, people):
    page = check(at_number(app, office()), number_of(people.holder), children="5")
    assert "Child tickets on the card: 2." in page.text
    assert page.value("children") == "2"
    page.submit({"children": "9"}, button="Record")
    assert "More children than on the card" in page.text
    assert recorded() == []
    page.submit({"children": "2", "what": "ticket"}, button="Check the card").submit(button="Record", queries=RECORDS)
    assert [use.children for use in recorded()] == [2]


def test_what_is_wrong_in_the_form_is_said_at_its_field(app, people):
    page = at_number(app, office())
    page.submit({"number": "", "children": "x", "assistants": "16", "what": "course"}, button="Check the card")
    assert page.error("number") == "Type the card's number."
    assert page.error("children") == page.error("assistants") == "Type how many, as a number."
    assert page.error("what") == "Choose it from the list again."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", ["1234", "hyvää päivää", "123456789012"])
def test_a_number_that_is_none_stays_to_be_put_right(app, people, number, language):
    page = Page(app, office(), language=language).open("/office/museo")
    page.submit({"number": number, "what": "ticket"})
    assert page.value("number") == number
    assert recorded() == []


def test_a_reader_that_types_the_phones_code(app, people):
    """A ticket office's USB reader types the code; its check and its record are of one moment."""
    phone = Phone(people.holder, app.config["SETTINGS"])
    page = check(at_number(app, office()), phone.code(party=(1, 1)))
    assert "Welcome" in page.text
    assert (page.value("children"), page.value("assistants")) == ("1", "1")
    page.submit(button="Record", queries=RECORDS)
    (use,) = recorded()
    assert (use.read_by, use.children, use.assistants) == ("phone", 1, 1)
    check(page, "KP1:NONSENSE")
    assert "Could not read the code" in page.text
    form = page._values(page._form({"number"}, "Check the card"), "Check the card")
    spoilt = {
        "number": phone.code(at=now() + timedelta(seconds=15)),
        "scanned_at": "never",
        "scan_id": "?",
        "what": "ticket",
    }
    page.request("/office/museo", method="POST", data=form | spoilt | {"act": "another"})
    assert [use.nth for use in recorded()] == [1, 2]


def test_a_ticket_got_ahead_is_for_the_day_of_its_event(app, people):
    starts = now() + timedelta(days=40)
    event = venues.add_event(
        "museo", "Kevätkonsertti", starts, starts + timedelta(hours=2), by=None, at=now(), ceiling=9
    )
    page = check(at_number(app, office()), number_of(people.holder), what=str(event), children="1")
    page.submit(button="Record", queries=RECORDS)
    assert "Kevätkonsertti" in page.text
    (use,) = recorded()
    assert (use.event_id, use.seats) == (event, 2)
    assert use.day == helsinki_day(starts)
    assert "7 tickets left" in page.open("/office/museo").text


def test_a_course_says_its_fee_and_what_the_area_leaves(app, people):
    with act() as session:
        session.get_one(Venue, "museo").offers_course = True
    set_area("tampere", courses_per_year=2, course_fee_cap_cents=2500)
    starts = now() + timedelta(days=3)
    course = venues.add_event(
        "museo", "Keramiikka", starts, starts + timedelta(days=30), by=None, at=now(), kind="course", fee_cents=4000
    )
    page = at_number(app, office())
    check(page, number_of(people.holder), what=str(course))
    assert "The course costs €40, the card covers up to €25, the holder pays €15." in page.text
    assert "2 course places left this year in this area." in page.text
    page.submit(button="Record", queries=RECORDS)
    assert "Recorded: 1 course place" in page.text
    check(page, number_of(people.holder), what=str(course), children="1")
    assert "Already recorded" in page.text
    check(page, number_of(people.other_holder), what="course", children="0")
    assert "The card covers up to €25 of a course." in page.text


def test_a_season_right_says_until_when(app, people):
    with act() as session:
        hall = session.get_one(Venue, "museo")
        hall.offers_season, hall.sector = True, "sport"
    page = check(at_number(app, office()), number_of(people.holder), what="season")
    assert f"The right is valid until 31 Dec {today().year}." in page.text
    page.submit(button="Record", queries=RECORDS)
    assert "valid until 31 Dec" in page.text
    check(page, number_of(people.holder), what="season")
    assert "Already recorded" in page.text


# Paper forms


def row(at: int, number: str, day: object, **more: str) -> dict[str, str]:
    given = {"number": number, "day": str(day), "what": "ticket"} | more
    return {f"rows-{at}-{name}": value for name, value in given.items()}


def test_right_rows_are_recorded_and_wrong_ones_stay_with_their_sentence(app, people):
    page = Page(app, office()).open("/office/museo/form")
    before = today() - timedelta(days=20)
    for who in (people.holder, people.other_holder):
        set_card(who.card_id, first_day=before)
    rows = row(0, number_of(people.holder), before, children="2", hour="14:30")
    rows |= row(1, "123456789012", before) | row(2, number_of(people.other_holder), before, children="1")
    rows |= row(3, number_of(people.other_holder), "", hour="26:00")
    page.submit(rows, button="Record these visits", queries=ROWS)
    assert "1 visit recorded." in page.text
    assert "2 visits could not be recorded." in page.refusal()
    (use,) = recorded()
    assert (use.day, use.read_by, use.late, use.children) == (before, "form", True, 2)
    assert page.value("rows-0-number") == "123456789012", "nothing typed is lost"
    assert page.value("rows-1-children") == "1"
    assert "More children than on the card" in page.text
    assert page.error("rows-2-day") == "Choose the day of the visit."
    assert page.error("rows-2-hour") == "Type the hour like 14:02, or leave it out."
    # Put right, they go through: the register's first answer does not stand for what was typed then.
    put = {
        "rows-1-what": "ticket",
        "rows-2-what": "ticket",
        "rows-0-number": "",
        "rows-1-children": "0",
        "rows-2-day": str(today()),
        "rows-2-hour": "",
    }
    page.submit(put, button="Record these visits", queries=ROWS)
    assert page.address == "/office/museo/form?recorded=2"
    assert "2 visits recorded." in page.text
    assert len(recorded()) == 3
    assert count(Conflict) == 0, "a mistyped form is not a conflict"


def test_a_form_sent_twice_is_recorded_once(app, people):
    page = Page(app, office()).open("/office/museo/form")
    form = page._values(page._form({"rows-0-number"}, "Record these visits"), "Record these visits")
    form |= row(0, number_of(people.holder), today()) | row(1, "9999", today())
    texts = [page.request("/office/museo/form", method="POST", data=form).text for _ in range(2)]
    assert all("1 visit recorded." in text for text in texts)
    assert len(recorded()) == 1


def test_the_same_card_again_asks_whether_it_is_meant(app, people):
    page = Page(app, office()).open("/office/museo/form")
    page.submit(row(0, number_of(people.holder), today()), button="Record these visits", queries=ROWS)
    page.submit(row(0, number_of(people.holder), today()), button="Record these visits", queries=ROWS)
    assert "Already recorded" in page.text
    page.submit({"rows-0-another": "y", "rows-0-what": "ticket"}, button="Record these visits", queries=ROWS)
    assert [use.nth for use in recorded()] == [1, 2]


def test_days_out_of_reach_are_said(app, people):
    page = Page(app, office()).open("/office/museo/form")
    rows = row(0, "1111", today() + timedelta(days=1)) | row(1, "1111", today() - timedelta(days=93))
    rows |= row(2, "1111", today(), what="nothing")
    page.submit(rows, button="Record these visits", queries=ROWS)
    assert page.error("rows-0-day") == "This day is still to come. Record a visit ahead by number."
    assert page.error("rows-1-day") == "This day is over three months back. It can't be entered any more."
    assert page.error("rows-2-what") == "Choose it from the list again."


def test_more_rows_keep_what_was_typed(app, people):
    page = Page(app, office()).open("/office/museo/form")
    page.submit(row(4, "4921", ""), button="More rows")
    assert page.value("rows-4-number") == "4921"
    assert page.value("rows-9-number") == ""
    assert page.error("rows-4-day") is None, "nothing is asked before it is sent"
    assert recorded() == []
    page.submit({"rows-4-number": ""}, button="Record these visits", queries=ROWS)
    assert "No row had a card's number." in page.text


def test_a_form_of_a_card_that_was_closed_since_counts_and_is_told(app, people):
    """The visitor was let in: it is a use, and a line that the venue sees."""
    set_card(people.holder.card_id, state="blocked", blocked_reason="lost")
    page = Page(app, office()).open("/office/museo/form")
    page.submit(row(0, number_of(people.holder), today()), button="Record these visits", queries=ROWS)
    assert len(recorded()) == 1
    page.open("/office/museo/uses")
    assert "The card had been closed" in page.text
    assert "Another record of it came late and did not fit" in page.text


# What was recorded


def test_the_list_shows_any_days_and_who_recorded(app, people):
    number = number_of(people.holder)
    mine = office()
    check(at_number(app, mine), number).submit(button="Record", queries=RECORDS)
    check(at_number(app, agent("lippu", "museo")), number_of(people.other_holder)).submit(
        button="Record", queries=RECORDS
    )
    page = Page(app, mine).open("/office/museo/uses")
    assert "2 visits" in page.text
    assert "Toimisto · number typed" in page.text
    assert "Lippukauppa · number typed" in page.text
    past = today() - timedelta(days=200)
    page.submit({"first": str(past), "last": str(past)})
    assert "Nothing is recorded for these days" in page.text
    page.open(f"/office/museo/uses?first={past}&last={today()}")
    assert page.value("first") == str(today() - timedelta(days=30)), "31 days at most"
    page.open("/office/museo/uses?first=x&last=y&after=z&entered=y&said=hello")
    assert "2 visits" in page.text


@pytest.mark.parametrize(
    "asked",
    ["last=0001-01-03", "first=0001-01-01&last=0001-01-02", "first=9999-12-31&last=9999-12-31"]
    + [f"after={today()}.{use}" for use in ("0", f"-{2**64}", f"{2**64}")],
)
def test_no_address_of_the_list_breaks_it(app, people, asked):
    assert "Nothing is recorded" in Page(app, office()).open(f"/office/museo/uses?{asked}").text


def test_typed_and_paper_ones_can_be_looked_at_alone(app, people):
    phone = Phone(people.holder, app.config["SETTINGS"])
    page = check(at_number(app, office()), phone.code()).submit(button="Record", queries=RECORDS)
    check(page, number_of(people.other_holder)).submit(button="Record", queries=RECORDS)
    page.open("/office/museo/uses")
    assert "2 visits" in page.text
    page.submit({"entered": "y"})
    assert "1 visit" in page.text
    assert "number typed" in page.text


def test_a_long_list_has_pages(app, people, monkeypatch):
    monkeypatch.setattr("wallet.gate.office.PAGE", 2)
    gate = gates.at_office(office("museo", "Toinen"), "museo", at=now())
    for nth in range(5):
        uses.record_use(typed(people, another=nth > 0, children=nth % 2), by=gate, at=now())
    page = Page(app, office()).open("/office/museo/uses")
    seen = []
    for _ in range(3):
        seen.append(len(re.findall("Undo the visit of", page.response.text)))
        if "Earlier visits" in page.text:
            page.follow("Earlier visits")
    assert seen == [2, 2, 1]


def test_a_use_is_undone_with_a_reason_and_stays_in_the_list(app, people):
    page = check(at_number(app, office()), number_of(people.holder)).submit(button="Record", queries=RECORDS)
    page.follow("Undo this visit")
    page.submit(button="Undo the visit")
    assert page.refusal() == "Choose why it is undone."
    page.submit({"reason": "wrong_card"}, button="Undo the visit")
    assert "Undone. The row stays in the list and says so." in page.text
    assert "wrong card" in page.text
    (use,) = recorded()
    assert (use.undone_reason, use.undone_at is not None) == ("wrong_card", True)
    page.open(f"/office/museo/uses/{use.id}/undo")
    assert "It has been undone already." in page.text
    data = {"csrf_token": page.open("/office/museo").token, "reason": "not_visited"}
    again = page.request(f"/office/museo/uses/{use.id}/undo", method="POST", data=data)
    assert "said=undone_already" in again.headers["Location"]


def test_an_agent_sees_and_undoes_what_the_agent_recorded_and_nothing_else(app, people):
    seller = agent("lippu", "museo")
    colleague = agent("lippu")
    theirs = uses.record_use(typed(people), by=people.gate, at=now()).facts["use_id"]
    check(at_number(app, seller), number_of(people.other_holder)).submit(button="Record", queries=RECORDS)
    page = Page(app, colleague).open("/office/museo/uses")
    assert "1 visit" in page.text
    page.open(f"/office/museo/uses/{theirs}/undo", status=404)
    page.open(f"/office/museo/uses/{theirs + 1}/undo").submit({"reason": "entered_twice"}, button="Undo the visit")
    assert [use.undone_reason for use in recorded()] == [None, "entered_twice"]


def asked(people: People, reason: str = "not_mine") -> int:
    """A use of the holder's, and the holder's word that it is wrong."""
    use = uses.record_use(typed(people), by=people.gate, at=now()).facts["use_id"]
    with act() as session:
        correction = Correction(use_id=use, venue_id="museo", reason=reason, asked_at=now())
        session.add(correction)
        session.flush()
        return correction.id


def test_undoing_a_community_card_says_that_its_group_goes_with_it(app, people):
    head = uses.record_use(typed(people), by=people.gate, at=now()).facts["use_id"]
    part = uses.record_use(scans.typed(number_of(people.other_holder), now()), by=people.gate, at=now())
    with act() as session:
        session.get_one(Use, part.facts["use_id"]).group_id = head
    page = Page(app, office()).open("/office/museo/uses")
    assert "group with 1 card" in page.text
    assert "part of a group" in page.text
    page.open(f"/office/museo/uses/{head}/undo")
    assert "the visit of 1 card is undone with it" in page.text
    page.submit({"reason": "not_visited"}, button="Undo the visit", queries=RECORDS)
    assert [use.undone_reason for use in recorded()] == ["not_visited"] * 2


@pytest.mark.parametrize(("button", "undone"), [("Undo the visit", "holder_asked"), ("Keep it as it is", None)])
def test_a_holders_correction_is_answered(app, people, button, undone):
    asked(people)
    assert "A holder asks" not in Page(app, agent("lippu", "museo")).open("/office/museo/uses").text
    page = Page(app, office()).open("/office/museo/uses")
    assert "“This was not my visit.”" in page.text
    page.submit(button=button, queries=RECORDS)
    assert "Answered." in page.text
    assert "This was not my visit" not in page.text
    assert [use.undone_reason for use in recorded()] == [undone]


def test_a_correction_is_the_venues_alone_and_answered_once(app, people):
    correction = asked(people)
    path = f"/office/{{}}/corrections/{correction}"
    for who, venue in ((office("teatteri"), "teatteri"), (agent("lippu", "museo"), "museo"), (people.desk, "museo")):
        page = Page(app, who).open("/staff")
        token = page.token
        sent = page.request(path.format(venue), method="POST", data={"csrf_token": token, "outcome": "kept"})
        assert sent.status_code == 404
    page = Page(app, office()).open("/office/museo/uses")
    data = {"csrf_token": page.token}
    assert page.request(path.format("museo"), method="POST", data=data | {"outcome": "?"}).status_code == 400
    said = [
        page.request(path.format("museo"), method="POST", data=data | {"outcome": "kept"}).headers["Location"]
        for _ in range(2)
    ]
    assert ["answered_already" in one for one in said] == [False, True]
    assert corrections.open_corrections(gates.at_office(office(), "museo", at=now())) == []


def test_a_full_day_of_typed_entries_is_said_and_scanning_goes_on(app, people, monkeypatch):
    monkeypatch.setattr("wallet.register.rules.ENTRIES_A_DAY", 1)
    page = at_number(app, office())
    check(page, number_of(people.holder)).submit(button="Record", queries=RECORDS)
    check(page, number_of(people.other_holder))
    assert "Enough typed numbers for today" in page.text
    assert "1 cards in a day" in page.text
    phone = Phone(people.other_holder, app.config["SETTINGS"])
    check(page, phone.code()).submit(button="Record", queries=RECORDS)
    assert len(recorded()) == 2
    assert count(Scan, Scan.reason == "venue_entries_full") == 0, "not the last word on that number"
