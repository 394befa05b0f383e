"""The site as an app on the home screen: what installs it, how it starts, how a new release comes in."""

import io
import json
import re
import shutil
import subprocess
import urllib.request

import pytest
from PIL import Image

from tests.browser.conftest import Watched
from tests.browser.phones import fi, holds, ready, records, take, unexpected, until
from tests.live import ROOT, LiveServer

pytestmark = pytest.mark.browser
IPHONE = """
  Object.defineProperty(navigator, "standalone", { value: false, configurable: true });
  Object.defineProperty(navigator, "maxTouchPoints", { value: 5 });
"""


@pytest.fixture
def watched(chromium):
    """A browser that may say that it has no connection, and nothing else."""
    watch = Watched(chromium)
    yield watch
    watch.close()
    assert unexpected(watch.faults) == []


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pwa")
    with LiveServer(f"sqlite:///{folder}/live.db", folder) as server:
        yield server


def enrol(page, server):
    """Make this browser a gate."""
    page.goto(server.links()["gate"]["url"])
    page.fill("#name", "Ovi")
    page.click("main form button")
    page.wait_for_url("**/gate")


# What a browser wants to see before it installs


@pytest.mark.parametrize(
    ("path", "id", "start", "shortcuts"),
    [
        ("/sign-in", "/card", "/card?from=icon", ["/children", "/visits"]),
        ("/gate/enrol", "/gate", "/gate?from=icon", ["/gate/today"]),
    ],
)
def test_each_audience_installs_its_own(server, watched, path, id, start, shortcuts):  # noqa: PLR0917
    page = watched.page()
    page.goto(server.origin + path)
    session = page.context.new_cdp_session(page)
    told = session.send("Page.getAppManifest")
    assert told["errors"] == []
    manifest = json.loads(told["data"])
    assert (manifest["id"], manifest["start_url"], manifest["display"]) == (id, start, "standalone")
    assert manifest["lang"] == "fi", "the reader's language, by the cookie"
    assert [one["url"] for one in manifest["shortcuts"]] == shortcuts
    assert all(url.startswith(manifest["scope"]) for url in (start, *shortcuts))
    assert len(manifest["short_name"]) <= 13
    assert {(one["sizes"], one["purpose"]) for one in manifest["icons"]} == {
        (size, purpose) for size in ("192x192", "512x512") for purpose in ("any", "maskable")
    }
    for one in manifest["icons"]:
        with urllib.request.urlopen(server.origin + one["src"]) as answer:
            picture = Image.open(io.BytesIO(answer.read()))
        assert f"{picture.width}x{picture.height}" == one["sizes"]
    faults = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {fault["errorId"] for fault in faults} <= {"in-incognito"}, "tests' browsers keep nothing"


def test_the_two_are_two(server, watched):
    """A summer worker has both on one phone: Chrome tells them apart by their ids."""
    found = []
    for path in ("/manifest.webmanifest", "/gate/manifest.webmanifest"):
        with urllib.request.urlopen(server.origin + path) as answer:
            found.append(json.load(answer))
    for field in ("id", "start_url", "name", "short_name", "scope"):
        assert found[0][field] != found[1][field]


def test_pictures_on_an_iphone_until_they_are_sent_away(server, watched):
    context = watched.context(has_touch=True)
    context.add_init_script(IPHONE)
    page = context.new_page()
    page.goto(f"{server.origin}/activate")
    hint = page.locator("section:has(> .notice__body h2)")
    assert hint.locator("h2").inner_text() == fi("Add to home screen first")
    assert hint.locator("svg.picture").count() == 2
    assert hint.bounding_box()["y"] < page.locator("main form").bounding_box()["y"], "before the code is typed"
    page.goto("about:blank")
    take(page, server, "other-holder")
    assert hint.locator("h2").inner_text() == fi("Add your card to the home screen")
    assert hint.bounding_box()["width"] <= 360
    hint.get_by_role("button").click()
    assert hint.count() == 0
    page.reload()
    ready(page)
    assert hint.count() == 0, "remembered"


def test_no_pictures_elsewhere_and_none_once_installed(server, watched):
    page = watched.page(has_touch=True)
    page.goto(f"{server.origin}/activate")
    page.wait_for_load_state("networkidle")
    assert page.locator("section.notice").count() == 0
    context = watched.context(has_touch=True)
    context.add_init_script(IPHONE.replace("false", "true"))
    page = context.new_page()
    page.goto(f"{server.origin}/activate")
    page.wait_for_load_state("networkidle")
    assert page.locator("section.notice").count() == 0


def test_a_button_where_the_browser_asks(server, watched):
    page = watched.page()
    page.goto(f"{server.origin}/activate")
    page.wait_for_load_state("networkidle")
    page.evaluate(
        """() => {
          const event = new Event('beforeinstallprompt', { cancelable: true });
          event.prompt = async () => (globalThis.prompted = true);
          globalThis.prevented = !dispatchEvent(event);
        }"""
    )
    page.get_by_role("button", name=fi("Add to home screen")).click()
    assert page.evaluate("[prompted, prevented]") == [True, True]
    assert page.locator("section.notice").count() == 0


# Starting


def test_a_start_from_the_icon_meets_no_loop_and_no_redirected_answer(server, watched):
    page = watched.page()
    take(page, server, "other-holder")
    answers = []
    page.on("response", lambda answer: answer.request.is_navigation_request() and answers.append(answer))
    page.goto(f"{server.origin}/card?from=icon")
    ready(page)
    assert [answer.status for answer in answers] == [200]
    page.locator("form[action*='sign-out'] button").click()
    page.wait_for_url("**/signed-out/holder")
    for start in ("/card?from=icon", "/", "/children", "/gate?from=icon"):
        answers.clear()
        page.goto(server.origin + start)
        page.wait_for_load_state()
        assert len(answers) <= 2, [answer.url for answer in answers]
        assert answers[-1].status == 200
        assert page.locator("h1").count() == 1
    assert page.url.endswith("/gate/enrol")


def test_what_is_kept_is_the_named_shell_and_nothing_of_a_person(server, watched):
    page = watched.page()
    take(page, server, "holder")
    for path in ("/children", "/places", "/visits", "/card?with=1", "/"):
        page.goto(server.origin + path)
        page.wait_for_load_state()
    ready(page)
    assert kept(page) == {"/card/offline", *files_of(page, "/card/offline")}
    enrol(page, server)
    until(page, "async () => Boolean(await caches.match('/gate/offline', { ignoreVary: true }))")
    both = {"/card/offline", "/gate/offline", *files_of(page, "/card/offline"), *files_of(page, "/gate/offline")}
    assert kept(page) == both
    assert any(path.endswith(".wasm") for path in both)


def test_holders_do_not_download_the_decoder(server, watched):
    asked = []
    page = watched.page()
    page.context.on("request", lambda request: asked.append(request.url))
    take(page, server, "other-holder")
    assert not [url for url in asked if "/scan/" in url or "/gate" in url]


def kept(page):
    """The paths that any cache holds."""
    urls = page.evaluate(
        """async () => {
          const all = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
          return all.flat().map(({ url }) => new URL(url).pathname);
        }"""
    )
    return set(urls)


def files_of(page, shell):
    text = page.evaluate("async (shell) => (await caches.match(shell, { ignoreVary: true })).text()", shell)
    return set(re.findall(r"/static/[^\"]+\.(?:js|css|wasm)", text))


def test_the_shell_speaks_the_language_that_was_chosen_last(server, watched):
    page = watched.page()
    take(page, server, "other-holder")
    page.goto(f"{server.origin}/card?lang=sv")
    ready(page)
    kept_language = "(await caches.match('/card/offline', { ignoreVary: true })).headers.get('Content-Language')"
    until(page, f"async () => {kept_language} === 'sv'")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    assert page.locator("[data-state-line]").inner_text() == "Gäller. Ingen förbindelse."
    page.context.set_offline(False)


# Edges of the screen


@pytest.mark.parametrize(("width", "height"), [(390, 844), (844, 390)])
def test_nothing_lies_under_the_notch_or_the_home_bar(server, watched, width, height):
    page = watched.page(viewport={"width": width, "height": height})
    take(page, server, "holder")
    upright = height > width
    insets = {"top": 47, "bottom": 34, "left": 0, "right": 0} if upright else {"left": 47, "right": 47, "bottom": 21}
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
    page.wait_for_timeout(200)
    assert page.evaluate(
        "() => { const p = document.createElement('p'); p.style.paddingBottom = 'env(safe-area-inset-bottom)';"
        " document.body.append(p); const got = getComputedStyle(p).paddingBottom; p.remove(); return got; }"
    ) == (f"{insets['bottom']}px"), "the browser plays along"
    for path in ("/card", "/children", "/places", "/visits"):
        if path != "/card":
            page.goto(server.origin + path)
        page.evaluate("scrollTo(0, 0)")
        parts = page.locator("h1, [data-code] svg.qr, summary, .choice, .nav a, .button, .language a")
        for part in parts.all():
            if not part.is_visible():
                continue
            part.scroll_into_view_if_needed()
            box = part.bounding_box()
            what = part.evaluate("(part) => part.outerHTML.slice(0, 80)")
            assert box["x"] >= insets["left"] - 0.5, what
            assert box["x"] + box["width"] <= width - insets["right"] + 0.5, what
            if part.evaluate("(part) => Boolean(part.closest('.nav'))"):
                assert box["y"] + box["height"] <= page.evaluate("innerHeight") - insets["bottom"] + 0.5 or (
                    page.evaluate("document.documentElement.scrollHeight > innerHeight + scrollY")
                ), what
        page.evaluate("scrollTo(0, 0)")
        assert page.locator("h1").bounding_box()["y"] >= insets.get("top", 0)


# A new release


@pytest.fixture(scope="module")
def next_release(tmp_path_factory):
    """The project a release later: another colour, built into files of other names."""
    copy = tmp_path_factory.mktemp("next")
    for name in ("wallet", "templates", "migrations", "static/js", "static/css", "static/icons"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("build.mjs", "package.json", "gunicorn.conf.py"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    tokens = copy / "static/css/tokens.css"
    text = tokens.read_text(encoding="utf-8")
    assert "--face: #26327a;" in text
    tokens.write_text(text.replace("--face: #26327a;", "--face: #26327b;"), encoding="utf-8")
    store = copy / "static/js/holder/card.entry.js"
    store.write_text(store.read_text(encoding="utf-8") + "\ndocument.documentElement.dataset.next = '';\n", "utf-8")
    subprocess.run(["node", "build.mjs"], cwd=copy, check=True)
    return copy


@pytest.fixture
def deployed(tmp_path, next_release):
    """A server of this release that can become one of the next, and back."""

    class Deployed(LiveServer):
        def deploy(self, root):
            self.stop()
            self.root = root
            self.start()

    with Deployed(f"sqlite:///{tmp_path}/live.db", tmp_path) as server:
        yield server


FACE = "getComputedStyle(document.documentElement).getPropertyValue('--face').trim()"
NEXT = "() => document.documentElement.dataset.next === ''"


def is_next(page):
    """Whether the page is of the next release, in style and in script: never of both."""
    style, script = page.evaluate(FACE) == "#26327b", page.evaluate(NEXT)
    assert style == script, "new style with old script, or the reverse"
    return style


def worker_took_over(page):
    until(page, "async () => !(await navigator.serviceWorker.getRegistration()).waiting")


def test_an_open_app_is_of_the_new_release_when_it_is_seen_again(deployed, next_release, watched):
    page = watched.page()
    take(page, deployed, "other-holder")
    before = records(page)
    deployed.deploy(next_release)
    assert not is_next(page)
    page.wait_for_timeout(500)
    assert holds(page, deployed).type == "C1", "the open page goes on, its files gone from the server"
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function(NEXT)
    ready(page)
    assert is_next(page)
    assert holds(page, deployed).credential
    assert records(page)[0]["credential"] == before[0]["credential"], "the phone's key is the same"
    assert len(page.evaluate("caches.keys()")) == 2, "the last release's files stay for one generation"
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    assert is_next(page), "without a connection too"
    page.context.set_offline(False)


def test_a_closed_app_starts_in_the_new_release(deployed, next_release, watched):
    page = watched.page()
    take(page, deployed, "other-holder")
    page.close()
    deployed.deploy(next_release)
    page = watched.contexts[-1].new_page()
    page.goto(f"{deployed.origin}/card?from=icon")
    ready(page)
    assert is_next(page)
    until(page, "async () => (await caches.keys()).length === 2")
    worker_took_over(page)
    page.context.set_offline(True)
    page.goto(f"{deployed.origin}/card?from=icon")
    page.wait_for_selector("[data-by=phone]")
    assert is_next(page)
    page.context.set_offline(False)


def test_a_closed_app_that_starts_without_a_connection_runs_what_it_has(deployed, next_release, watched):
    page = watched.page()
    take(page, deployed, "other-holder")
    page.close()
    deployed.deploy(next_release)
    context = watched.contexts[-1]
    context.set_offline(True)
    page = context.new_page()
    page.goto(f"{deployed.origin}/card?from=icon")
    page.wait_for_selector("[data-by=phone]")
    assert not is_next(page)
    context.set_offline(False)
    page.wait_for_function(NEXT)
    ready(page)
    assert is_next(page)


def test_never_in_the_middle_of_something(deployed, next_release, watched):
    page = watched.page()
    take(page, deployed, "other-holder")
    other = page.context.new_page()
    other.goto(f"{deployed.origin}/visits")
    page.evaluate("document.documentElement.dataset.busy = ''")
    deployed.deploy(next_release)
    other.reload()
    until(other, "async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)")
    other.wait_for_timeout(1500)
    assert not is_next(page), "a verdict on the screen stays"
    assert page.evaluate("async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)")
    page.evaluate("delete document.documentElement.dataset.busy")
    page.wait_for_function(NEXT)
    ready(page)
    assert is_next(page)
