"""A desk with a client waiting: a card in a few keys, the code from its screen into a phone, the letter on paper.

If these fail, a social worker types while somebody waits, a phone can't read the screen, or a letter opens nothing.
"""

import io
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import func, select, update

from tests.browser.phones import fi
from tests.visitor import Visitor, enrol_gate, typed
from wallet.clock import helsinki_day, helsinki_year, now
from wallet.register.cards import child_lines
from wallet.register.database import act, db
from wallet.register.tables import Card
from wallet.register.tables_life import CardPeriod

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
YEAR = helsinki_year(now())
COMPUTER = {"width": 1280, "height": 800}
WORDS = {"fi": "Ilman puhelinta", "sv": "Utan telefon", "en": "Without a phone"}


def sign_in(page, live, language="fi"):
    """A clerk's computer, at the desk of the demo's issuer."""
    page.goto(live.links()["desk"]["url"])
    page.click("main form button")
    page.wait_for_url("**/staff/passkey")
    page.goto(f"{live.origin}/desk?lang={language}")


@pytest.fixture
def desk(live, watched):
    page = watched.page(viewport=COMPUTER, device_scale_factor=1)
    sign_in(page, live)
    return page


def give(page, live, *, year="1986", language=None, children=()):
    """A card, given with the keyboard; the page with its letter."""
    page.goto(f"{live.origin}/desk/give")
    page.fill("#birth_year", year)
    page.fill("#postcode", "33100")
    for nth, child in enumerate(children):
        if nth:
            page.click("[data-more]")
        page.fill(f"#children-{nth}-year", str(child))
    if language:
        page.check(f"input[name=language][value={language}]", force=True)
    page.press("#postcode", "Enter")
    page.wait_for_selector("[data-handover]")
    return page.url.split("/")[-2]


def read(picture):
    """The one code on a picture."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture)
    assert len(found) == 1, found
    return found[0].text


def violations(page):
    """What axe finds."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    page.evaluate(
        "Promise.all(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished))"
    )
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [(one["id"], node["html"][:120]) for one in found for node in one["nodes"]]


def number_of(live, card):
    with live.register():
        return db.session.scalars(select(Card.number).where(Card.id == int(card))).one()


def count(live):
    with live.register():
        return db.session.scalar(select(func.count()).select_from(Card))


# Giving


def test_a_card_takes_one_click_and_eleven_keys(desk, live):
    """Under 20 seconds: a clerk types four digits, Tab, five digits, Enter. A typist needs five seconds for that."""
    keys = []

    def pressed(key):  # Playwright takes no method of a list
        keys.append(key)

    desk.expose_function("pressed", pressed)
    desk.goto(f"{live.origin}/desk")
    desk.click(f"main a:has-text('{fi('Give a card')}')")
    desk.wait_for_selector("#birth_year:focus")
    desk.evaluate("addEventListener('keydown', (event) => pressed(event.key), { capture: true })")
    desk.keyboard.type("1986", delay=60)
    desk.keyboard.press("Tab")
    desk.keyboard.type("33100", delay=60)
    desk.keyboard.press("Enter")
    desk.wait_for_selector("[data-handover]")
    assert len(keys) == 11


def test_from_the_desks_screen_to_the_holders_phone(desk, live, watched, authenticator):
    """The phone reads the desk's screen as its camera would, and shows the card. Then the desk blocks it: the gate
    refuses at once."""
    card = give(desk, live, children=(YEAR - 8, YEAR - 3))
    link = read(desk.screenshot())
    assert link.startswith(f"{live.origin}/activate#")
    assert desk.locator(".handover__typed").inner_text().replace("-", "") == link.split("#")[1]

    phone = watched.page()
    authenticator(phone)
    phone.goto(link)
    phone.fill("#birth_year", "1986")
    phone.click("main form button")
    phone.click("main button[value=fi]")
    phone.click("[data-passkey-button]")
    phone.wait_for_url("**/card")
    phone.wait_for_selector("[data-by=phone]")
    assert phone.locator("[data-ticket]").count() == 2

    gate = Visitor(live.origin)
    enrol_gate(gate, live.links()["gate"]["code"], "Etuovi")
    number = number_of(live, card)
    asked = {"record": typed(number)}
    assert gate.send("/gate/check", asked).json["answer"]["verdict"] in ("green", "amber")

    desk.goto(f"{live.origin}/desk/cards/{card}")
    assert fi("Taken into use on a phone") in desk.locator(".timeline").inner_text()
    desk.click(f".actions a:has-text('{fi('Block')}')")
    desk.check("input[name=reason][value=lost]", force=True)
    desk.click(f"main form button:has-text('{fi('Block the card')}')")
    desk.wait_for_url("**?said=blocked")
    answer = gate.send("/gate/check", {"record": typed(number)}).json["answer"]
    assert (answer["verdict"], answer["reason"]) == ("red", "blocked")
    gate.close()


def test_a_card_is_renewed_and_its_phone_goes_on(desk, live):
    card = give(desk, live, children=(YEAR - 8,))
    today = helsinki_day(now())

    stretch = {"first_day": today - timedelta(days=364), "last_day": today}
    with live.register(), act() as session:
        session.execute(update(Card).where(Card.id == int(card)).values(**stretch))
        session.execute(update(CardPeriod).where(CardPeriod.card_id == int(card)).values(**stretch))
    desk.goto(f"{live.origin}/desk")
    assert fi("Ends today") in desk.locator(".list > li").first.inner_text(), "who ends soonest is first"
    desk.locator(".list a").first.click()
    desk.click(f".actions a:has-text('{fi('Renew')}')")
    assert desk.input_value("#children-0-year") == str(YEAR - 8)
    desk.click("[data-more]")
    desk.keyboard.type(str(YEAR - 1), delay=60)
    desk.keyboard.press("Enter")
    desk.wait_for_url("**?said=renewed")
    assert desk.locator("section[aria-labelledby=children] li").count() == 2
    assert str(today.year + 1) in desk.locator("#said").inner_text()


def test_a_double_click_is_one_card(desk, live):
    before = count(live)
    desk.goto(f"{live.origin}/desk/give")
    desk.fill("#birth_year", "1986")
    desk.fill("#postcode", "33100")
    desk.dblclick("main form .cluster button")
    desk.wait_for_selector("[data-handover]")
    assert count(live) == before + 1


def test_a_scanner_that_types_finds_a_card_and_fills_in_a_number(desk, live):
    """Wherever the focus is: its keys end with Enter, which must not send half a form."""
    card = give(desk, live)
    number = number_of(live, card)
    desk.goto(f"{live.origin}/desk")
    scan = """(text) => {
      const key = (key) => new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
      for (const event of [...text, "Enter"].map(key)) document.activeElement.dispatchEvent(event);
    }"""
    desk.evaluate(scan, number)
    desk.wait_for_url(f"**/desk/cards/{card}")
    desk.goto(f"{live.origin}/desk/give")
    desk.evaluate(scan, number)
    assert desk.input_value("#number") == number
    assert desk.url.endswith("/desk/give")
    assert desk.evaluate("document.activeElement.id") == "birth_year"


def test_what_was_typed_survives_a_sign_in_that_ended(desk, live):
    """And waits for the same person only; after the card is given nothing is kept."""
    desk.goto(f"{live.origin}/desk/give")
    desk.fill("#birth_year", "1986")
    desk.fill("#children-0-year", str(YEAR - 8))
    desk.click("[data-more]")
    desk.fill("#children-1-year", str(YEAR - 2))
    desk.select_option("#children-1-relation", "grandchild")
    desk.check("input[name=language][value=sv]", force=True)
    other = desk.context.new_page()  # another tab of the same browser signs out
    other.goto(f"{live.origin}/staff")
    other.click("form[action^='/sign-out'] button")
    other.wait_for_url("**/signed-out/staff")
    desk.fill("#postcode", "33100")
    desk.press("#postcode", "Enter")
    desk.wait_for_url("**/staff/sign-in")
    sign_in(desk, live)
    desk.goto(f"{live.origin}/desk/give")
    desk.wait_for_selector("[data-kept]:not([hidden])")
    assert desk.input_value("#birth_year") == "1986"
    assert desk.input_value("#postcode") == "33100"
    assert desk.input_value("#children-1-year") == str(YEAR - 2)
    assert desk.input_value("#children-1-relation") == "grandchild"
    assert desk.is_checked("input[name=language][value=sv]")
    desk.press("#postcode", "Enter")
    desk.wait_for_selector("[data-handover]")
    assert desk.evaluate("sessionStorage.length") == 0


def test_without_javascript_too(live, watched):
    page = watched.page(java_script_enabled=False, viewport=COMPUTER)
    link = live.links()["desk"]
    page.goto(f"{live.origin}/staff/start")
    page.fill("#code", link["code"])
    page.click("main form button")
    page.goto(f"{live.origin}/desk/give")
    page.click("[data-more]")
    page.fill("#birth_year", "1986")
    page.fill("#children-2-year", str(YEAR - 8))
    page.fill("#postcode", "33100")
    page.press("#postcode", "Enter")
    page.wait_for_selector("[data-handover]")
    assert read(page.screenshot()).startswith(f"{live.origin}/activate#")
    assert page.locator("noscript p").is_visible()


# The letter on paper


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_letter_on_paper(desk, live, language, theme):
    """A PDF as the browser prints it: in the holder's language, its code readable, the white around it its own, also
    without "background graphics" (B138); nothing of the page around it."""
    desk.emulate_media(color_scheme=theme)
    card = give(desk, live, language=language, children=(YEAR - 8, YEAR - 15))
    code = desk.locator(".handover__typed").inner_text()
    heading = desk.locator("h1").inner_text()
    for background in (False, True):
        pdf = pypdfium2.PdfDocument(desk.pdf(prefer_css_page_size=True, print_background=background))
        assert len(pdf) == 1, "one sheet"
        width, height = pdf[0].get_size()
        assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (210, 297)
        text = " ".join(pdf[0].get_textpage().get_text_bounded().split())
        number = number_of(live, card)
        for part in (WORDS[language], code, f"{number[:4]} {number[4:8]} {number[8:]}", str(YEAR - 8)):
            assert part in text, part
        assert heading not in text, "what is for the clerk stays on the screen"
        picture = pdf[0].render(scale=300 / 72).to_pil().convert("RGB")
        assert read(picture) == f"{live.origin}/activate#{code.replace('-', '')}"
        assert quiet(picture), "four modules of white on each side"
        pdf.close()


def quiet(picture):
    """Whether the symbol has its border of 4 modules in white."""
    found = zxingcpp.read_barcodes(picture)[0]
    corners = [found.position.top_left, found.position.top_right, found.position.bottom_left]
    left, top = min(c.x for c in corners), min(c.y for c in corners)
    right, bottom = max(c.x for c in corners), max(c.y for c in corners)
    rim = round((right - left) / 33 * 3.8)  # 33 modules a side at least; a little less than four of them
    box = picture.crop((left - rim, top - rim, right + rim, bottom + rim)).convert("L")
    inner = box.size[0] - rim + 4
    edges = [box.crop((0, 0, box.size[0], rim - 4)), box.crop((0, 0, rim - 4, box.size[1]))]
    edges += [box.crop((inner, 0, box.size[0], box.size[1])), box.crop((0, box.size[1] - rim + 4, *box.size))]
    return all(edge.getextrema()[0] > 250 for edge in edges)


# For everyone


def test_each_page_of_the_desk_is_for_everyone(desk, live):
    """Both themes, a phone's width and a computer's; nothing scrolls sideways, also with large text."""
    faults = []
    card = give(desk, live, children=(YEAR - 8, YEAR - 17))
    with live.register():
        ticket = child_lines(int(card), helsinki_day(now()))[1].ticket_id
    base = f"{live.origin}/desk"
    pages = ["", "?show=all", "?show=blank", "/give", *(f"/cards/{card}{act}" for act in ("", "/letter", "/renew"))]
    pages += [f"/cards/{card}/{act}" for act in ("children", "block", "replace", f"children/{ticket}/own-card")]
    for path in pages:
        desk.goto(base + path)
        faults += seen(desk, path)
    desk.goto(f"{base}/give")
    desk.fill("#postcode", "x")
    desk.press("#postcode", "Enter")
    desk.wait_for_selector("#errors")
    assert desk.evaluate("document.activeElement.id") == "errors", "what is wrong is read out first"
    faults += seen(desk, "with faults")
    give(desk, live)
    faults += seen(desk, "the letter")
    assert faults == []


def seen(page, where):
    """A page's faults at 1280 and 360 pixels, light and dark."""
    faults = []
    for width, height in ((1280, 800), (360, 640)):
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            faults += [(where, width, theme, *one) for one in violations(page)]
    page.emulate_media(color_scheme="light")
    for width, size in ((320, ""), (360, "200%")):
        page.set_viewport_size({"width": width, "height": 640})
        page.evaluate("(size) => { document.documentElement.style.fontSize = size }", size)
        if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
            faults.append((where, width, size, "scrolls sideways"))
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(COMPUTER)
    return faults
