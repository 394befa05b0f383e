"""What the card and the gate weigh, and how soon a code is on the screen of a slow phone without a connection."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.weight import Fetched, first_visit
from tests.live import LiveServer

SLOWER = 4  # times, by Chromium's own throttle
RELOADS = 7
BUDGETS = {"card": 60_000, "gate": 80_000}  # bytes, EXPERIENCE.md
CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


def _card(live: LiveServer, browser: Browser) -> Page:
    """A phone of a holder who has just taken the card into use, before the card's page was ever open."""
    link = live.links()["holder"]
    page = browser.new_context(viewport={"width": 360, "height": 640}, device_scale_factor=2).new_page()
    page.goto(link["url"])
    page.fill("#birth_year", str(link["birth_year"]))
    page.click("main button")
    page.click("main button[value=fi]")
    page.wait_for_url("**/activate/passkey")
    return page


def _gate(live: LiveServer, browser: Browser) -> Page:
    """A phone that has just become a gate."""
    page = browser.new_context(permissions=["camera"]).new_page()
    page.goto(live.links()["gate"]["url"])
    page.fill("#name", "Ovi 1")
    page.click("main button")
    page.goto(f"{live.origin}/gate/today")
    page.wait_for_load_state("networkidle")
    return page


def _weight(name: str, loads: list[Fetched]) -> str:
    size = sum(load.size for load in loads)
    parts: dict[str, int] = {}
    for load in loads:
        kind = load.path.rsplit(".", 1)[-1] if "." in load.path else "page" if not load.by_worker else "offline shell"
        parts[kind] = parts.get(kind, 0) + load.size
    shown = ", ".join(
        f"{kind} {part / 1000:.1f}" for kind, part in sorted(parts.items(), key=lambda one: -one[1]) if part
    )
    return f"  {name:20} {size / 1000:6.1f} kB{_of(name)}   ({shown})"


def _of(name: str) -> str:
    budget = next((size for page, size in BUDGETS.items() if name.startswith(page)), None)
    return f" of {budget / 1000:.0f}" if budget else "      "


def _openings(page: Page) -> list[float]:
    """Milliseconds from the start of the navigation to the code's drawing, for each reload without a network."""
    page.wait_for_selector("[data-by=phone]")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.wait_for_function("caches.keys().then((names) => names.length === 1)")
    page.wait_for_timeout(500)
    page.context.set_offline(True)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    took = []
    for _ in range(RELOADS):
        page.reload()
        page.wait_for_selector("[data-by=phone]")
        took.append(page.evaluate("performance.getEntriesByName('code-shown')[0].startTime"))
    return took


def lines() -> Iterator[str]:
    """For reading."""
    with (
        tempfile.TemporaryDirectory(prefix="wallet-bench-") as folder,
        LiveServer(f"sqlite:///{folder}/bench.db", Path(folder)) as live,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *CAMERA])
        yield "Over the wire on a first visit (heads too; scripts and styles compressed, pages not),"
        yield f"Chromium {browser.version}:"
        card, gate = _card(live, browser), _gate(live, browser)
        yield _weight("card, in all", first_visit(card, f"{live.origin}/card", last="/card/offline"))
        loads = first_visit(gate, f"{live.origin}/gate", last=".wasm")
        decoder = [load for load in loads if load.path.startswith("/static/scan/")]
        yield _weight("gate, before decoder", [load for load in loads if load not in decoder])
        yield _weight("decoder", decoder)
        gate.context.close()
        took = sorted(_openings(card))
        yield f"Opening the card to a visible code, network off, processor {SLOWER} times slower:"
        yield f"  {median(took):.0f} ms   (fastest of {RELOADS} {took[0]:.0f}, slowest {took[-1]:.0f})"
        browser.close()
