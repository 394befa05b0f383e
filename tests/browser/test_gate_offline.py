"""The gate without a connection, in a real browser, with the network really off and the server really stopped.

If these fail, a visit at a basement stage is lost or stored twice, a forged card is welcomed there, staff believe that
a card was checked when it was not, or the way back costs them what they scanned.
"""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from tests.browser.conftest import CHROMIUM, QUIET, Watched
from tests.browser.gates import Gate
from wallet import config, create_app
from wallet.clock import now
from wallet.register import blocking
from wallet.register.database import act, db
from wallet.register.tables import Card, Use
from wallet.register.tables import Gate as GateRow
from wallet.register.tables_offline import Conflict
from wallet.register.tables_signin import SignIn

pytestmark = pytest.mark.browser

# What a browser says of a network that the test itself cut, or an answer that it spoilt.
SPOILT = re.compile("Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED|ERR_FAILED")


class Register:
    """What the database holds, whoever put it there."""

    def __init__(self, app):
        self.app = app

    def newest_gate(self):
        with self.app.app_context():
            return db.session.scalar(select(func.max(GateRow.id)))

    def uses(self, *gates):
        """(number of the card, late, read by) of each use of these gates."""
        with self.app.app_context():
            wanted = Use.gate_id.in_(gates), Use.undone_at.is_(None)
            query = select(Card.number, Use.late, Use.read_by).join(Card, Card.id == Use.card_id).where(*wanted)
            return sorted(db.session.execute(query).all())

    def conflicts(self, *gates):
        with self.app.app_context():
            return list(db.session.scalars(select(Conflict.reason).where(Conflict.gate_id.in_(gates))))

    def sign_out(self, gate_id):
        """The sign-in ends at the register; the phone does not know yet."""
        with self.app.app_context(), act() as session:
            session.execute(delete(SignIn).where(SignIn.gate_id == gate_id))

    def block(self, number):
        with self.app.app_context():
            card_id = db.session.scalar(select(Card.id).where(Card.number == number))
            blocking.block_card(card_id, "lost", by=None, at=now())


@pytest.fixture(scope="module")
def register(live):
    app = create_app(config.from_environment(live.env))
    yield Register(app)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def watch(camera_browser):
    watched = Watched(camera_browser)
    yield watched
    watched.close()
    assert [fault for fault in watched.faults if not SPOILT.search(fault)] == []


@pytest.fixture
def counter(watch, enter, register):
    """A gate that has its list, and works without a connection from here on."""

    def make(**options):
        gate = enter(watch.context(**options))
        gate.id = register.newest_gate()
        gate.ready()
        return gate

    return make


def shell_is_kept(gate):
    """Wait until the page could be opened without a connection."""
    for _ in range(100):
        kept = gate.page.evaluate(
            "async () => Boolean(navigator.serviceWorker.controller && await caches.match('/gate/offline'))"
        )
        if kept:
            return
        gate.page.wait_for_timeout(100)
    raise AssertionError("the shell was not kept")


def save(gate, text=None):
    """Scan, and record what this phone may record by itself."""
    gate.type(text or gate.phone.code())
    gate.verdict("ok", "answered")
    gate.press("record")
    gate.verdict("done", "saved")
    gate.press("next")


def altered(code):
    """One sign of the phone's signature changed."""
    sign = "A" if code[-5] != "A" else "B"
    return code[:-5] + sign + code[-4:]


def unsent(gate, count):
    gate.page.wait_for_function(
        "(count) => document.querySelector('[data-part=waiting]').hidden ? count === 0"
        " : document.querySelector('[data-number]').textContent === String(count)",
        arg=count,
    )


def test_an_evening_without_a_connection(live, counter, issue, register):
    """Five cards, one of them twice, one altered, one foreign, one closed before: exactly the right uses come of it."""
    closed, closed_number = issue()
    register.block(closed_number)
    gate = counter()
    page = gate.page
    visitors = [issue() for _ in range(4)]
    shell_is_kept(gate)
    page.context.set_offline(True)
    live.stop()
    try:
        page.reload()
        page.wait_for_selector('[data-part="kept"]:not([hidden])')
        assert page.locator('[data-part="venue"]').inner_text().endswith("Etuovi")
        gate.is_accessible()
        save(gate)
        for phone, _number in visitors:
            save(gate, phone.code())
        gate.type(visitors[0][0].code())
        gate.verdict("neutral", "answered")
        gate.fits()
        gate.is_accessible()
        gate.press("next")
        for text, reason in (
            (altered(gate.phone.code()), "forged"),
            (gate.phone.code(host="kokeilu.example.org"), "forged"),
            (gate.phone.code(at=now() - timedelta(minutes=5)), "old_code"),
            ("https://example.org/ohjelma", "other_system"),
            (closed.code(), "withdrawn"),
        ):
            gate.type(text)
            sheet = gate.verdict("stop", "answered")
            assert sheet.get_attribute("data-reason") == reason
            gate.press("next")
        unsent(gate, 5)
        assert register.uses(gate.id) == []
    finally:
        live.start()
    page.context.set_offline(False)
    gate.sent()
    unsent(gate, 0)
    page.wait_for_selector('[data-part="ready"]:not([hidden])')
    assert [number for number, _, _ in register.uses(gate.id)] == sorted([gate.number, *(n for _, n in visitors)])
    assert register.conflicts(gate.id) == []


@pytest.mark.one_database
def test_what_it_says_without_a_connection_fits_and_reads(counter):
    for scheme in ("light", "dark"):
        gate = counter(color_scheme=scheme)
        page = gate.page
        page.context.set_offline(True)
        gate.type(gate.phone.code())
        sheet = gate.verdict("ok", "answered")
        assert sheet.locator('[data-slot="badge"]').is_visible()
        assert "1986" in sheet.inner_text()
        gate.fits()
        gate.is_accessible()
        gate.press("record")
        sheet = gate.verdict("done", "saved")
        assert sheet.locator('[data-slot="badge"]').is_visible()
        gate.fits()
        gate.is_accessible()
        gate.press("undo")
        gate.verdict("neutral", "undone")
        gate.press("next")
        assert gate.queue() == []
        page.click('[data-opens="number"]')
        page.fill("#number-field", gate.number)
        page.keyboard.press("Enter")
        sheet = gate.verdict("neutral", "answered")
        assert sheet.get_attribute("data-reason") == "not_checked"
        gate.fits()
        gate.is_accessible()
        gate.press("record")
        gate.verdict("neutral", "saved")
        gate.fits()
        gate.is_accessible()
        gate.press("next")
        assert page.locator('[data-part="kept"]').is_visible()
        gate.is_accessible()
        page.click(".gate__count")
        assert page.locator('[data-part="away"]').is_visible()
        page.context.set_offline(False)
        gate.sent()


@pytest.mark.one_database
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "body": "broken"},
        {"status": 200, "body": "<!doctype html><p>Wi-Fi", "content_type": "text/html"},
        {"status": 401, "body": "<html>", "content_type": "text/html"},
        {"status": 403, "body": "<html>", "content_type": "text/html"},
        {"status": 302, "headers": {"Location": "/gate/enrol"}},
        {"status": 204},
        {"status": 200, "body": '{"answers": [{"scan_', "content_type": "application/json"},
        {"status": 200, "json": {"answers": []}},
        {"status": 200, "json": {"status": "ok"}},
        None,
    ],
    ids=["500", "HTML", "401", "403", "redirect", "204", "half", "missing", "other JSON", "nothing"],
)
def test_whatever_answers_in_place_of_the_register_the_queue_is_whole(counter, issue, register, answer):
    gate = counter()
    page = gate.page
    page.context.set_offline(True)
    phone, number = issue()
    save(gate)
    save(gate, phone.code())
    before = gate.queue()
    assert len(before) == 2
    asked = []

    def spoil(route):
        asked.append(route.request.url)
        if answer:
            route.fulfill(**answer)  # else it hangs

    page.route("**/gate/uses", spoil)
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    for _ in range(100):
        if asked:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(8500 if answer is None else 500)
    ids = [record["scan_id"] for record in before]
    assert [record["scan_id"] for record in gate.queue()] == ids
    assert all("answer" not in record for record in gate.queue())
    unsent(gate, 2)
    page.unroute("**/gate/uses")
    page.evaluate("dispatchEvent(new Event('online'))")
    gate.sent()
    assert [one for one, _, _ in register.uses(gate.id)] == sorted([gate.number, number])


@pytest.mark.one_database
def test_the_list_is_never_taken_back_and_ages_in_words(live, counter, issue, register):
    """A day old is amber, a week old is never green; the clock is the gate phone's own."""
    gate = counter()
    page = gate.page
    old = page.request.get(f"{live.origin}/gate/list").json()
    _, closed = issue()
    register.block(closed)
    newer = page.request.get(f"{live.origin}/gate/list").json()
    assert newer != old

    def offer(one):
        page.route("**/gate/list", lambda route: route.fulfill(json=one))
        with page.expect_response("**/gate/list"):
            page.reload()
        page.wait_for_timeout(300)
        page.unroute("**/gate/list")
        return page.evaluate(
            """() => new Promise((done) => {
              const opening = indexedDB.open("kaikukortti-gate");
              opening.onsuccess = () => {
                const asked = opening.result.transaction("values").objectStore("values").get("list");
                asked.onsuccess = () => (opening.result.close(), done(JSON.parse(asked.result.text)));
              };
            })"""
        )

    assert offer(newer) == newer
    assert offer(old) == newer
    assert offer(newer | {"signature": old["signature"]}) == newer

    page.context.set_offline(True)
    for ahead, verdict, reason in ((timedelta(hours=25), "warn", ""), (timedelta(days=8), "neutral", "not_checked")):
        at = now() + ahead
        page.clock.set_fixed_time(at)
        gate.type(gate.phone.code(at=at))
        sheet = gate.verdict(verdict, "answered")
        assert sheet.get_attribute("data-reason") == reason
        gate.fits()
        gate.is_accessible()
        gate.press("drop")


def test_two_gates_that_both_let_the_same_card_in_give_one_use_and_one_line(live, counter, register):
    """Half an hour ago, by the phones' clocks: what comes later than two minutes is judged by the written rules."""
    front, back = counter(), counter()
    then = now() - timedelta(minutes=30)
    for gate in (front, back):
        gate.page.context.set_offline(True)
        gate.page.clock.set_fixed_time(then)
        save(gate, front.phone.code(at=then))
    for gate in (front, back):
        gate.page.clock.set_fixed_time(now())
        gate.page.context.set_offline(False)
        gate.page.evaluate("dispatchEvent(new Event('online'))")
        for _ in range(100):
            if all("answer" in record for record in gate.queue()):
                break
            gate.page.wait_for_timeout(100)
    assert front.queue() == []
    assert register.uses(front.id, back.id) == [(front.number, True, "phone")]
    assert register.conflicts(front.id, back.id) == ["already_recorded"]
    page = back.page
    page.click('[data-part="show-refused"]')
    back.verdict("neutral", "refused")
    back.fits()
    back.is_accessible()
    back.press("remove")
    page.wait_for_selector('[data-part="refused"]', state="hidden")
    assert back.queue() == []
    page.goto(f"{live.origin}/gate/today")
    assert page.locator("[aria-labelledby=late-title] li").count() >= 1
    back.is_accessible()


@pytest.fixture
def opened(playwright, tmp_path):
    """Opens a browser whose storage outlives it."""

    def start():
        return playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=CHROMIUM,
            args=[*QUIET, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
            viewport={"width": 360, "height": 640},
        )

    return start


@pytest.mark.one_database
def test_records_survive_a_reload_and_a_closed_browser(live, opened, issue, register):
    context = opened()
    page = context.new_page()
    page.goto(live.links()["gate"]["url"])
    page.fill("#name", "Etuovi")
    page.click("main button")
    page.wait_for_url("**/gate")
    page.keyboard.press("Shift")
    gate, gate_id = Gate(page, *issue()), register.newest_gate()
    gate.ready()
    shell_is_kept(gate)
    context.set_offline(True)
    phone, number = issue()
    save(gate)
    save(gate, phone.code())
    page.reload()
    unsent(gate, 2)
    context.close()

    context = opened()
    context.set_offline(True)
    page = context.new_page()
    page.goto(f"{live.origin}/gate")
    gate = Gate(page, gate.phone, gate.number)
    unsent(gate, 2)
    context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    gate.sent()
    assert [one for one, _, _ in register.uses(gate_id)] == sorted([gate.number, number])
    context.close()


def test_a_sign_in_that_ended_keeps_the_queue_and_each_record_is_stored_once(live, counter, issue, register):
    """One had reached the register before, though its answer was lost; the phone is another gate afterwards."""
    gate = counter()
    page = gate.page
    phone, number = issue()

    def lose_the_answer(route):
        route.fetch()
        route.abort()

    page.route("**/gate/uses", lose_the_answer)
    gate.type(gate.phone.code())
    gate.verdict("ok", "answered")
    gate.press("record")
    gate.verdict("done", "saved")
    gate.press("next")
    page.unroute("**/gate/uses")
    page.context.set_offline(True)
    save(gate, phone.code())
    assert len(gate.queue()) == 2
    register.sign_out(gate.id)
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_selector('[data-part="enrol-again"]:not([hidden])')
    gate.is_accessible()
    assert len(gate.queue()) == 2
    unsent(gate, 2)
    page.goto(live.links()["gate"]["url"])
    page.fill("#name", "Etuovi taas")
    page.click("main button")
    page.wait_for_url("**/gate")
    gate.sent()
    anew = register.newest_gate()
    assert anew != gate.id
    assert [one for one, _, _ in register.uses(gate.id, anew)] == sorted([gate.number, number])
    assert register.conflicts(gate.id, anew) == []


@pytest.mark.one_database
def test_another_venues_records_stay_on_the_phone(counter):
    gate = counter()
    page = gate.page
    page.context.set_offline(True)
    save(gate)
    [record] = gate.queue()
    elsewhere = json.dumps(record | {"venue": "another"})
    page.evaluate(
        """(record) => new Promise((done) => {
          const opening = indexedDB.open("kaikukortti-gate");
          opening.onsuccess = () => {
            const change = opening.result.transaction("queue", "readwrite");
            change.objectStore("queue").put(JSON.parse(record));
            change.oncomplete = () => (opening.result.close(), done());
          };
        })""",
        elsewhere,
    )
    page.context.set_offline(False)
    page.reload()
    page.wait_for_selector('[data-part="foreign"]:not([hidden])')
    gate.is_accessible()
    assert len(gate.queue()) == 1


@pytest.mark.one_database
def test_signing_out_takes_all_from_the_phone_but_what_was_not_sent(live, counter):
    gate = counter()
    page = gate.page
    page.route("**/gate/uses", lambda route: route.abort())
    gate.scan()
    gate.verdict("ok", "answered")
    gate.press("record")
    gate.verdict("done", "saved")
    page.goto(f"{live.origin}/gate/today")
    assert page.locator("#unsent li").count() == 1
    gate.is_accessible()
    page.click("form[action*=sign-out] button")
    page.wait_for_selector("[data-unsent]:not([hidden])")
    gate.is_accessible()
    assert len(gate.queue()) == 1
    values = """() => new Promise((done) => {
      const opening = indexedDB.open("kaikukortti-gate");
      opening.onsuccess = () => {
        const change = opening.result.transaction(["values", "seen"]);
        const counts = ["values", "seen"].map((name) => change.objectStore(name).count());
        change.oncomplete = () => (opening.result.close(), done(counts.map((one) => one.result)));
      };
    })"""
    assert page.evaluate(values) == [0, 0]
    page.goto(f"{live.origin}/gate/offline")
    page.wait_for_selector('[data-part="enrol-again"]:not([hidden])')
    assert page.inner_text('[data-part="venue"]') == ""
    page.unroute("**/gate/uses")
    page.goto(live.links()["gate"]["url"])
    page.fill("#name", "Etuovi")
    page.click("main button")
    page.wait_for_url("**/gate")
    gate.sent()
