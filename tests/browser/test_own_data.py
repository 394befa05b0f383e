"""My data in a real browser: the file opens, a deleted card is gone from the phone, and everyone can read the pages."""

import json
import uuid

import pytest

from tests.browser.phones import RECORDS, activate, take
from tests.browser.test_every_page import look
from wallet.clock import now
from wallet.register import corrections
from wallet.register.database import db
from wallet.register.errors import Refused
from wallet.register.identities import Holder
from wallet.register.tables import Card, Credential, Use
from wallet.register.tables_signin import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


def visited(live, card_id):
    """A visit of this card, written into the register from within; its id."""
    live.links()
    with live.app.app_context():
        at = now()
        use = Use(
            card_id=card_id, venue_id="vapriikki", kind="ticket", sector="culture", day=at.date(), read_by="number",
            slot=f"ticket:{uuid.uuid4()}", scanned_at=at, recorded_at=at,
        )  # fmt: skip
        db.session.add(use)
        db.session.commit()
        found = use.id
        db.session.remove()
        db.engine.dispose()
    return found


def card_shown(page):
    """The register's id of the card that this phone keeps."""
    (record,) = page.evaluate(RECORDS)
    return record["id"]


def test_the_file_opens_and_says_what_is_known(live, watched):
    page = watched.page(accept_downloads=True)
    take(page, live)
    number = page.locator("[data-slot=number], .number__value").first.text_content().replace(" ", "").strip()
    page.goto(f"{live.origin}/visits")
    page.click("a[href='/data']")
    with page.expect_download() as waiting:
        page.click("a[href='/data/kaikukortti.json']")
    assert waiting.value.suggested_filename == "kaikukortti.json"
    kept = json.loads(waiting.value.path().read_text(encoding="utf-8"))
    assert number in [card["number"] for card in kept["cards"]["rows"]]
    assert kept["keys"]["rows"][0]["shown_by"] == "phone"


def test_a_deleted_card_is_gone_from_the_phone_too(live, watched):
    page = watched.page()
    take(page, live, "other-holder")
    card_id = card_shown(page)
    page.goto(f"{live.origin}/data")
    page.click("a[href='/data/delete']")
    page.locator("#sure").check()
    page.click("main form button")
    page.wait_for_url("**/signed-out/holder?deleted=1")
    page.wait_for_function("async () => (await indexedDB.databases()).length === 0")
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state()
        assert page.locator("[data-code], dl, #sure").count() == 0, "Back shows nothing of who was here"
    page.goto(f"{live.origin}/card")
    assert page.url.endswith("/sign-in")
    with live.app.app_context():
        assert db.session.get(Card, card_id).state == "deleted"
        left = db.session.scalars(db.select(Credential).where(Credential.card_id == card_id)).all()
        assert {row.withdrawn_reason for row in left} == {"deleted"}
        db.session.remove()
        db.engine.dispose()


def test_a_visit_is_asked_about(live, watched):
    page = watched.page(java_script_enabled=False)
    link = live.links()["holder"]
    page.goto(link["url"])
    page.fill("#code", link["code"])
    page.fill("#birth_year", str(link["birth_year"]))
    page.click("main form button")
    with live.app.app_context():
        newest = db.select(SignIn.card_id).where(SignIn.card_id.is_not(None)).order_by(SignIn.made_at.desc())
        card_id = db.session.scalars(newest.limit(1)).one()
        db.session.remove()
    use_id = visited(live, card_id)
    page.goto(f"{live.origin}/visits")
    page.click(f"a[href='/visits/{use_id}/wrong']")
    page.locator("input[value=day]").check()
    page.click("main form button")
    page.wait_for_url("**/visits?asked=1")
    assert page.locator(f"a[href='/visits/{use_id}/wrong']").count() == 0
    with live.app.app_context():
        with pytest.raises(Refused):
            corrections.ask(Holder("", card_id), use_id, "day", at=now())
        db.session.remove()
        db.engine.dispose()


def test_the_pages_are_for_everyone(live, watched):
    page = watched.page(color_scheme="light", reduced_motion="reduce")
    activate(page, live.links()["holder"])
    page.goto(f"{live.origin}/card")
    page.wait_for_selector("[data-by=phone]")
    use_id = visited(live, card_shown(page))
    faults = []
    for path in ("/visits", f"/visits/{use_id}/wrong", "/data", "/data/delete", "/signed-out/holder?deleted=1"):
        page.goto(f"{live.origin}{path}")
        page.wait_for_load_state("load")
        faults += look(page, path)
    page.goto(f"{live.origin}/data/delete")
    page.click("main form button")
    faults += look(page, "/data/delete, not ticked")
    page.goto(f"{live.origin}/visits/{use_id}/wrong")
    page.click("main form button")
    faults += look(page, "/visits/wrong, nothing chosen")
    assert faults == []
