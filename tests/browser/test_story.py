"""One evening from end to end, nothing mocked: a holder's screen filmed, a gate that sees the film, a use in the
register. Once with the phone's own code, once with JavaScript off."""

import pytest

from tests.browser.conftest import Watched
from tests.browser.film import shoot
from tests.browser.test_holder import activate

pytestmark = pytest.mark.browser


@pytest.fixture
def gate_browser(launch, tmp_path):
    """A venue's phone whose camera shows the film at `film`, written before the gate opens."""
    film = tmp_path / "screen.mjpeg"
    browser = launch(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    watch = Watched(browser)
    yield watch, film
    watch.close()
    browser.close()
    assert watch.faults == []


def open_gate(watch, live, link):
    """Enrol a phone as a gate; the page opens to the camera by itself."""
    page = watch.page(permissions=["camera"])
    page.goto(link["url"])
    page.fill("#name", "Etuovi")
    page.click("main button")
    page.wait_for_url("**/gate")
    return page


def record_and_undo(gate, holder_page, live, *, children):
    """The verdict is green with the ticked children; Record; the visit is the holder's; Undo takes it back."""
    verdict = gate.locator("[data-verdict='green'], [data-verdict='ok'], [data-verdict='amber'], [data-verdict='warn']")
    verdict.wait_for()
    visits = holder_page.locator("main ol > li")
    holder_page.goto(f"{live.origin}/visits")
    before = visits.count()  # of others who tried this card
    assert gate.locator("#children").input_value() == str(children)
    gate.click("[data-act=record]")
    gate.locator("[data-act=undo]").wait_for()

    holder_page.reload()
    assert visits.count() == before + 1
    assert "Vapriikki" in visits.first.inner_text()
    assert holder_page.locator("main ol > li:first-child:not(.undone)").count() == 1

    gate.click("[data-act=undo]")
    gate.locator("[data-act=undo]").wait_for(state="hidden")
    holder_page.reload()
    assert holder_page.locator("main ol > li:first-child.undone").count() == 1


def test_a_phone_shows_its_code_and_the_gate_records(live, watched, authenticator, gate_browser):
    watch, film = gate_browser
    links = live.links()
    phone = watched.page()
    authenticator(phone)
    activate(phone, links["holder"])
    phone.click("[data-passkey-button]")
    phone.wait_for_url("**/card")
    phone.wait_for_selector("[data-by=phone]")
    # The child of seven, not the one who turns 18 this year: that one would be amber.
    phone.locator("[data-ticket]").first.check()
    phone.wait_for_timeout(300)
    shoot(film, phone.screenshot())
    gate = open_gate(watch, live, links["gate"])
    record_and_undo(gate, phone, live, children=1)


def test_without_javascript_the_gate_records_too(live, watched, gate_browser):
    watch, film = gate_browser
    links = live.links()
    phone = watched.page(java_script_enabled=False)
    phone.goto(links["other-holder"]["url"])
    phone.fill("#code", links["other-holder"]["code"])
    phone.fill("#birth_year", str(links["other-holder"]["birth_year"]))
    phone.click("main button")
    phone.click("main button[value=fi]")
    phone.goto(f"{live.origin}/card")
    shoot(film, phone.screenshot())
    gate = open_gate(watch, live, links["gate"])
    record_and_undo(gate, phone, live, children=0)
