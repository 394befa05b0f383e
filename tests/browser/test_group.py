"""A group's visit in a real browser: the desk lends the community card, an employee shows it from a page, the gate
scans it and then each member's own, and one tap records them all.

If these fail, an employee stands at the door with clients and no card, a summer worker can't tell who is in and who is
not, or a group that came without a connection is lost.
"""

import io
import re

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select

from tests.browser.conftest import Watched
from tests.browser.test_desk import sign_in, violations
from tests.gate.doors import Phone
from wallet import config, create_app
from wallet.clock import now
from wallet.register import blocking, community, demo
from wallet.register.database import db
from wallet.register.identities import HeldRole, Holder, Staff
from wallet.register.tables import Card, Use

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

LANGUAGES = ("fi", "sv", "en")
# What a browser says of a network that the test itself cut.
SPOILT = re.compile("Failed to load resource|ERR_INTERNET_DISCONNECTED")


class Register:
    """What the database holds, and the cards of the demo's organisation."""

    def __init__(self, app, settings):
        self.app, self.settings = app, settings

    def community_phone(self):
        """A new community card, on a phone with a key of its own; its number."""
        with self.app.app_context():
            unit = demo.demo_unit()
            role = HeldRole("desk", unit_id=unit)
            account = demo.demo_account("Ohjaaja", "ohjaaja@example.org", role, at=now())
            by = Staff("", account, "Ohjaaja", (role,))
            card_id, _ = community.add_community_card(by, unit, "Ryhmäkortti", at=now())
            return Phone(Holder("", card_id), self.settings)

    def block(self, number):
        with self.app.app_context():
            card_id = db.session.scalar(select(Card.id).where(Card.number == number))
            blocking.block_card(card_id, "lost", by=None, at=now())

    def group_of(self, number):
        """The live uses of the group that the card with this number came with: (children, late) of each."""
        with self.app.app_context():
            of_member = select(Use.group_id).join(Card, Card.id == Use.card_id).where(Card.number == number)
            group = db.session.scalar(of_member.where(Use.undone_at.is_(None)))
            if group is None:
                return []
            same = (Use.id == group) | (Use.group_id == group)
            found = select(Use.children, Use.late).where(same, Use.undone_at.is_(None)).order_by(Use.id)
            return [tuple(row) for row in db.session.execute(found)]


@pytest.fixture(scope="module")
def register(live):
    settings = config.from_environment(live.env)
    app = create_app(settings)
    yield Register(app, settings)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def watch(camera_browser):
    watched = Watched(camera_browser)
    yield watched
    watched.close()
    assert [fault for fault in watched.faults if not SPOILT.search(fault)] == []


def read(page):
    """The code on a page, as another phone's camera reads it."""
    picture = page.locator("[data-code]").screenshot()
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))
    return found.text


def line(gate):
    return gate.page.inner_text('[data-slot="member"]')


def add(gate, code, said):
    """Scan a member; wait for what is told of them."""
    before = line(gate)
    gate.type(code)
    gate.page.wait_for_function(
        "(before) => document.querySelector('[data-slot=\"member\"]').textContent !== before", arg=before
    )
    assert said in line(gate)


def test_the_desk_lends_and_the_gate_records_one_act(live, watch, enter, issue, register):
    desk = watch.page()
    sign_in(desk, live, "en")
    desk.click("text=Community cards")
    desk.click("text=Add a community card")
    desk.fill("#label", "Youth group 2")
    desk.click("text=Add the card")
    desk.wait_for_selector("h1:has-text('Youth group 2')")
    assert violations(desk) == []
    desk.select_option("#to", index=1)
    desk.click("main section form button")
    desk.wait_for_selector("#said")
    assert violations(desk) == []
    desk.goto(f"{live.origin}/desk/community")
    assert violations(desk) == []
    desk.click("text=Show the code")
    desk.wait_for_selector("[data-code] svg")
    assert violations(desk) == []
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    code = read(desk)

    gate = enter(watch.context())
    gate.page.goto(f"{live.origin}/gate?lang=en")
    gate.page.wait_for_selector("[data-camera]", state="attached")
    gate.page.wait_for_selector('[data-camera="live"]')
    gate.type(code)
    gate.verdict("warn", "answered")
    gate.fits()
    gate.is_accessible()
    assert gate.page.inner_text("#children-label, label[for=children]") == "Under 18"
    gate.press("member")
    other, number = issue(birth_year=1961)
    add(gate, gate.phone.code(), "In the group: 1 · Born 1986")
    gate.verdict("ok", "answered")
    gate.type(gate.phone.code())  # still in view: once
    add(gate, other.code(), "In the group: 2 · Born 1961")
    gate.page.click("#children ~ button")
    gate.page.wait_for_function("() => document.querySelector('[data-slot=detail]').textContent.includes('1 under 18')")
    assert gate.page.inner_text('[data-slot="detail"]') == "Group of 4: 1 adult + 2 with own cards + 1 under 18"
    gate.fits()
    gate.is_accessible()
    before = int(gate.page.inner_text('[data-part="count"]'))
    gate.press("record")
    gate.verdict("done", "recorded")
    gate.is_accessible()
    assert int(gate.page.inner_text('[data-part="count"]')) == before + 3
    assert register.group_of(number) == [(1, False), (0, False), (0, False)]
    gate.press("undo")
    gate.verdict("neutral", "undone")
    assert register.group_of(number) == []
    assert int(gate.page.inner_text('[data-part="count"]')) == before

    address = desk.url
    desk.click("main form button")
    desk.wait_for_selector("#said")
    assert desk.goto(address).status == 404


def test_the_code_on_the_page_turns_by_itself(live, watch, register):
    desk = watch.page()
    desk.clock.install()
    sign_in(desk, live, "en")
    desk.goto(f"{live.origin}/desk/community/new")
    desk.fill("#label", "Turning")
    desk.click("main form button")
    desk.select_option("#to", index=1)
    desk.click("main section form button")
    desk.wait_for_selector("#said")
    desk.goto(desk.url.split("?")[0] + "/code")
    first = desk.inner_html("[data-code]")
    desk.wait_for_timeout(15_500)  # a step of the server's clock
    desk.clock.run_for(46_000)
    desk.wait_for_function("(first) => document.querySelector('[data-code]').innerHTML !== first", arg=first)


@pytest.fixture(params=LANGUAGES)
def gate(request, live, watch, enter):
    """In each language."""
    gate = enter(watch.context())
    gate.page.goto(f"{live.origin}/gate?lang={request.param}")
    gate.page.wait_for_selector('[data-camera="live"]')
    return gate


def test_each_refusal_and_amber_is_told_in_words(gate, issue, register):
    group = register.community_phone()
    said = set()

    def dial(number):
        gate.press("number")
        gate.page.fill("#number-field", number)
        gate.page.press("#number-field", "Enter")

    def tell(what, by=gate.type):
        before = line(gate)
        by(what)
        gate.page.wait_for_function(
            "(before) => document.querySelector('[data-slot=\"member\"]').textContent !== before", arg=before
        )
        assert not re.search(r"[a-z]_[a-z]|\{", line(gate))
        said.add(line(gate))

    gate.type(group.code())
    gate.verdict("warn", "answered")
    assert gate.page.inner_text('[data-slot="headline"]')
    gate.press("member")
    lost, number = issue()
    lost_code = lost.code()
    register.block(number)
    tell(lost_code)  # closed
    tell(register.community_phone().code())  # a second community card
    gate.fits()
    gate.is_accessible()
    late, late_number = issue()
    tell(late.code())  # in
    _, typed_number = issue()
    tell(typed_number, by=dial)  # in, to be compared
    assert "1986" in line(gate)
    tell(typed_number, by=dial)  # already in the group
    assert len(said) == 5
    gate.page.locator("#children").fill("4")
    gate.page.locator("#children").press("Tab")
    gate.page.wait_for_selector('[data-verdict="warn"]')  # a large group
    gate.fits()
    gate.is_accessible()

    # Refused between the scan and the tap: nothing is recorded, that card is out, one more tap records the others.
    register.block(late_number)
    gate.press("record")
    gate.page.wait_for_function("() => document.querySelector('[data-verdict]').dataset.stage === 'answered'")
    assert register.group_of(typed_number) == []
    gate.fits()
    gate.press("record")
    gate.verdict("done", "recorded")
    assert register.group_of(typed_number) == [(4, False), (0, False)]


def test_the_last_one_is_taken_out(gate, register):
    gate.type(register.community_phone().code())
    gate.verdict("warn", "answered")
    gate.press("member")
    add(gate, gate.phone.code(), "1986")
    gate.verdict("ok", "answered")
    gate.press("unmember")
    gate.verdict("warn", "answered")
    assert gate.page.locator('[data-act="unmember"]').is_hidden()


def test_a_group_without_a_connection_is_one_record_here_and_one_act_there(watch, enter, issue, register):
    gate = enter(watch.context())
    gate.ready()
    gate.page.context.set_offline(True)
    group = register.community_phone()
    other, number = issue(birth_year=1961)
    gate.type(group.code())
    gate.page.wait_for_selector("[data-offline][data-stage=answered]")
    gate.press("member")
    add(gate, gate.phone.code(), "1986")
    add(gate, other.code(), "1961")
    gate.page.click("#children ~ button")
    gate.fits()
    gate.is_accessible()
    gate.press("record")
    gate.verdict("done", "saved")
    (kept,) = gate.queue()
    assert (len(kept["members"]), kept["children"]) == (2, 1)
    assert register.group_of(number) == []
    gate.press("next")
    gate.type(other.code())  # this phone remembers each of them
    gate.verdict("neutral", "answered")
    gate.press("next")
    gate.page.context.set_offline(False)
    gate.sent()
    assert register.group_of(number) == [(1, True), (0, True), (0, True)]


def test_a_group_that_was_saved_is_taken_back_whole(watch, enter, issue, register):
    gate = enter(watch.context())
    gate.ready()
    gate.page.context.set_offline(True)
    gate.type(register.community_phone().code())
    gate.page.wait_for_selector("[data-offline][data-stage=answered]")
    gate.press("member")
    add(gate, gate.phone.code(), "1986")
    gate.press("record")
    gate.verdict("done", "saved")
    gate.press("undo")
    gate.verdict("neutral", "undone")
    assert gate.queue() == []
    gate.page.context.set_offline(False)
