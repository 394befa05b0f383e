"""My data: what is kept, taking it along, deleting the card; and asking a venue to put a visit right. If these fail,
somebody reads or deletes what is another's, or is asked nothing before what can't be undone."""

import json

import pytest

from tests.holder.test_visits import rows, visit
from tests.web.page import Page
from wallet.clock import now
from wallet.register import corrections, own_data, uses
from wallet.register.database import act, db
from wallet.register.tables import Card
from wallet.register.tables_life import Correction

LANGUAGES = ("fi", "sv", "en")
DELETING = 30  # one question or change for each table that knows the card


def state(who):
    db.session.rollback()  # what this test read before is not looked at again
    return db.session.get(Card, who.card_id).state


# Who may not


@pytest.mark.parametrize("path", ["/data", "/data/kaikukortti.json", "/data/delete", "/visits/1/wrong"])
def test_who_may_not(app, people, path):
    visit(people)
    for who in (None, people.gate, people.desk, people.coordinator, people.support):
        assert Page(app, who).request(path).headers["Location"] == "/sign-in"


def test_anothers_visit_is_not_found(app, people):
    use = visit(people)
    page = Page(app, people.other_holder).open(f"/visits/{use}/wrong", status=404)
    page.open("/data/delete")
    sent = page.request(f"/visits/{use}/wrong", method="POST", data={"reason": "day", "csrf_token": page.token})
    assert sent.status_code == 404
    assert db.session.scalars(db.select(Correction)).all() == []


@pytest.mark.parametrize("use", ["0", "999999", str(2**63), "9" * 40, "-1", "x"])
def test_a_visit_that_is_none(app, people, use):
    Page(app, people.holder).open(f"/visits/{use}/wrong", status=404)


def test_nothing_is_deleted_without_the_pages_token(app, people):
    page = Page(app, people.holder).open("/data/delete")
    assert page.request("/data/delete", method="POST", data={"sure": "y"}).status_code == 400
    page.open("/data/delete").submit({"sure": "y"}, without=("csrf_token",), status=400)
    assert state(people.holder) == "registered"


# Asking a venue


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_visit_is_asked_about(app, people, language):
    use = visit(people, children=1)
    page = Page(app, people.holder, language=language).open("/visits")
    page.open(next(link for link in page.links() if link.endswith("/wrong")))
    page.submit({"reason": "children"})
    assert page.path == "/visits"
    asked = db.session.scalars(db.select(Correction)).one()
    assert (asked.use_id, asked.reason) == (use, "children")
    assert not [link for link in page.links() if link.endswith("/wrong")], "asked once"


def test_what_was_asked_and_its_answer_are_on_the_visits(app, people):
    visit(people)
    page = Page(app, people.holder).open("/visits").follow("Is this wrong?").submit({"reason": "not_mine"})
    assert "The venue has been asked" in page.text
    (row,) = rows(page)
    assert "The venue answers." in row
    with act() as session:
        asked = session.scalars(db.select(Correction)).one()
        asked.answered_at, asked.outcome = now(), "kept"
    assert "the venue kept it" in rows(page.open("/visits"))[0]
    with act() as session:
        session.scalars(db.select(Correction)).one().outcome = "undone"
    assert "the venue undid it" in rows(page.open("/visits"))[0]


def test_something_must_be_chosen(app, people):
    use = visit(people)
    page = Page(app, people.holder).open(f"/visits/{use}/wrong").submit(button="Ask the venue")
    assert page.error("reason") == "Choose what is wrong."
    page.submit({"reason": "I was ill, and my neighbour"})
    assert page.error("reason")
    assert db.session.scalars(db.select(Correction)).all() == []


def test_a_form_that_was_open_for_long(app, people):
    """Asked in another tab, undone meanwhile."""
    use = visit(people)
    page = Page(app, people.holder).open(f"/visits/{use}/wrong")
    corrections.ask(people.holder, use, "day", at=now())
    page.submit({"reason": "day"})
    assert page.refusal() == "You have asked about this visit already. The venue answers."
    assert "nothing more to ask" in page.open(f"/visits/{use}/wrong").text

    second = visit(people, gate=people.other_gate, minutes=5)
    page.open(f"/visits/{second}/wrong")
    uses.undo_use(second, by=people.other_gate, at=now(), reason="gate")
    page.submit({"reason": "day"})
    assert page.refusal()


# What is kept


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_is_kept(app, people, language):
    page = Page(app, people.holder, language=language).open("/visits")
    assert "/data" in page.links()
    page.open("/data")
    assert {"/data/kaikukortti.json", "/data/delete"} <= set(page.links())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_download_is_a_file_with_everything(app, people, language):
    visit(people, children=1)
    answer = Page(app, people.holder, language=language).request("/data/kaikukortti.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="kaikukortti.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    kept = json.loads(answer.text)
    assert set(kept) == {"made_at", *own_data.SECTIONS}
    assert all(kept[name]["what"] and isinstance(kept[name]["rows"], list) for name in own_data.SECTIONS)
    assert kept["cards"]["rows"][0]["number"] == db.session.get(Card, people.holder.card_id).number
    assert kept["visits"]["rows"][0]["venue"] == "Museo"
    assert len({section["what"] for name, section in kept.items() if name != "made_at"}) == len(own_data.SECTIONS)


# The end


def test_it_is_asked_once_and_says_what_happens(app, people):
    visit(people)
    page = Page(app, people.holder).open("/data").follow("Delete my card")
    for said in ("stops at once", "3 child tickets end", "1 visit stays counted", "can't be undone", "Sosiaalityö"):
        assert said in page.text
    page.submit(button="Delete my card for good")
    assert page.error("sure") == "Tick the box if you want to delete your card."
    assert state(people.holder) == "registered"
    page.follow("Keep my card")
    assert page.path == "/data"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_without_visits_and_children_is_deleted(app, people, language):
    page = (
        Page(app, people.other_holder, language=language).open("/data/delete").submit({"sure": "y"}, queries=DELETING)
    )
    assert page.path == "/signed-out/holder"
    assert state(people.other_holder) == "deleted"
    heading = next(one for one in page.all("h1"))
    assert heading.get("data-cards") == f"[{people.other_holder.card_id}]", "the phone hears which card it must forget"
    assert heading.get("data-signed-out") == "holder"
    for path in ("/card", "/visits", "/data", "/data/kaikukortti.json", "/children"):
        assert page.request(path).headers["Location"] == "/sign-in"


def test_a_deletion_that_is_pressed_twice(app, people):
    page = Page(app, people.holder).open("/data/delete")
    again = Page(app, people.holder).open("/data/delete")
    page.submit({"sure": "y"}, queries=DELETING)
    assert "deleted" in page.heading
    again.submit({"sure": "y"}, queries=DELETING)
    assert again.path == "/sign-in"


def test_another_card_on_this_phone_stays(app, people):
    page = Page(app, people.holder)
    with page.client.session_transaction(base_url=page.origin) as session:
        session["holders"] = [people.other_holder.sign_in]
    page.open("/data/delete").submit({"sure": "y"}, queries=DELETING)
    assert page.open("/card").path == "/card"
    assert db.session.get(Card, people.other_holder.card_id).number.replace(" ", "")[:4] in page.text


def test_signing_out_alone_does_not_say_deleted(app, people):
    assert Page(app, people.holder).open("/signed-out/holder").heading == "You are signed out"
    assert Page(app).open("/signed-out/staff?deleted=1").heading == "You are signed out"
