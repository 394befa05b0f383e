"""A gate's page in a real browser, and a visitor's phone before it. The codes come from a USB scanner that types."""

from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError
from sqlalchemy import select

from tests.gate.doors import Phone
from wallet import config, create_app
from wallet.clock import helsinki_year, now
from wallet.register import cards, demo
from wallet.register.database import db
from wallet.register.identities import Holder
from wallet.register.tables import Card

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
SHOWN = "({...document.querySelector('[data-verdict]').dataset})"


class Gate:
    """The page, and a visitor's phone before it."""

    def __init__(self, page, phone, number):
        self.page = page
        self.phone = phone
        self.number = number

    def type(self, text):
        """A USB scanner: keys far faster than fingers, then Enter. They are made before the first is sent, since a busy
        page must not stretch the time between them: a real key has the keyboard's."""
        self.page.evaluate(
            """(text) => {
              const key = (key) => new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
              for (const event of [...text, "Enter"].map(key)) document.body.dispatchEvent(event);
            }""",
            text,
        )

    def scan(self):
        self.type(self.phone.code())

    def verdict(self, kind, stage):
        """Wait for a verdict; its headline has the focus."""
        try:
            self.page.wait_for_selector(f'[data-verdict="{kind}"][data-stage="{stage}"]')
        except TimeoutError:
            raise AssertionError(f"not {kind}: {self.page.evaluate(SHOWN)}") from None
        if stage != "recording":
            self.page.wait_for_function("() => document.activeElement?.dataset.slot === 'headline'")
        self.page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
        return self.page.locator("[data-verdict]")

    def press(self, act):
        self.page.click(f'[data-act="{act}"]')

    def queue(self):
        """The records on this phone, as its database holds them."""
        return self.page.evaluate(
            """() => new Promise((done, fail) => {
              const opening = indexedDB.open("kaikukortti-gate");
              opening.onerror = fail;
              opening.onsuccess = () => {
                const asked = opening.result.transaction("queue").objectStore("queue").getAll();
                asked.onsuccess = () => (opening.result.close(), done(asked.result));
              };
            })"""
        )

    def sent(self):
        """Wait until nothing is left on this phone."""
        for _ in range(100):
            if not self.queue():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"still on the phone: {self.queue()}")

    def ready(self):
        """Wait until it would work without a connection."""
        self.page.wait_for_selector('[data-part="ready"]:not([hidden])')

    def fits(self):
        """Nothing wider than the screen; what is to be pressed is on it, below a piece of the camera."""
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert self.page.evaluate("scrollY") == 0
        low = self.page.evaluate(
            "Math.max(...[...document.querySelectorAll('.button--huge')].map((b) => b.getBoundingClientRect().bottom))"
        )
        assert 0 < low <= self.page.viewport_size["height"]
        assert self.page.locator(".camera").bounding_box()["height"] >= 80

    def is_accessible(self):
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document, {rules: {'color-contrast-enhanced': {enabled: false}}})")
        told = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]
        assert told == []


@pytest.fixture(scope="session")
def camera_browser(launch):
    """A phone with a camera that shows no code."""
    browser = launch("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def issue(live):
    """Gives out a new card: its phone and its number. Each test has a visitor of its own."""
    settings = config.from_environment(live.env)
    app = create_app(settings)

    def give(birth_year=1986, ages=()):
        with app.app_context():
            children = tuple((helsinki_year(now()) - age, "child") for age in ages)
            unit = demo.demo_unit()
            card_id, _ = cards.register_card(
                unit, by=None, at=now(), birth_year=birth_year, postcode="33100", children=children
            )
            phone = Phone(Holder("", card_id), settings)
            return phone, db.session.scalar(select(Card.number).where(Card.id == card_id))

    yield give
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def enter(live, issue):
    """Enrols a page as a gate, with a visitor before it."""

    def door(context, ages=()):
        page = context.new_page()
        page.goto(live.links()["gate"]["url"])
        page.fill("#name", "Etuovi")
        page.click("main button")
        page.wait_for_url("**/gate")
        page.wait_for_selector("[data-camera]", state="attached")  # its script listens
        page.keyboard.press("Shift")  # a touch: from here on sound is allowed
        return Gate(page, *issue(ages=ages))

    return door
