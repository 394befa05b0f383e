"""Every hard refusal and every amber, brought about at a gate's page in a browser, in Finnish, Swedish and English.

If these fail, staff stand before a card with no word of why, or with the word of another language. A case says how to
bring its verdict about; what is to be read is the sentence that the page itself holds for it.
"""

import re
import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from tests.browser.conftest import Watched
from tests.gate.doors import Phone, claims, scan
from tests.gate.reasons import WALLET, heard
from tests.people import venue
from wallet import config, create_app, scans
from wallet.clock import helsinki_day, helsinki_year, now
from wallet.codes import Keyring, keys, mint_paper
from wallet.codes.days import number_of_day
from wallet.register import cards, credentials, invitations, rules, signins, venues
from wallet.register.database import act, db
from wallet.register.identities import Holder
from wallet.register.tables import Area, Card, ChildTicket, Event, Issuer, Scan, Unit, Use
from wallet.register.tables_life import CardPeriod

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

LANGUAGES = ("fi", "sv", "en")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
KEEP = """(record) => new Promise((done, fail) => {
  const opening = indexedDB.open("kaikukortti-gate");
  opening.onerror = fail;
  opening.onsuccess = () => {
    const kept = opening.result.transaction("queue", "readwrite").objectStore("queue").put(record);
    kept.onsuccess = () => (opening.result.close(), done());
    kept.onerror = fail;
  };
})"""
CHOOSE = """([event, kind]) => {
  const form = document.querySelector('[data-part="evening"]');
  for (const [name, value] of [["event", event], ["kind", kind]]) {
    const radio = form.querySelector(`[name="${name}"][value="${value}"]`);
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
  }
}"""
TYPE = """(number) => {
  const form = document.querySelector('[data-part="number"]');
  form.elements.number.value = number;
  form.requestSubmit();
}"""
SCAN = """(text) => {
  const key = (key) => new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  for (const event of [...text, "Enter"].map(key)) document.body.dispatchEvent(event);
}"""
SAYING = """(id) => {
  const lines = document.getElementById('words').content.textContent.split('\\n');
  return lines.find((line) => line.startsWith(`${id}: `))?.slice(id.length + 2) ?? null;
}"""


class Town:
    """Places, their gates and cards in every state, in the register of the product as it runs."""

    def __init__(self, live):
        self.live, self.app = live, create_app(config.from_environment(live.env))
        self.settings, self.name = self.app.config["SETTINGS"], f"kaikki{secrets.token_hex(3)}"
        with self.app.app_context():
            self._build()

    def id(self, place):
        return f"{self.name}-{place}"

    def _build(self):
        today = helsinki_day(now())
        with act() as session:
            for area, values in (
                ("alue", {"courses_per_year": 0, "course_fee_cap_cents": 2500}),
                ("oma", {"local_only": True}),
            ):
                session.add(Area(id=self.id(area), name_fi=area, area_type="network", status="established", **values))
            session.flush()
            places = {
                "paikka": {"offers_course": True},
                "muualla": {},
                "tauko": {},
                "täynnä": {},
                "kiinni": {"closes": today - DAY},
                "tulossa": {"opens": today + DAY},
                "oma": {"area": self.id("oma")},
            }
            for place, values in places.items():
                session.add(venue(self.id(place), **({"area": self.id("alue")} | values)))
            session.add(Issuer(id=self.name, area_id=self.id("alue"), name="Jakaja", kind="city"))
            session.flush()
            unit = Unit(issuer_id=self.name, name="Jakaja")
            session.add(unit)
            session.flush()
            self.unit = unit.id
        self.gates = {place: self._gate(place) for place in places}
        with act() as session:
            for _ in range(10):
                missed = {"reason": "unknown_number", "answer": {}}
                session.add(Scan(gate_id=self.gates["tauko"], scan_id=secrets.token_hex(8), at=now(), **missed))
            for nth in range(rules.ENTRIES_A_DAY):
                given = {"kind": "ticket", "sector": "culture", "day": today, "read_by": "number", "slot": f"x{nth}"}
                moments = {"scanned_at": now(), "recorded_at": now()}
                session.add(Use(venue_id=self.id("täynnä"), gate_id=self.gates["täynnä"], **given, **moments))
        self.full = self.event(ceiling=1)
        with act() as session:
            session.execute(update(Event).where(Event.id == self.full).values(taken=1))
        self.course, self.season = self.event(kind="course", fee_cents=4000), self.event(kind="season")

    def _gate(self, place):
        code = invitations.invite_gate(self.id(place), by=None, at=now())
        return invitations.enrol_gate(code, "Ovi", at=now()).gate_id

    def event(self, **values):
        return venues.add_event(self.id("paikka"), "Ilta", now(), now() + 3 * 60 * MINUTE, by=None, at=now(), **values)

    def at_gate(self, place):
        return signins.gate(signins.start("gate", at=now(), gate_id=self.gates[place]), at=now())

    def cookie(self, place):
        sign_in = signins.start("gate", at=now(), gate_id=self.gates[place])
        serializer = self.app.session_interface.get_signing_serializer(self.app)
        value = serializer.dumps({"gate": sign_in, "_permanent": True})
        return {"name": "__Host-session", "value": value, "secure": True, "httpOnly": True, "url": "https://localhost"}

    def card(self, ages=(), *, first=None, last=None, **changed):
        """A new card in some state: its holder and its number."""
        children = tuple((helsinki_year(now()) - age, "child") for age in ages)
        given = {"by": None, "at": now(), "birth_year": 1961, "postcode": "33100"}
        card_id, number = cards.register_card(self.unit, children=children, **given)
        days = {name: value for name, value in (("first_day", first), ("last_day", last)) if value}
        nobody = ("birth_year", "postcode") if changed.get("kind") == "community" else ()
        with act() as session:
            if {**changed, **days}:
                values = changed | days | dict.fromkeys(nobody)
                session.execute(update(Card).where(Card.id == card_id).values(**values))
            if days:
                session.execute(update(CardPeriod).where(CardPeriod.card_id == card_id).values(**days))
        return Holder("", card_id), number

    def phone(self, *ages, **changed):
        return Phone(self.card(ages, **changed)[0], self.settings)

    def number(self, *ages, **changed):
        return self.card(ages, **changed)[1]

    def paper(self, key=None, **changed):
        """A printed code, with something in it changed."""
        printed = claims(credentials.for_server(self.card()[0], at=now()))
        key = key or self.settings.keyring.signing("C2")
        return mint_paper(replace(printed, **changed), key, self.settings.host)

    def stranger_key(self, **changed):
        """A key for paper that the network does not know."""
        entry = keys.new("C2", now(), [key.kid for key in self.settings.keyring.keys]) | changed
        return keys.add(Keyring(), entry).signing("C2")

    def record(self, code, place):
        """Someone else's gate records this code."""
        read = scans.read(scan(code), gate_clock_ahead=timedelta(0))
        assert scans.store(read, self.settings, by=self.at_gate(place), at=now()).recorded


class AtDoor:
    """A gate's page in one language."""

    def __init__(self, page, town):
        self.page, self.town = page, town

    def scan(self, text):
        self.page.evaluate(SCAN, text)

    def type(self, number):
        self.page.evaluate(TYPE, number)

    def choose(self, event="", kind="ticket"):
        self.page.evaluate(CHOOSE, [str(event), kind])

    def says(self, id):
        """What the page says when a verdict's sentence with this id is due."""
        found = self.page.evaluate(SAYING, id)
        if found is None:
            return None
        return re.compile(r".+?".join(map(re.escape, re.split(r"\{\w+\}", plain(found)))))

    def put_away(self):
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector('[data-part="sheet"]', state="hidden")

    def hears(self, id):
        """Wait for the verdict, and read its sentence on the sheet."""
        wanted = [self.says(f"{id}{end}") for end in ("", ".next")]
        if id.startswith("note."):
            wanted = wanted[1:]  # its headline is that of the first note
        if id.startswith(("reason.scanned", "limit.")):
            wanted = wanted[:1]  # what can be done with a kept record is another sentence
        assert all(wanted), f"the page has no words for {id}"
        text = ""
        for _ in range(60):
            sheet = self.page.locator('[data-part="sheet"]')
            text = plain(sheet.inner_text()) if sheet.is_visible() else ""
            if all(one.search(text) for one in wanted):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{id}: {text!r} is not {[one.pattern for one in wanted]}")


def plain(text):
    return " ".join(text.split())


# How to bring each about: the sentence, the place, and what happens there.


def too_many(door, town):
    holder, number = town.card((7,))
    door.type(number)
    door.page.click("#children ~ button")
    with act() as session:
        session.execute(delete(ChildTicket).where(ChildTicket.card_id == holder.card_id))
    door.page.click('[data-act="record"]')


def turning_18(door, town):
    door.type(town.number(18))
    door.page.click("#children ~ button")


def large_group(door, town):
    door.type(town.number(kind="community"))
    door.page.locator("#children").fill("6")
    door.page.locator("#children").press("Tab")


def child_on_course(door, town):
    door.choose(town.course, "ticket")  # the code says that a child comes along
    door.scan(town.phone(7).code(party=(1, 0)))


def event_gone(door, town):
    door.choose(town.gone)
    with act() as session:
        session.execute(delete(Event).where(Event.id == town.gone))
    door.scan(town.phone().code())


def used_elsewhere(door, town):
    code = town.phone().code()
    town.record(code, "muualla")
    door.scan(code)


def lately(door, town):
    phone = town.phone()
    town.record(phone.code(at=now() - 16 * MINUTE / 60), "muualla")
    door.scan(phone.code())


def already(door, town):
    phone = town.phone()
    town.record(phone.code(at=now() - 16 * MINUTE / 60), "paikka")
    door.scan(phone.code())


def withdrawn_key(door, town):
    door.scan(town.paper(issued_day=3, last_day=number_of_day(helsinki_day(now()))))


def blank(town):
    """A card that was taken back to a blank one after its phone had a code."""
    holder, _ = town.card()
    phone = Phone(holder, town.settings)
    with act() as session:
        session.execute(update(Card).where(Card.id == holder.card_id).values(state="blank"))
    return phone.code()


def chosen(event, what, **card):
    def bring(door, town):
        door.choose(getattr(town, event), what)
        door.type(town.number(**card))

    return bring


def typed(**card):
    return lambda door, town: door.type(town.number(**card))


def shown(make):
    return lambda door, town: door.scan(make(town))


def kept_since(moment):
    """A record that the phone kept without a connection, and its clock then: it is sent when the page is opened."""

    def bring(door, town):
        when = (now() + moment).isoformat()
        record = {"scan_id": secrets.token_hex(8), "scanned_at": when, "number": town.number(), "kind": "ticket"}
        record |= {"children": 0, "assistants": 0, "event": None, "venue": town.id("paikka"), "clock_offset": 0}
        door.page.evaluate(KEEP, record)
        door.page.reload()
        door.page.click('[data-part="show-refused"]')

    return bring


TODAY = helsinki_day(now())
NUMBER = number_of_day(TODAY)
CASES = [
    # The code
    ("reason.other_system", "paikka", shown(lambda town: "HTTPS://EXAMPLE.ORG/TICKET")),
    ("reason.unreadable", "paikka", shown(lambda town: "KP1:" + "A" * 40)),
    ("reason.unknown_key", "paikka", shown(lambda town: town.paper(town.stranger_key()))),
    ("reason.withdrawn_key", "paikka", withdrawn_key),
    (
        "reason.forged",
        "paikka",
        shown(lambda town: town.paper(town.stranger_key(kid=town.settings.keyring.signing("C2").kid))),
    ),
    ("reason.not_yet_valid", "paikka", shown(lambda town: town.paper(issued_day=NUMBER + 1, last_day=NUMBER + 9))),
    ("reason.expired", "paikka", shown(lambda town: town.paper(issued_day=NUMBER - 9, last_day=NUMBER - 1))),
    ("reason.old_code", "paikka", shown(lambda town: town.phone().code(at=now() - 5 * MINUTE))),
    ("reason.early_code", "paikka", shown(lambda town: town.phone().code(at=now() + 5 * MINUTE))),
    ("reason.withdrawn", "paikka", shown(lambda town: town.paper(credential=secrets.token_bytes(5)))),
    # The number
    ("reason.mistyped_number", "paikka", lambda door, town: door.type("123456789012")),
    ("reason.unknown_number", "paikka", lambda door, town: door.type("EIOLE1")),
    ("reason.gate_paused", "tauko", typed()),
    ("reason.venue_entries_full", "täynnä", typed()),
    # The card
    ("reason.not_registered", "paikka", shown(blank)),
    ("reason.blocked", "paikka", typed(state="blocked", blocked_reason="lost")),
    ("reason.replaced", "paikka", typed(state="replaced")),
    ("reason.card_expired", "paikka", typed(first=TODAY - 300 * DAY, last=TODAY - DAY)),
    ("reason.card_not_yet_valid", "paikka", typed(first=TODAY + DAY)),
    # The place
    ("reason.other_area", "oma", typed()),
    ("reason.venue_period_over", "kiinni", typed()),
    ("reason.venue_not_yet_open", "tulossa", typed()),
    ("reason.used_elsewhere", "paikka", used_elsewhere),
    # What is asked for
    ("reason.already_recorded", "paikka", already),
    ("reason.community_ticket_only", "paikka", chosen("course", "course", kind="community")),
    ("reason.children_on_course", "paikka", child_on_course),
    ("reason.too_many_children", "paikka", too_many),
    ("reason.ceiling_reached", "paikka", chosen("full", "ticket")),
    ("reason.event_not_found", "paikka", event_gone),
    # The gate's clock: put right at once for what is asked now, but not for what the phone kept
    ("reason.scanned_in_future", "paikka", kept_since(DAY)),
    ("reason.scanned_too_long_ago", "paikka", kept_since(-15 * DAY)),
    # For staff to decide
    ("note.compare", "paikka", typed()),
    ("note.not_offered", "paikka", chosen("season", "season")),
    ("note.season_not_sport", "paikka", chosen("season", "season")),
    ("note.courses_used", "paikka", chosen("course", "course")),
    ("limit.fee_shared", "paikka", chosen("course", "course")),
    ("limit.until", "paikka", chosen("season", "season")),
    ("note.child_turning_18", "paikka", turning_18),
    ("note.community_alone", "paikka", typed(kind="community")),
    ("note.large_group", "paikka", large_group),
    ("note.other_venue_lately", "paikka", lately),
]


@pytest.fixture(scope="module")
def town(live):
    made = Town(live)
    kid = made.settings.keyring.signing("C2").kid
    live.wallet("keys", "withdraw", f"C2:{kid}", "--issued-before", "2021-01-01")
    yield made
    with made.app.app_context():
        db.engine.dispose()


def test_nothing_that_a_gate_can_hear_is_left_out():
    source = (WALLET / "register" / "rules.py").read_text(encoding="utf-8")
    notes = {*re.findall(r'found\.append\("(\w+)"\)', source), "other_venue_lately"}
    tried = {id for id, _, _ in CASES if not id.startswith("limit.")}
    assert tried == {f"reason.{one}" for one in heard()} | {f"note.{one}" for one in notes}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_verdict_has_its_sentence(chromium, town, language):
    """The places are opened once; what went wrong is told together."""
    watch, wrong = Watched(chromium), []
    with town.app.app_context():
        for place in dict.fromkeys(place for _, place, _ in CASES):
            town.gone = town.event()
            context = watch.context()
            context.add_cookies([town.cookie(place) | {"sameSite": "Lax"}])
            page = context.new_page()
            page.goto(f"{town.live.origin}/gate?lang={language}")
            page.wait_for_selector("[data-camera]", state="attached")  # its script listens
            door = AtDoor(page, town)
            assert page.evaluate("document.documentElement.lang") == language
            for id, where, bring in CASES:
                if where != place:
                    continue
                door.choose()
                bring(door, town)
                try:
                    door.hears(id)
                except AssertionError as error:
                    wrong.append(str(error))
                if page.locator('[data-act="remove"]').is_visible():
                    page.click('[data-act="remove"]')
                elif page.locator('[data-part="sheet"]').is_visible():
                    door.put_away()
                db.session.rollback()
            context.close()
    assert wrong == []
