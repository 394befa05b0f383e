"""The holder's pages in a real browser: activation, passkey, the phone's own code, no connection, signing out."""

import io

import pytest
import zxingcpp
from PIL import Image

from wallet.codes import parse

pytestmark = pytest.mark.browser


def activate(page, link):
    """Take a card into use by its letter, up to the passkey page."""
    page.goto(link["url"])
    assert page.input_value("#code") == link["code"]
    assert "#" not in page.url
    page.fill("#birth_year", str(link["birth_year"]))
    page.click("main button")
    page.click("main button[value=fi]")
    page.wait_for_url("**/activate/passkey")


def read_code(page):
    """The code on the screen, as a reader sees it."""
    picture = Image.open(io.BytesIO(page.locator("[data-code]").screenshot()))
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    return parse(found[0].text)


def test_a_first_time_with_a_passkey_and_back_again(live, watched, authenticator):
    page = watched.page()
    authenticator(page)
    activate(page, live.links()["holder"])
    page.click("[data-passkey-button]")
    page.wait_for_url("**/card")
    page.wait_for_selector("[data-by=phone]")
    first = read_code(page)
    assert (first.type, first.party_children, first.children) == ("C1", 0, 2)

    page.locator("[data-ticket]").first.check()
    page.get_by_label("Avustaja").check()
    page.wait_for_timeout(300)
    ticked = read_code(page)
    assert (ticked.party_children, ticked.party_assistants) == (1, 1)
    assert ticked.credential == first.credential

    page.reload()
    page.wait_for_selector("[data-by=phone]")
    assert read_code(page).party_children == 1, "who comes along is remembered on the phone"

    page.locator("form[action*='sign-out'] button").click()
    page.wait_for_url("**/signed-out/holder")
    page.wait_for_function("async () => (await indexedDB.databases()).length === 0")
    page.go_back()
    page.wait_for_load_state()
    assert page.locator("[data-code]").count() == 0, "Back shows nothing of the last person"

    page.goto(f"{live.origin}/sign-in")
    page.click("[data-passkey-button]")
    page.wait_for_url("**/card")
    page.wait_for_selector("[data-by=phone]")
    assert read_code(page).credential != first.credential


@pytest.mark.one_database
def test_the_code_turns_by_itself_and_without_a_connection(live, watched):
    page = watched.page()
    activate(page, live.links()["other-holder"])
    page.goto(f"{live.origin}/card")
    page.wait_for_selector("[data-by=phone]")
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function("caches.keys().then((names) => names.length === 1)")
    page.wait_for_timeout(500)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    before = read_code(page)
    assert before.type == "C1"
    page.wait_for_timeout(15_500)
    assert read_code(page).step in {before.step + 1, before.step + 2}, "a picture takes time, too"
    page.locator("summary").click()
    assert len(page.locator("[data-slot=number]").inner_text().replace(" ", "")) == 12
    page.context.set_offline(False)


def test_without_javascript_the_server_shows_the_code(live, watched):
    page = watched.page(java_script_enabled=False)
    link = live.links()["holder"]
    page.goto(link["url"])
    page.fill("#code", link["code"].lower())
    page.fill("#birth_year", str(link["birth_year"]))
    page.click("main button")
    page.click("main button[value=sv]")
    page.click("a[href='/activate/pin']")
    page.fill("#pin", "123456")
    page.fill("#again", "123456")
    page.click("main button")
    page.locator(".field__error").wait_for()  # an easy PIN is refused
    page.fill("#pin", "402917")
    page.fill("#again", "402917")
    page.click("main button")
    page.wait_for_url("**/card")
    shown = read_code(page)
    assert (shown.type, shown.party_children) == ("C3", 0)
    page.locator("[data-ticket]").first.check()
    page.click("[data-without-script] button")
    assert read_code(page).party_children == 1
    page.locator("summary").click()
    number = page.locator(".number__value").inner_text()
    page.locator("form[action*='sign-out'] button").click()
    page.goto(f"{live.origin}/sign-in")
    page.fill("#number", number)
    page.fill("#pin", "402918")
    page.click("main form button")
    page.locator("#refused").wait_for()
    page.fill("#number", number.replace(" ", "-"))
    page.fill("#pin", "402917")
    page.click("main form button")
    page.wait_for_url("**/card")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(
            "delete window.indexedDB; Object.defineProperty(window, 'indexedDB', {value: undefined})", id="gone"
        ),
        pytest.param(
            "IDBObjectStore.prototype.put = () => { throw new DOMException('no', 'DataCloneError') }", id="loudly"
        ),
        pytest.param(
            "const put = IDBObjectStore.prototype.put;"
            "IDBObjectStore.prototype.put = function (value) { return put.call(this, {...value, fresh: null}) }",
            id="silently",
        ),
    ],
)
def test_where_the_key_is_not_kept_the_server_shows_the_code(live, watched, broken):
    context = watched.context()
    context.add_init_script(broken)
    page = context.new_page()
    activate(page, live.links()["other-holder"])
    page.goto(f"{live.origin}/card")
    page.wait_for_selector("[data-by=server]")
    assert read_code(page).type == "C3"
