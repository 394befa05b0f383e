"""The holder without a connection, and with a clock that is off. If these fail, a line of people waits behind a phone
that shows nothing, or shows what nobody takes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.phones import ServerAt, activate, fi, holds, line, on_screen, ready, records, take, unexpected, until
from tests.live import LiveServer
from wallet.clock import now

pytestmark = pytest.mark.browser
HELSINKI = ZoneInfo("Europe/Helsinki")

# The phone's clock is off by what its own storage says, so that a test can put it right.
CLOCK_OFF = """
  const true_now = Date.now.bind(Date);
  const RealDate = Date;
  const off = () => Number(localStorage.getItem("clock-off") ?? START);
  globalThis.Date = class extends RealDate {
    constructor(...given) { given.length ? super(...given) : super(true_now() + off()); }
    static now() { return true_now() + off(); }
  };
"""


@pytest.fixture
def watched(chromium):
    """A browser that may say that it has no connection, and nothing else."""
    watch = Watched(chromium)
    yield watch
    watch.close()
    assert unexpected(watch.faults) == []


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory):
    """A server that these tests may stop and start."""
    folder = tmp_path_factory.mktemp("offline")
    with LiveServer(f"sqlite:///{folder}/live.db", folder) as server:
        yield server


@pytest.fixture
def server(sqlite):
    if sqlite.process is None:
        sqlite.start()
    return sqlite


def cut(page, server):
    """No connection: the phone has none, and there is nobody at the other end either."""
    server.stop()
    page.context.set_offline(True)


def restore(page, server):
    page.context.set_offline(False)
    server.start()


# The network really off


def test_everything_opens_without_a_connection(server, watched):
    page = watched.page()
    take(page, server)
    page.goto(f"{server.origin}/children")
    page.locator("[data-label-of]").first.fill("Aino")
    page.locator("[data-label-of]").first.blur()
    page.wait_for_selector("[data-kept]:not([hidden])")
    page.goto(f"{server.origin}/card")
    ready(page)
    page.locator("summary").click()
    number = page.locator(".number__value").inner_text()
    cut(page, server)

    page.goto(f"{server.origin}/card?from=icon")
    page.wait_for_selector("[data-by=phone]")
    code = holds(page, server)
    assert (code.type, code.children, code.party_children) == ("C1", 2, 0)
    assert line(page) == fi("Valid. No connection.")
    assert page.locator(".ticket__area").inner_text() == "Tampere"
    page.locator("summary").click()
    assert page.locator(".number__value").inner_text() == number
    assert page.locator(".nav [aria-current]").inner_text() == "Kortti"
    page.get_by_label("Aino").check()
    page.get_by_label("Avustaja").check()
    page.wait_for_timeout(300)
    code = holds(page, server)
    assert (code.party_children, code.party_assistants) == (1, 1)

    page.click(".nav a[href='/children']")
    expect(page.locator("h1")).to_have_text("Omat lapset")
    rows = page.locator("[data-list] > li").all_inner_texts()
    year = datetime.now(HELSINKI).year
    assert len(rows) == 3
    assert "Aino" in rows[0]
    assert fi("born %(year)s", year=year - 7) in rows[0]
    assert fi("Valid until the 18th birthday in %(year)s.", year=year + 11) in rows[0]
    assert fi("Free until the 18th birthday, this year.") in rows[1]
    assert fi("Ended: %(year)s was the year of the 18th birthday.", year=year - 2) in rows[2]
    unit = "Esittelyn kortinjakaja, Esittelyn palvelupiste"
    own = fi("The young person can have an own card. Ask at %(unit)s.", unit=unit)
    assert [own in row for row in rows] == [False, True, True]

    page.click(".nav a[href='/places']")
    today = datetime.now(HELSINKI)
    as_of = fi("Places, as of {day}", day=f"{today.day}.{today.month}.{today.year}")
    expect(page.locator("h1")).to_have_text(as_of)
    assert "Museokeskus Vapriikki" in page.locator("[data-list]").inner_text()
    assert page.locator("[data-list] > li").count() > 10
    page.click(".nav a[href='/visits']")
    expect(page.locator("main")).to_contain_text("Ei yhteyttä")
    page.goto(f"{server.origin}/")
    page.wait_for_selector("[data-by=phone]")

    restore(page, server)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_selector("form[action*='sign-out']")
    ready(page)
    assert holds(page, server).party_children == 1


def test_the_card_opens_in_half_a_second_without_a_connection(server, watched):
    page = watched.page()
    take(page, server, "other-holder")
    cut(page, server)
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    assert page.evaluate("performance.getEntriesByName('code-shown')[0].startTime") < 500


def answering(status):
    def answer(route):
        route.fulfill(status=status, body="<html>broken")

    return answer


def test_a_server_that_fails_or_is_slow_does_not_take_the_card_away(server, watched):
    page = watched.page()
    take(page, server, "other-holder")
    context = page.context
    for status in (500, 502):
        context.route("**/card?from=icon", answering(status))
        page.goto(f"{server.origin}/card?from=icon")
        page.wait_for_selector("[data-by=phone]")
        assert holds(page, server).type == "C1"
        context.unroute("**/card?from=icon")
    context.route("**/card?from=icon", lambda route: None)  # never answered
    page.goto(f"{server.origin}/card?from=icon")
    page.wait_for_selector("[data-by=phone]")
    assert holds(page, server).type == "C1"
    context.unroute("**/card?from=icon")


def test_a_phone_without_a_card_says_what_to_do(server, watched):
    page = watched.page()
    take(page, server, "other-holder")
    page.evaluate("indexedDB.deleteDatabase('kaikukortti')")
    cut(page, server)
    page.reload()
    page.wait_for_selector(".code__message")
    assert line(page) == fi("There is no card on this phone yet. Connect and sign in.")
    assert page.locator("[data-code] a").get_attribute("href") == "/card?wait=1"


def test_storage_that_safari_cleared_costs_nothing(server, watched):
    """Scripts' storage and the worker gone, the cookie kept: a new key is made silently."""
    page = watched.page()
    take(page, server)
    before = records(page)[0]["credential"]
    page.evaluate(
        """async () => {
          await new Promise((done) => (indexedDB.deleteDatabase('kaikukortti').onsuccess = done));
          for (const name of await caches.keys()) await caches.delete(name);
          for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
          localStorage.clear();
        }"""
    )
    page.goto(f"{server.origin}/card?from=icon")
    page.wait_for_selector("[data-by=phone]")
    assert holds(page, server).type == "C1"
    assert records(page)[0]["credential"] != before


# Clocks


def off_by(watched, seconds):
    context = watched.context()
    context.add_init_script(CLOCK_OFF.replace("START", str(seconds * 1000)))
    return context.new_page()


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (25, {fi("Valid. No connection.")}),
        (-25, {fi("Valid. No connection.")}),
        # A minute and a half is one or two, by a few milliseconds on the way.
        (90, {fi("Valid. This phone's clock is {minutes} minutes fast.", minutes=minutes) for minutes in (1, 2)}),
        (-240, {fi("Valid. This phone's clock is {minutes} minutes slow.", minutes=4)}),
    ],
)
def test_a_clock_that_is_off_makes_codes_of_the_true_time(server, watched, seconds, says):
    """A gate whose clock is right takes them; one that is off by 25 s the other way has its window for that."""
    page = off_by(watched, seconds)
    take(page, server, "other-holder")
    step = holds(page, server).step
    assert abs(step - now().timestamp() // 15) <= 1
    cut(page, server)
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    code = holds(page, server)
    assert abs(code.step - now().timestamp() // 15) <= 1
    for gate in (25, -25):
        assert holds(page, server, now() + timedelta(seconds=gate)).credential == code.credential
    assert line(page) in says


def test_a_clock_an_hour_ahead_is_not_guessed_at_and_once_right_is_forgotten(server, watched):
    page = off_by(watched, 3600)
    activate(page, server.links()["other-holder"])
    page.goto(f"{server.origin}/card")
    page.wait_for_selector("[data-by=server]")
    assert holds(page, server).type == "C3"
    assert line(page) == fi("This phone's clock is wrong, so it needs a connection to show your card.")
    page.evaluate("localStorage.setItem('clock-off', '0')")
    page.goto(f"{server.origin}/card")
    ready(page)
    assert line(page) == fi("Valid")
    assert holds(page, server).type == "C1"

    page.evaluate("localStorage.setItem('clock-off', String(3600 * 1000))")
    page.goto(f"{server.origin}/card")
    page.wait_for_selector("[data-by=server]")
    cut(page, server)
    page.reload()
    page.wait_for_selector(".code__message")
    assert line(page) == fi("This phone's clock is wrong, so it needs a connection to show your card.")
    assert page.locator("[data-code] svg.qr").count() == 0


def test_a_clock_that_is_put_back_before_ones_eyes_is_not_guessed_at(server, watched):
    page = off_by(watched, 0)
    take(page, server, "other-holder")
    cut(page, server)
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    page.evaluate("localStorage.setItem('clock-off', String(-3600 * 1000))")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector(".code__message")
    assert line(page) == fi("This phone's clock was changed. Connect to show your card.")
    page.reload()
    page.wait_for_selector(".code__message")
    restore(page, server)
    page.evaluate("localStorage.setItem('clock-off', '0')")
    page.goto(f"{server.origin}/card")
    ready(page)
    assert holds(page, server).type == "C1"


@pytest.fixture
def at_time(tmp_path, watched):
    """A server and a phone at another time."""
    started = []

    def start(moment):
        server = ServerAt(f"sqlite:///{tmp_path}/live.db", tmp_path, moment)
        server.__enter__()
        started.append(server)
        page = watched.page()
        page.clock.install(time=server.now())
        return server, page

    yield start
    for server in started:
        server.__exit__(None, None, None)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(2026, 12, 31, 23, 59, 40, tzinfo=HELSINKI), id="midnight and New Year"),
        pytest.param(datetime(2027, 3, 28, 0, 59, 40, tzinfo=UTC), id="summer time begins"),
        pytest.param(datetime(2026, 10, 25, 0, 59, 40, tzinfo=UTC), id="summer time ends"),
    ],
)
def test_the_code_goes_on_over_the_turn_of_a_day_and_of_summer_time(at_time, moment):
    server, page = at_time(moment - timedelta(minutes=2))
    take(page, server)
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    assert server.now() < moment
    before = holds(page, server, server.now())
    ahead = timedelta(minutes=2)
    page.clock.fast_forward(int(ahead.total_seconds() * 1000))
    page.wait_for_timeout(500)
    assert server.now() + ahead > moment
    after = holds(page, server, server.now() + ahead)
    assert after.credential == before.credential
    assert after.step > before.step
    assert line(page) == fi("Valid. No connection.")


# Weeks without a connection


def offline_at(page, moment):
    page.context.set_offline(True)
    page.clock.set_system_time(moment)
    page.reload()


def within(ago, days):
    return fi("Last connected {ago}: connect within {days} days.", ago=ago, days=days)


def test_the_card_counts_down_honestly_and_then_asks_to_connect(at_time):
    server, page = at_time(datetime(2026, 11, 25, 12, tzinfo=HELSINKI))
    take(page, server)
    start = server.now()
    for days, says in (
        (6, fi("Valid. No connection.")),
        (8, within("8 päivää sitten", 20)),
        (22, within("3 viikkoa sitten", 6)),
        (27, fi("Last connected {ago}: connect by tomorrow.", ago="3 viikkoa sitten")),
        (28, fi("Last connected {ago}: connect today.", ago="4 viikkoa sitten")),
    ):
        offline_at(page, start + timedelta(days=days))
        page.wait_for_selector("[data-by=phone]")
        assert line(page) == says
        assert holds(page, server, start + timedelta(days=days, seconds=5)).type == "C1"
    offline_at(page, start + timedelta(days=29))
    page.wait_for_selector(".code__message")
    assert line(page) == fi("Connect to show your card again.")
    with pytest.raises(AssertionError):
        on_screen(page)


def later(server, page, days):
    """The same server and phone, days later."""
    server.stop()
    server.at += timedelta(days=days)
    server.start()
    page.clock.set_system_time(server.now())


def test_a_phone_that_is_opened_after_a_week_renews_its_key(at_time):
    server, page = at_time(datetime(2026, 11, 25, 12, tzinfo=HELSINKI))
    take(page, server)
    (first,) = records(page)
    later(server, page, 6)
    page.reload()
    ready(page)
    assert records(page)[0]["credential"] == first["credential"], "not before its time"
    later(server, page, 2)
    page.reload()
    ready(page)
    (second,) = records(page)
    assert second["credential"] != first["credential"]
    assert second["once"] != first["once"]
    assert second["credentialEnds"] == "2026-12-31"
    assert holds(page, server, server.now()).type == "C1"


def test_a_renewal_whose_answer_was_lost_goes_on_with_the_same_key(at_time):
    server, page = at_time(datetime(2026, 11, 25, 12, tzinfo=HELSINKI))
    take(page, server)
    (first,) = records(page)
    later(server, page, 8)

    def lose(route):
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.context.route("**/card/key", lose)
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    page.wait_for_selector("html:not([data-busy])", state="attached")
    (waiting,) = records(page)
    assert waiting["credential"] == first["credential"]
    assert waiting["fresh"]
    page.context.unroute("**/card/key")
    page.reload()
    ready(page)
    (renewed,) = records(page)
    assert renewed["credential"] != first["credential"]
    assert renewed["fresh"] is None
    held = holds(page, server, server.now())
    assert held.type == "C1"
    assert line(page) == fi("Valid"), "nothing was taken for a copy"


COPY = """async ([renews, once]) => {
  const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_');
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const whole = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const point = whole.slice(0, 33);
  point[0] = 2 + (whole[64] & 1);
  const { nonce } = await (await fetch('/card/key', { headers: { Accept: 'application/json' } })).json();
  const message = new TextEncoder().encode(`KP1/prove/localhost\\0${nonce}`);
  const proof = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, message);
  const answer = await fetch('/card/key', {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-CSRFToken': document.querySelector('meta[name="csrf-token"]').content,
    },
    body: JSON.stringify({ public_key: text(point), proof: text(proof), renews, once }),
  });
  return answer.status;
}"""


def test_a_copied_key_shows_itself_and_the_card_says_so(at_time, watched):
    server, page = at_time(datetime(2026, 11, 25, 12, tzinfo=HELSINKI))
    take(page, server)
    (first,) = records(page)
    later(server, page, 8)
    page.context.route("**/card/key/*", lambda route: route.abort())  # this page itself does not get to it
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    renews = page.evaluate("(text) => btoa(atob(text).slice(3, 8)).replaceAll('+', '-').replaceAll('/', '_')",
                           first["credential"])  # fmt: skip
    assert page.evaluate(COPY, [renews, first["once"]]) == 200, "the copy is faster"
    page.context.unroute("**/card/key/*")
    # The phone has not heard that its key was renewed: it asks for a renewal, as after a lost answer.
    page.context.route("**/card/key/*", live_state)
    page.reload()
    page.wait_for_selector("[data-code] a[href='/sign-in']")
    assert line(page) == fi("For safety, this card was stopped on all phones. Sign in again.")
    (stopped,) = records(page)
    assert not stopped["privateKey"]
    page.click("[data-code] a")
    page.wait_for_url("**/sign-in")
    watched.faults.clear()  # the browser writes a refusal's status into its console


def live_state(route):
    answer = route.fetch()
    route.fulfill(response=answer, json=answer.json() | {"state": "live"})


# Two cards on one phone


def test_two_cards_share_a_phone_and_one_signs_out(server, watched):
    sent = []
    page = watched.page()
    page.context.on("request", lambda request: sent.append(request.post_data or ""))
    take(page, server)
    take(page, server, "other-holder")
    first, second = records(page)
    assert first["privateKey"]
    assert second["privateKey"]
    page.locator("[data-card-name]").fill("Liisa")
    page.locator("[data-card-name]").blur()
    shown = holds(page, server).credential
    page.click("[data-card-button]")
    page.wait_for_load_state()
    ready(page)
    assert holds(page, server).credential != shown
    page.wait_for_selector("[data-card-button]:has-text('Liisa')")

    cut(page, server)
    page.reload()
    page.wait_for_selector("[data-by=phone]")
    before = holds(page, server)
    assert before.children == 2
    page.click("[data-card-button]:has-text('Liisa')")
    page.wait_for_selector("[data-this]:has-text('Liisa')")
    page.wait_for_selector("[data-by=phone]")
    assert holds(page, server).credential == shown
    assert holds(page, server).children == 0

    restore(page, server)
    page.goto(f"{server.origin}/card")
    ready(page)
    page.locator("form[action*='sign-out'] button").click()
    page.wait_for_url("**/signed-out/holder")
    until(page, f"async () => (await ({RECORDS_IDS})()).length === 1")
    (left,) = records(page)
    assert left == second | {"name": "Liisa"} | {
        key: left[key] for key in ("shownAt", "connectedAt", "offset", "places")
    }
    assert left["privateKey"], "the other's key is there"
    text = "".join(sent)
    assert "Liisa" not in text


RECORDS_IDS = """async () => {
  const db = await new Promise((done) => (indexedDB.open('kaikukortti').onsuccess = (e) => done(e.target.result)));
  const ids = await new Promise((done) => {
    db.transaction('cards').objectStore('cards').getAllKeys().onsuccess = ({ target }) => done(target.result);
  });
  db.close();
  return ids;
}"""


def test_nothing_of_the_one_who_signed_out_is_left(server, watched):
    page = watched.page()
    take(page, server)
    page.locator("summary").click()
    number = page.locator(".number__value").inner_text()
    page.goto(f"{server.origin}/children")
    page.locator("[data-label-of]").first.fill("Aino")
    page.locator("[data-label-of]").first.blur()
    page.wait_for_selector("[data-kept]:not([hidden])")
    page.goto(f"{server.origin}/card")
    ready(page)
    assert kept_texts(page, number, "Aino") == []
    page.locator("form[action*='sign-out'] button").click()
    page.wait_for_url("**/signed-out/holder")
    until(page, "async () => (await indexedDB.databases()).length === 0")
    page.go_back()
    page.wait_for_load_state()
    assert number not in page.content()
    page.context.set_offline(True)
    for path in ("/card", "/children", "/visits", "/"):
        page.goto(server.origin + path)
        page.wait_for_load_state()
        assert number not in page.content()
        assert "Aino" not in page.content()
    page.goto("about:blank")  # the shell would go on its own way as soon as there is a connection
    page.context.set_offline(False)
    take(page, server, "other-holder")
    assert len(records(page)) == 1
    assert kept_texts(page, number, "Aino") == []
    for path in ("/card", "/children", "/visits", "/places"):
        page.goto(server.origin + path)
        assert number not in page.content()
        assert "Aino" not in page.content()


def kept_texts(page, *texts):
    """What of these is in a cache."""
    return page.evaluate(
        """async (texts) => {
          const found = [];
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) {
              const body = await (await cache.match(request, { ignoreVary: true })).text();
              found.push(...texts.filter((text) => body.includes(text) || request.url.includes(text)));
            }
          }
          return found;
        }""",
        list(texts),
    )


def test_the_key_never_leaves_the_phone(server, watched):
    page = watched.page()
    take(page, server, "other-holder")
    refused = page.evaluate(
        """async () => {
          const opened = (event) => event.target.result;
          const db = await new Promise((done) => (indexedDB.open('kaikukortti').onsuccess = (e) => done(opened(e))));
          const cards = db.transaction('cards').objectStore('cards');
          const [record] = await new Promise((done) => (cards.getAll().onsuccess = (e) => done(opened(e))));
          db.close();
          const forms = ['pkcs8', 'jwk', 'raw'];
          const tried = await Promise.allSettled(forms.map((form) => crypto.subtle.exportKey(form, record.privateKey)));
          return tried.map(({ status }) => status);
        }"""
    )
    assert refused == ["rejected"] * 3


def test_staff_and_gates_who_sign_out_leave_the_card(server, watched):
    page = watched.page()
    take(page, server, "other-holder")
    page.goto(server.links()["support"]["url"])
    page.click("main form button")
    page.wait_for_url("**/staff/passkey")
    page.goto(f"{server.origin}/staff")
    page.locator("form[action*='sign-out'] button").click()
    page.wait_for_url("**/signed-out/staff")
    page.wait_for_timeout(300)
    assert len(records(page)) == 1
    page.goto(f"{server.origin}/card")
    ready(page)
