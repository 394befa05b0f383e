"""The gate's page in a real browser: what staff see and press, at 360 × 640, when it goes well and when it does not.

If these fail, a summer worker has to scroll for the button, loses a scan with the connection, or stands before a
black picture without a word. The codes come from a USB scanner that types; the camera's own way is the story's.
"""

import re

import pytest

from tests.browser.conftest import Watched
from wallet.register.numbers import shown

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

# What a browser says of an answer that the test itself spoilt.
SPOILT = re.compile("Failed to load resource")


@pytest.fixture(params=["light", "dark"])
def gate(request, enter, camera_browser):
    """In each theme; the visitor has a child of seven and one who turns 18 this year."""
    watch = Watched(camera_browser)
    yield enter(watch.context(color_scheme=request.param), ages=(7, 18))
    watch.close()
    assert [fault for fault in watch.faults if not SPOILT.search(fault)] == []


def test_each_verdict_fits_the_small_screen_and_reads_with_every_tool(gate):
    page = gate.page
    page.wait_for_selector('[data-camera="live"]')
    gate.is_accessible()

    gate.scan()
    gate.verdict("ok", "answered")
    gate.fits()
    gate.is_accessible()
    more = page.locator("#children ~ button")
    more.click()
    more.click()
    page.wait_for_selector('[data-verdict="warn"]')  # the second one turns 18 this year
    page.click('[data-act="assistant"]')
    assert page.locator("#children").input_value() == "2"
    assert more.is_disabled()
    gate.fits()
    gate.is_accessible()
    page.locator("#children").fill("1")
    page.locator("#children").press("Tab")
    page.wait_for_selector('[data-verdict="ok"]')

    before = int(page.inner_text('[data-part="count"]'))
    gate.press("record")
    gate.verdict("done", "recorded")
    assert int(page.inner_text('[data-part="count"]')) == before + 1
    gate.fits()
    gate.is_accessible()
    gate.scan()
    page.wait_for_timeout(300)
    gate.verdict("done", "recorded")  # the same visitor, still in view: the success stays readable

    gate.type("https://example.org/ohjelma")
    gate.verdict("stop", "answered")
    gate.fits()
    gate.is_accessible()
    gate.press("next")
    assert page.evaluate("document.activeElement.id") == "main"
    gate.scan()
    gate.verdict("neutral", "answered")
    gate.fits()
    gate.is_accessible()
    gate.press("undo")
    gate.verdict("neutral", "undone")
    gate.is_accessible()
    assert int(page.inner_text('[data-part="count"]')) == before

    page.click(".gate__count")
    page.wait_for_url("**/gate/today")
    gate.is_accessible()


def test_a_told_number_is_typed_and_answered_in_amber(gate):
    page = gate.page
    page.click('[data-opens="number"]')
    gate.is_accessible()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    assert page.locator("#number-error").is_visible()
    assert page.evaluate("document.activeElement.id") == "number-field"
    gate.is_accessible()
    page.fill("#number-field", "")
    page.keyboard.type(gate.number, delay=80)
    assert page.input_value("#number-field") == shown(gate.number), "it is grouped while it is typed"
    page.keyboard.press("Enter")
    sheet = gate.verdict("warn", "answered")
    assert "1986" in sheet.inner_text()
    gate.fits()
    gate.is_accessible()


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        ({"status": 500, "body": "broken"}, "broken"),
        ({"status": 200, "body": "<!doctype html><p>Wi-Fi", "content_type": "text/html"}, "unexpected"),
        ({"status": 204}, "unexpected"),
        ({"status": 429, "body": "{}"}, "too_many"),
        ({"status": 401, "json": {"error": "signed_out"}}, "signed_out"),
        ({"status": 400, "json": {"error": "page_too_old"}}, "page_too_old"),
        (None, "no_connection"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_record_without_an_answer_is_worded_kept_and_sent_again(live, enter, camera_browser, answer, failure):
    watch = Watched(camera_browser)
    gate = enter(watch.context())
    page, sent = gate.page, []
    page.on("request", lambda request: request.url.endswith("/gate/uses") and sent.append(request.post_data_json))
    gate.scan()
    gate.verdict("ok", "answered")
    page.route("**/gate/uses", lambda route: route.fulfill(**answer) if answer else route.abort())
    gate.press("record")
    sheet = gate.verdict("done", "saved")
    assert sheet.get_attribute("data-reason") == failure
    assert len(sheet.locator("[data-slot=next]").inner_text()) > 10
    gate.fits()
    gate.is_accessible()
    assert page.inner_text("[data-number]") == "1"
    gate.press("later" if failure == "signed_out" else "next")
    assert page.locator('[data-part="kept"]').is_visible()
    gate.is_accessible()
    page.unroute("**/gate/uses")
    page.reload()
    gate.sent()
    ids = [record["scan_id"] for body in sent for record in body["records"]]
    assert len(ids) >= 2
    assert len(set(ids)) == 1
    page.goto(f"{live.origin}/gate/today")
    page.locator("form[action*=undo] button").first.click()
    page.wait_for_selector("#said")
    watch.close()
    assert [fault for fault in watch.faults if not SPOILT.search(fault)] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_refused_camera_is_said_and_the_number_still_works(enter, chromium, scheme):
    watch = Watched(chromium)
    context = watch.context(color_scheme=scheme)
    context.add_init_script(
        "if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia ="
        " async () => { throw new DOMException('no', 'NotAllowedError'); };"
    )
    gate = enter(context)
    gate.page.wait_for_selector('[data-camera="denied"]')
    assert gate.page.locator('[data-part="camera-retry"]').is_visible()
    gate.is_accessible()
    gate.scan()
    gate.verdict("ok", "answered")
    gate.fits()
    gate.is_accessible()
    watch.close()
    assert watch.faults == []


def test_the_narrowest_screen_and_large_text_lose_nothing(enter, camera_browser):
    watch = Watched(camera_browser)
    gate = enter(watch.context(viewport={"width": 320, "height": 480}))
    page = gate.page
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for act in (gate.scan, lambda: gate.press("drop"), lambda: gate.type("https://example.org/ohjelma")):
        act()
        page.wait_for_timeout(400)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.click('[data-opens="evening"]')
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("document.getElementById('evening').scrollWidth") <= 320
    watch.close()
    assert watch.faults == []


def test_the_evenings_event_is_chosen_once_and_kept(enter, camera_browser):
    watch = Watched(camera_browser)
    gate = enter(watch.context())
    page = gate.page
    page.click('[data-opens="evening"]')
    page.get_by_text("Museoilta").click()
    page.locator("#evening .button--wide").click()
    assert "Museoilta" in page.inner_text('[data-part="event"]')
    page.reload()
    assert "Museoilta" in page.inner_text('[data-part="event"]')
    with page.expect_request("**/gate/check") as asked:
        gate.scan()
    assert isinstance(asked.value.post_data_json["record"]["event"], int)
    watch.close()
    assert watch.faults == []


def test_a_photo_is_read_and_one_without_a_code_is_said(enter, camera_browser, tmp_path):
    import segno
    from PIL import Image

    watch = Watched(camera_browser)
    gate = enter(watch.context())
    wall = tmp_path / "wall.png"
    Image.new("L", (400, 400), 128).save(wall)
    gate.page.set_input_files('[data-part="photo"]', wall)
    gate.page.wait_for_selector('[data-part="photo-empty"]:not([hidden])', timeout=30_000)
    screen = tmp_path / "screen.png"
    segno.make(gate.phone.code(), error="M", boost_error=False).save(str(screen), scale=8, border=4)
    gate.page.set_input_files('[data-part="photo"]', screen)
    gate.verdict("ok", "answered")
    watch.close()
    assert watch.faults == []


def test_everything_before_the_decoder_is_under_80_kilobytes(enter, camera_browser):
    watch = Watched(camera_browser)
    context = watch.context(service_workers="block")  # a first visit: nothing is kept yet
    gate = enter(context)
    session = context.new_cdp_session(gate.page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    bytes_of, names = {}, {}
    session.on("Network.responseReceived", lambda told: names.update({told["requestId"]: told["response"]["url"]}))
    session.on("Network.loadingFinished", lambda told: bytes_of.update({told["requestId"]: told["encodedDataLength"]}))
    gate.page.reload()
    gate.page.wait_for_selector('[data-camera="live"]')
    gate.page.wait_for_timeout(500)
    before = sum(size for id_, size in bytes_of.items() if "/scan/" not in names.get(id_, ""))
    assert 10_000 < before < 80_000
    watch.close()


def test_without_javascript_it_says_what_to_do(live, camera_browser):
    watch = Watched(camera_browser)
    page = watch.page(java_script_enabled=False)
    link = live.links()["gate"]
    page.goto(link["url"])
    page.fill("#code", link["code"])
    page.fill("#name", "Etuovi")
    page.click("main button")
    page.wait_for_url("**/gate#*")
    assert "JavaScript" in page.inner_text("main")
    assert page.locator(".ways").is_hidden()
    assert page.locator(".gate__count").is_visible()
    watch.close()
    assert watch.faults == []
