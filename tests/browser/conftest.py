"""Chromium for the tests that need a real browser: Debian's own, with nothing fetched from anywhere."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.gates import camera_browser, enter, issue  # noqa: F401
from tests.live import LiveServer

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def playwright():
    """The one Playwright of the run: a second one in the same thread is refused."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def launch(playwright):
    """Start Chromium with further flags; closed at the end of the ``with``."""

    def start(*flags):
        return playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *flags])

    return start


@pytest.fixture(scope="session")
def live(database, request, tmp_path_factory):
    """The product, served by gunicorn on each database: one of its own, since other tests empty theirs."""
    folder = tmp_path_factory.mktemp(f"live-{database}")
    url = f"sqlite:///{folder}/live.db"
    if database == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    with LiveServer(url, folder) as server:
        yield server


class Watched:
    """Contexts of one browser in which every console error, page error and CSP violation is written down."""

    def __init__(self, browser):
        self.browser = browser
        self.faults = []
        self.contexts = []

    def context(self, **options):
        given = {"viewport": {"width": 360, "height": 640}, "device_scale_factor": 2, "locale": "fi-FI"} | options
        context = self.browser.new_context(**given)
        context.set_default_timeout(15_000)
        context.add_init_script(
            "addEventListener('securitypolicyviolation',"
            " (event) => console.error('CSP', event.violatedDirective, event.blockedURI))"
        )
        context.on("page", self._watch)
        self.contexts.append(context)
        return context

    def page(self, **options):
        return self.context(**options).new_page()

    def _watch(self, page):
        page.on("console", lambda said: said.type == "error" and self.faults.append(f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    def close(self):
        for context in self.contexts:
            context.close()


@pytest.fixture(scope="session")
def chromium(launch):
    """One plain browser for the run."""
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def watched(chromium):
    """A browser that must end the test without a console error and without a CSP violation."""
    watch = Watched(chromium)
    yield watch
    watch.close()
    assert watch.faults == []


@pytest.fixture
def authenticator():
    """Gives a page a phone's own passkey store: user verified, discoverable."""

    def add(page):
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    return add
