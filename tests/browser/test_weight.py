"""Pages are light (EXPERIENCE.md): a holder may stand at the door with one bar of 3G and an old phone."""

import pytest

from tests.browser.conftest import Watched
from tests.browser.test_holder import activate
from tests.browser.weight import first_visit

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

CARD, GATE = 60_000, 80_000  # bytes


def shown(loads):
    return "\n".join(f"{load.size:8} {load.path}{' (worker)' if load.by_worker else ''}" for load in loads)


def test_the_card_is_light(live, watched):
    """With all that its worker keeps for the times without a connection, and the home screen's icon."""
    page = watched.page()
    activate(page, live.links()["holder"])
    loads = first_visit(page, f"{live.origin}/card", last="/card/offline")
    assert {load.origin for load in loads} == {live.origin}
    paths = [load.path for load in loads]
    assert {"/card", "/card/key", "/sw.js", "/card/offline", "/manifest.webmanifest"} <= set(paths)
    assert sum(load.size for load in loads) < CARD, shown(loads)


def test_the_gate_is_light_before_its_decoder(live, launch):
    """With all that its worker keeps for the times without a connection, and the home screen's icon."""
    browser = launch("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    watch = Watched(browser)
    page = watch.page(permissions=["camera"])
    page.goto(live.links()["gate"]["url"])
    page.fill("#name", "Etuovi")
    page.click("main button")
    page.wait_for_url("**/gate")
    page.goto(f"{live.origin}/gate/today")
    page.wait_for_load_state("networkidle")
    loads = first_visit(page, f"{live.origin}/gate", last=".wasm")
    watch.close()
    browser.close()
    assert watch.faults == []
    assert {load.origin for load in loads} == {live.origin}
    decoder = [load for load in loads if load.path.startswith("/static/scan/")]
    assert len({load.path for load in decoder}) == 2, shown(loads)
    assert sum(load.size for load in loads if load not in decoder) < GATE, shown(loads)
