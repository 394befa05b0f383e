"""Every page of every audience in a real browser: each language, both themes, a small screen, large text, keys alone.

If these fail, somebody can't read a page, can't reach a button, or scrolls sideways to find one.
"""

import io
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.conftest import Watched
from tests.browser.film import shoot
from tests.gate.doors import Phone, scan
from tests.live import LiveServer
from wallet import config, create_app, scans
from wallet.clock import helsinki_day, helsinki_year, now
from wallet.register import accounts, blocking, cards, demo, invitations, signins, uses
from wallet.register.database import act, db
from wallet.register.identities import HeldRole, Holder
from wallet.register.tables import Card
from wallet.signin import guards

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PICTURES = ROOT / "docs" / "pictures"
LANGUAGES = ("fi", "sv", "en")
FIRST_TIME = ("/activate/language", "/activate/passkey", "/activate/pin")
# Whose pages there are. What a page answers, where it is not 200, is the one console line that is tolerated.
PAGES = {
    "nobody": (
        *("/", "/activate", "/sign-in", "/gate/enrol", "/staff/start", "/staff/sign-in", "/card/offline"),
        *("/signed-out/holder", "/signed-out/gate", "/signed-out/staff", "/nowhere"),
    ),
    "holder": ("/card", "/children", "/visits", *FIRST_TIME),
    "holder without children": ("/card", "/children", "/visits"),
    "ending": ("/card",),
    "expired": ("/card",),
    "early": ("/card",),
    "replaced": ("/card",),
    "blocked": ("/card", "/children"),
    "gate": ("/gate", "/gate/today"),
    "quiet gate": ("/gate/today?said=undo_too_late",),
    "desk": (
        *("/staff", "/staff/passkey", "/desk", "/desk/give", "/coordinator"),
        *("/desk/sheets", "/desk/sheets/cards", "/desk/import"),
        *("/desk/community", "/desk/community/new"),
    ),
    "office": ("/staff", "/office/vapriikki", "/office/vapriikki/form", "/office/vapriikki/uses"),
    "agent": ("/office", "/office/tampereen-teatteri/uses"),
    "coordinator": ("/staff", "/coordinator"),
    "support": ("/staff", "/coordinator"),
    "newcomer": ("/staff",),
}
ANSWERS = {("nobody", "/nowhere"): 404, ("desk", "/coordinator"): 403}
FORMS = ("/activate", "/sign-in", "/gate/enrol", "/staff/start")  # sent empty, they come back with what is wrong
AUDIENCES = {"gate": "gate", "quiet gate": "gate"} | dict.fromkeys(
    ("desk", "office", "agent", "coordinator", "support", "newcomer"), "staff"
)


class House:
    """The product as it runs, and its register from within: people in every state, signed in without a ceremony."""

    def __init__(self, server):
        self.origin = server.origin
        self.app = create_app(config.from_environment(server.env))
        self.settings = self.app.config["SETTINGS"]
        with self.app.app_context():
            self.subjects = people(self.settings)

    def cookie(self, who):
        """The session of one of them, newly signed in: a phone's keys are counted by it. Nobody's is empty."""
        if who == "nobody":
            return ""
        audience = AUDIENCES.get(who, "holder")
        with self.app.app_context():
            sign_in = signins.start(audience, at=now(), **self.subjects[who])
        serializer = self.app.session_interface.get_signing_serializer(self.app)
        return serializer.dumps({audience: sign_in, "_permanent": True})

    def sign_in(self, context, who):
        """This browser is signed in as one of them."""
        cookie = {"name": "__Host-session", "value": self.cookie(who), "secure": True, "httpOnly": True}
        # A prefixed name needs a secure address to be set from; cookies know no port, and localhost counts as secure.
        context.add_cookies([cookie | {"url": "https://localhost", "sameSite": "Lax"}])


def people(settings):
    """One of each, by name: what `signins.start` needs to know of them."""
    at, year, unit = now(), helsinki_year(now()), demo.demo_unit()
    yesterday = helsinki_day(at) - timedelta(days=1)

    def card(children=(), **changed):
        given = {"by": None, "at": at, "birth_year": 1986, "postcode": "33100"}
        card_id, _number = cards.register_card(unit, children=children, **given)
        with act() as session:
            for name, value in changed.items():
                setattr(session.get(Card, card_id), name, value)
        return {"card_id": card_id}

    def gate(venue, name):
        code = invitations.invite_gate(venue, by=None, at=at)
        return {"gate_id": invitations.enrol_gate(code, name, at=at).gate_id}

    def staff(name, *roles):
        return {"account_id": accounts.add_account(name, f"every-{name}@example.org", roles, by=None, at=at)}

    four = ((year - 7, "child"), (year - 18, "child"), (year - 20, "grandchild"), (None, "household"))
    demo.demo_events("vapriikki", at=at)
    agent = demo.demo_agent(("vapriikki", "tampereen-teatteri"), at=at)
    found = {
        "holder": card(four),
        "holder without children": card(),
        "ending": card(last_day=helsinki_day(at) + timedelta(days=12)),
        "expired": card(first_day=date(2025, 1, 1), last_day=yesterday),
        "early": card(first_day=helsinki_day(at) + timedelta(days=1)),
        "blocked": card(four[:1]),
        "gate": gate("vapriikki", "Etuovi"),
        "quiet gate": gate("ateneum", "Ovi"),
        "desk": staff("desk", HeldRole("desk", unit_id=unit)),
        "office": staff("office", HeldRole("venue", venue_id="vapriikki")),
        "agent": staff("agent", HeldRole("agent", agent_id=agent)),
        "coordinator": staff("coordinator", HeldRole("coordinator", area_id="tampere", side="culture")),
        "support": staff("support", HeldRole("support")),
        "newcomer": staff("newcomer"),
    }
    found["replaced"] = card(state="replaced", replaced_by_id=found["holder"]["card_id"])
    blocking.block_card(found["blocked"]["card_id"], "lost", by=None, at=at)
    visit(found, settings, children=1)
    uses.undo_use(visit(found, settings, who="holder without children"), by=door(found), at=now(), reason="gate")
    return found


def door(found):
    """The gate, as the register knows it."""
    return signins.gate(signins.start("gate", at=now(), **found["gate"]), at=now())


def visit(found, settings, *, who="holder", children=0):
    """A use, recorded at the gate just now; its id."""
    phone = Phone(Holder("", found[who]["card_id"]), settings)
    record = scans.read(scan(phone.code(party=(children, 0))), gate_clock_ahead=timedelta(0))
    answer = scans.store(record, settings, by=door(found), at=now())
    assert answer.recorded, answer
    return answer.facts["use_id"]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """On SQLite alone: what a page looks like is the same on both databases."""
    folder = tmp_path_factory.mktemp("every-page")
    with LiveServer(f"sqlite:///{folder}/live.db", folder, workers=1) as server:
        found = House(server)
        yield found
        with found.app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module")
def camera(launch):
    """A browser with a camera that it may use."""
    browser = launch("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    yield browser
    browser.close()


@pytest.fixture
def watch(camera):
    watched = Watched(camera)
    yield watched
    watched.close()
    assert watched.faults == []


def ready(page):
    """The page as people see it: its script has done what it does at first."""
    page.wait_for_load_state("load")
    stage = page.locator("[data-code]")
    if stage.count() and page.url.split("?")[0].endswith("/card"):
        page.wait_for_selector("[data-by]")
    if page.url.endswith("/gate"):
        page.wait_for_selector('[data-camera="live"]')


def tolerated(watch, status):
    """Take the one line that a browser says of an answer which is meant to be."""
    if status != 200:
        line = f"Failed to load resource: the server responded with a status of {status} "
        said = [fault for fault in watch.faults if line in fault]
        assert len(said) == 1
        watch.faults.remove(said[0])


def violations(page, **options):
    """What axe finds, each with its elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    # A transition that is under way has colours of neither theme.
    page.evaluate(
        "Promise.all(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished))"
    )
    found = page.evaluate("(options) => axe.run(document, options)", {"resultTypes": ["violations"]} | options)
    return [
        (one["id"], node["html"][:160], node.get("failureSummary", "")[:200])
        for one in found["violations"]
        for node in one["nodes"]
    ]


WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility())
  .map((one) => one.outerHTML.slice(0, 120)).slice(0, 5)"""


def sideways(page):
    """What stands out of the screen, where the page can be scrolled sideways."""
    if page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"):
        return []
    return [page.evaluate("document.scrollingElement.scrollWidth"), *page.evaluate(WIDER)]


def look(page, where):
    """A page in both themes, at 360 and 320 pixels, with text twice as large."""
    faults = [(where, "light", one) for one in violations(page)]
    page.emulate_media(color_scheme="dark")
    faults += [(where, "dark", one) for one in violations(page, runOnly=["color-contrast", "link-in-text-block"])]
    page.set_viewport_size({"width": 320, "height": 640})
    faults += [(where, "320 px", one) for one in sideways(page)]
    page.set_viewport_size({"width": 360, "height": 640})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    faults += [(where, "200 %", one) for one in sideways(page)]
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.emulate_media(color_scheme="light")
    return faults


def pages(house):
    """PAGES, and whatever else answers with a page and is not listed yet, shown to one who may see it."""
    found = {who: list(paths) for who, paths in PAGES.items()}
    listed = {path.split("?")[0] for paths in PAGES.values() for path in paths} | {"/components"}
    visitors = {"public": "nobody", "api": "nobody", "holder": "holder", "gate": "gate", "staff": "support"}
    for rule in house.app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments and rule.rule not in listed:
            room = rule.endpoint.split(".")[0]
            with house.app.app_context():
                who = room if room in ("holder", "gate") else visitors[guards.audience_of(rule.endpoint)]
            client = house.app.test_client()
            client.set_cookie("__Host-session", house.cookie(who), domain="localhost")
            with client.get(rule.rule, base_url=house.origin) as answer:
                if answer.status_code == 200 and answer.mimetype == "text/html":
                    found[who].append(rule.rule)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everyone(house, watch, language):
    faults = []
    for who, paths in pages(house).items():
        context = watch.context(permissions=["camera"], color_scheme="light", reduced_motion="reduce")
        house.sign_in(context, who)
        page = context.new_page()
        for path in paths:
            lang = f"{'&' if '?' in path else '?'}lang={language}"
            answer = page.goto(f"{house.origin}{path}{lang}")
            status = ANSWERS.get((who, path), 200)
            assert answer.status == status, (who, path, page.url)
            assert page.url.split("?")[0] == house.origin + path.split("?")[0], (who, path)
            ready(page)
            tolerated(watch, status)
            assert page.get_attribute("html", "lang") == language
            assert watch.faults == [], (who, path)
            faults += look(page, (who, path))
        context.close()
        watch.contexts.remove(context)
    assert faults == []


def test_pages_that_come_back_with_faults_are_for_everyone(house, watch):
    faults = []
    page = watch.page()
    for path in FORMS:
        for language in LANGUAGES:
            page.goto(f"{house.origin}{path}?lang={language}")
            page.locator("main form button").last.click()
            page.wait_for_selector("#errors")
            assert page.evaluate("document.activeElement.id") == "errors", "what is wrong is read out first"
            faults += look(page, (path, language))
    page.goto(f"{house.origin}/activate?lang=fi")
    page.fill("#code", "K7QF-93MX-2HTD")
    page.fill("#birth_year", "1986")
    page.locator("main form button").click()
    page.wait_for_selector("#refused")
    faults += look(page, "refused")
    assert faults == []


def test_what_scripts_may_say_is_for_everyone(house, watch):
    """Each state that is in the page already, shown at once."""
    faults = []
    page = watch.page()
    for path in ("/sign-in", "/staff/sign-in"):
        page.goto(f"{house.origin}{path}?lang=sv")
        page.evaluate("document.querySelectorAll('[data-state]').forEach((one) => (one.hidden = false))")
        faults += look(page, path)
    page.goto(f"{house.origin}/card/offline?lang=sv")
    ready(page)
    page.evaluate(
        """document.querySelectorAll('template[id^=state-]').forEach((one) =>
          document.querySelector('[data-state-line]').append(one.content.cloneNode(true)))"""
    )
    faults += look(page, "states")
    assert faults == []


def test_the_component_page_is_for_everyone(house, watch):
    page = watch.page()
    page.goto(f"{house.origin}/components?lang=fi")
    ready(page)
    faults = look(page, "/components")
    assert faults == [], "\n".join(map(str, faults))


def test_the_checks_see_what_they_are_there_to_see(house, watch):
    page = watch.page()
    page.goto(f"{house.origin}/activate")
    page.evaluate(
        """() => {
          document.querySelector("label").remove();
          document.querySelector("main .meta").style.color = "#757575";
          document.querySelector(".lead").style.inlineSize = "500px";
        }"""
    )
    found = look(page, "spoilt")
    assert {"label", "color-contrast"} <= {one[0] for _where, how, one in found if how == "light"}
    assert {how for _where, how, _one in found} == {"light", "dark", "320 px", "200 %"}


# Keys alone

REACHABLE = """() => {
  const all = 'a[href], button, input, select, textarea, summary, [tabindex]';
  const groups = new Set();
  return [...document.querySelectorAll(all)].filter((one) => {
    if (one.disabled || one.tabIndex < 0 || one.type === "hidden" || !one.checkVisibility({ visibilityProperty: true }))
      return false;
    if (one.type !== "radio") return true;
    return !groups.has(one.name) && groups.add(one.name); // a group of radio buttons is one stop
  }).map((one, index) => { one.dataset.stop = one.type === "radio" ? one.name : `${index}`; return one.dataset.stop; });
}"""
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const drawn = [one, ...(one.labels ?? []), ...one.querySelectorAll("*")].some((part) => {
    const style = getComputedStyle(part);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const box = (one.labels?.[0] ?? one).getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 20));
  const bare = [one, ...(one.labels ?? [])].some((part) => part.contains(top));
  return { stop: one.dataset.stop ?? one.name, html: one.outerHTML.slice(0, 120), drawn, bare };
}"""
BY_KEYS = [
    *(("nobody", path) for path in ("/", "/activate", "/sign-in", "/gate/enrol", "/staff/sign-in", "/card/offline")),
    *(("holder", path) for path in ("/card", "/children", "/visits", *FIRST_TIME)),
    *(("gate", path) for path in ("/gate", "/gate/today")),
    *(("support", path) for path in ("/staff", "/coordinator")),
    ("desk", "/desk"),
]


def test_keys_alone_reach_everything_and_it_can_be_seen_where_they_are(house, watch):
    contexts = {who: watch.context(permissions=["camera"]) for who, _path in BY_KEYS}
    for who, context in contexts.items():
        house.sign_in(context, who)
    faults = []
    for who, path in BY_KEYS:
        page = contexts[who].new_page()
        page.goto(house.origin + path)
        ready(page)
        wanted = page.evaluate(REACHABLE)
        assert wanted, path
        met = []
        for _ in range(len(wanted) + 1):
            page.keyboard.press("Tab")
            here = page.evaluate(FOCUSED)
            if here is None or here["stop"] in met:
                break
            met.append(here["stop"])
            faults += [(path, what, here["html"]) for what in ("drawn", "bare") if not here[what]]
        if sorted(met) != sorted(wanted):
            faults.append((path, "not reached", sorted(set(wanted) - set(met)), "in order", met))
        if met != wanted:
            faults.append((path, "order", met))
        page.close()
    assert faults == []


# Pictures for the README


@pytest.mark.skipif(os.environ.get("UPDATE_PICTURES") != "1", reason="the README's pictures are made on request")
def test_pictures(house, watch, launch, tmp_path):
    """card.png, card-dark.png, and gate.png, whose camera sees the card."""
    holder = watch.context(locale="en-GB")
    with house.app.app_context():
        year = helsinki_year(now())
        card_id, _ = cards.register_card(
            demo.demo_unit(), by=None, at=now(), birth_year=1986, postcode="33100", children=((year - 7, "child"),)
        )
    house.subjects["picture"] = {"card_id": card_id}
    house.sign_in(holder, "picture")
    page = holder.new_page()
    page.goto(f"{house.origin}/card?lang=en")
    ready(page)
    page.locator("[data-ticket]").first.check()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, theme in (("card", "light"), ("card-dark", "dark")):
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(500)
        keep(page.screenshot(), name)
    page.emulate_media(color_scheme="light")
    film = tmp_path / "screen.mjpeg"
    page.wait_for_timeout(300)
    shoot(film, page.screenshot())

    browser = launch(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )
    gates = Watched(browser)
    context = gates.context(locale="en-GB", permissions=["camera"])
    house.sign_in(context, "gate")
    gate = context.new_page()
    gate.goto(f"{house.origin}/gate?lang=en")
    gate.wait_for_selector('[data-verdict="ok"]')
    gate.wait_for_timeout(700)
    keep(gate.screenshot(), "gate")
    gates.close()
    browser.close()
    assert gates.faults == []


def keep(screen, name):
    """A picture that a README can carry: 256 colours, under 150 kB."""
    path = PICTURES / f"{name}.png"
    Image.open(io.BytesIO(screen)).convert("RGB").quantize(256).save(path, optimize=True)
    assert path.stat().st_size < 150_000, name
