"""Bringing cards in, in a real browser. If these fail, the desk looks at a page that stands still, says yes twice, or
believes that something is in which is not."""

from types import SimpleNamespace

import pytest

from tests.browser.test_every_page import look
from wallet import config, create_app
from wallet.clock import helsinki_year, now
from wallet.register import accounts, demo, signins
from wallet.register.database import db
from wallet.register.identities import HeldRole

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
HEADER = "Kortin numero;Syntymävuosi;Postinumero;Lapsia;Ensimmäinen päivä;Viimeinen päivä"
# What the bar showed, each time that it moved.
WATCH = """() => {
  window.seen = [];
  const bar = document.querySelector("progress");
  new MutationObserver(() => window.seen.push(bar.value)).observe(bar, { attributes: true });
}"""


@pytest.fixture(scope="module")
def desk(live):
    """Signed in at the demo unit's desk."""
    app = create_app(config.from_environment(live.env))
    with app.app_context():
        role = HeldRole("desk", unit_id=demo.demo_unit())
        account = accounts.add_account("Desk", "import@example.org", (role,), by=None, at=now())
        sign_in = signins.start("staff", at=now(), account_id=account)
        cookie = app.session_interface.get_signing_serializer(app).dumps({"staff": sign_in, "_permanent": True})
        yield SimpleNamespace(origin=live.origin, cookie=cookie)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def choose(watched, desk, tmp_path):
    """A page with a file of cards chosen and checked."""

    def open(*rows, **options):
        context = watched.context(locale="en-GB", **options)
        cookie = {"name": "__Host-session", "value": desk.cookie, "secure": True, "httpOnly": True}
        context.add_cookies([cookie | {"url": "https://localhost", "sameSite": "Lax"}])
        page = context.new_page()
        page.goto(f"{desk.origin}/desk/import")
        file = tmp_path / "kortit.csv"
        file.write_text("\r\n".join((HEADER, *rows)), encoding="cp1252")
        page.set_input_files("input[type=file]", file)
        page.click("main form button")
        page.wait_for_load_state()
        return page

    return open


def rows(first, count):
    year = helsinki_year(now())
    return [f"{first}{n:05};1986;33100;1;1.1.{year};1.2.{year + 1}" for n in range(count)]


def test_it_tells_how_far_it_is(choose):
    page = choose(*rows("A", 3000))
    page.click("text=Yes, bring the cards in", no_wait_after=True)
    page.wait_for_selector("[data-going]:not([hidden])")
    assert page.locator("text=Yes, bring the cards in").is_hidden(), "nobody says yes twice"
    page.wait_for_selector("#said")
    assert page.locator("h1").inner_text() == "The cards are in"
    assert page.locator(".figures dd").first.inner_text() == "3000"


def test_the_bar_moves_as_lines_come(choose):
    """The last line keeps the page: what was shown before can be looked at."""
    page = choose(*rows("B", 1100))
    lines = "".join(f'{{"done": {done}, "total": 1100}}\n' for done in (0, 500, 1000, 1100))
    page.route(
        "**/desk/import/*",
        lambda route: (
            route.fulfill(content_type="application/x-ndjson", body=lines)
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page.evaluate(WATCH)
    page.click("text=Yes, bring the cards in", no_wait_after=True)
    page.wait_for_selector("[data-failed]:not([hidden])")
    assert page.evaluate("window.seen.at(-1)") == 1100
    assert page.locator("[data-count]").text_content() == "1100 / 1100"
    assert "This did not end." in page.locator("[data-failed]").inner_text(), "an answer that was cut off is no yes"


def test_a_session_that_ended_is_no_yes(choose, watched):
    page = choose(*rows("C", 1))
    page.context.clear_cookies()
    page.click("text=Yes, bring the cards in", no_wait_after=True)
    page.wait_for_selector("[data-failed]:not([hidden])")
    assert [fault.split(": ", 1)[1].startswith("Failed to load resource") for fault in watched.faults] == [True]
    watched.faults.clear()


def test_without_a_script_the_page_grows(choose):
    page = choose(*rows("D", 1200), java_script_enabled=False)
    page.click("text=Yes, bring the cards in")
    page.wait_for_selector("text=See what was done")
    assert page.locator("main").inner_text().count("of 1200") == 4
    page.click("text=See what was done")
    assert page.locator("h1").inner_text() == "The cards are in"


def test_what_is_wrong_and_what_would_be_done_is_for_everyone(choose):
    faults = look(choose("x;1;1;1;1;1"), "faults")
    page = choose(*rows("E", 1))
    faults += look(page, "check")
    page.evaluate("document.querySelectorAll('form [hidden]').forEach((one) => (one.hidden = false))")
    faults += look(page, "states")
    assert faults == []
