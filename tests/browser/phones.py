"""Holders' phones in a browser: a card taken into use, made ready for no connection, read from the screen."""

import io
import json
import re
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import time_machine
import zxingcpp
from babel.messages.pofile import read_po
from PIL import Image
from playwright.sync_api import Page

import wallet
from tests.live import LiveServer
from wallet.codes import Keyring, load, verify
from wallet.codes.token import Code

KEPT = "async () => Boolean(await caches.match('/card/offline', { ignoreVary: true }))"
RECORDS = """async () => {
  const db = await new Promise((done, failed) => {
    const asked = indexedDB.open('kaikukortti');
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const all = db.objectStoreNames.contains('cards')
    ? await new Promise((done) => {
        db.transaction('cards').objectStore('cards').getAll().onsuccess = ({ target }) => done(target.result);
      })
    : [];
  db.close();
  const text = (bytes) => bytes && btoa(String.fromCharCode(...bytes));
  return all.map((one) => ({
    ...one,
    privateKey: Boolean(one.privateKey),
    fresh: one.fresh && text(one.fresh.point),
    credential: text(one.credential),
  }));
}"""


class ServerAt(LiveServer):
    """The product as it runs, but at another time: `at` when it starts, and going on from there."""

    def __init__(self, database_url: str, folder: Path, at: datetime) -> None:
        super().__init__(database_url, folder, workers=1)
        self.at = at

    def links(self) -> dict[str, dict[str, Any]]:
        """Made at the server's time, not at this process's."""
        with time_machine.travel(self.now()):
            return super().links()

    def prepare(self) -> None:
        with time_machine.travel(self.at):
            super().prepare()

    def command(self) -> list[str]:
        code = (
            f"import sys, time_machine; time_machine.travel({self.at.timestamp()}, tick=True).start();"
            " sys.argv = ['gunicorn']; from gunicorn.app.wsgiapp import run; run()"
        )
        return [sys.executable, "-c", code]

    def now(self) -> datetime:
        """The server's time."""
        with urllib.request.urlopen(f"{self.origin}/now", timeout=5) as answer:
            return datetime.fromtimestamp(json.load(answer)["now"] / 1000, UTC)


NO_CONNECTION = re.compile(
    r"net::ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|CONNECTION_RESET|FAILED|EMPTY_RESPONSE)"
)


def unexpected(faults: list[str]) -> list[str]:
    """The faults that are not simply the browser's own word for having no connection."""
    return [fault for fault in faults if not NO_CONNECTION.search(fault)]


def activate(page: Page, link: dict) -> None:
    """Take a card into use by its letter, up to the page of passkeys."""
    page.goto(link["url"])
    page.fill("#birth_year", str(link["birth_year"]))
    page.click("main form button")
    page.click("main button[value=fi]")
    page.wait_for_url("**/activate/passkey")


def take(page: Page, live: LiveServer, who: str = "holder") -> None:
    """A card of one of the demo people, shown by this phone and ready for no connection."""
    activate(page, live.links()[who])
    page.goto(f"{live.origin}/card")
    ready(page)


def ready(page: Page) -> None:
    """Wait until the phone shows its own code, has its shell and its places, and has nothing more to ask."""
    page.wait_for_selector("[data-by=phone]")
    until(page, KEPT)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.wait_for_selector("html:not([data-busy])", state="attached")


def until(page: Page, asked: str) -> None:
    """Wait until an async function of the page says yes. (Playwright's own waiting takes a promise for a yes.)"""
    for _ in range(150):
        if page.evaluate(asked):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {asked}")


def records(page: Page) -> list[dict]:
    """What the phone keeps of its cards."""
    return sorted(page.evaluate(RECORDS), key=lambda one: one["id"])


def on_screen(page: Page) -> str:
    """The text of the code on the screen, as a reader sees it."""
    picture = Image.open(io.BytesIO(page.locator("[data-code]").screenshot()))
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    return found[0].text


def keys_of(live: LiveServer) -> Keyring:
    return load((live.folder / "network_keys.json").read_text(encoding="utf-8"))


def holds(page: Page, live: LiveServer, at: datetime | None = None) -> Code:
    """The code on the screen, which a gate with the right time takes."""
    return verify(on_screen(page), keys_of(live), "localhost", at or datetime.now(UTC))


def fi(text: str, **facts: object) -> str:
    """A text in Finnish, its slots filled: translators may say it better, and tests need not care."""
    with (Path(wallet.__file__).parent / "locales/fi/LC_MESSAGES/messages.po").open("rb") as file:
        message = read_po(file, locale="fi").get(text)
    assert message is not None, text
    return re.sub(r"%\((\w+)\)[sd]|\{(\w+)\}", lambda slot: str(facts[slot[1] or slot[2]]), message.string)


def line(page: Page) -> str:
    """The card's one line of state."""
    lines = page.locator("[data-state-line] .status")
    assert lines.count() == 1, "one line of state, never two"
    return lines.inner_text()
