"""Sheets of cards as a printer gets them: every card of a PDF of several pages decoded, and compared with what is
printed under its code.

If these fail, somebody holds a card with another's code, a code that no phone can read, or none."""

import io
import re
from itertools import product
from types import SimpleNamespace

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter
from sqlalchemy import select

from tests.gate.doors import scan
from wallet import config, create_app, scans
from wallet.clock import helsinki_year, now
from wallet.codes import verify
from wallet.register import accounts, cards, demo, invitations, printing, signins
from wallet.register.database import act, db
from wallet.register.identities import HeldRole
from wallet.register.tables import Card, Credential, Unit

pytestmark = [pytest.mark.browser, pytest.mark.one_database]
MM = 72 / 25.4  # PDF points in a millimetre
DPI = 300
PAGE = (210, 297)
LEFT, TOP, WIDE, HIGH = 19.4, 13.0, 85.6, 54.0  # where the first card lies, and how large one is, in mm
DIGITS = re.compile(r"\b(\d{4}) (\d{4}) (\d{4})\b")
CODE_MM = 38


@pytest.fixture(scope="module")
def desk(live):
    """A desk with 23 registered cards and 23 blank ones printed; its unit's name is as long as a name can be."""
    settings = config.from_environment(live.env)
    app = create_app(settings)
    with app.app_context():
        at, year, issuer = now(), helsinki_year(now()), "esittely"
        demo.demo_unit()
        with act() as session:
            unit = Unit(issuer_id=issuer, name="Pitkäniminen hyvinvointialueen sosiaali- ja terveyspalvelupiste " * 3)
            session.add(unit)
            session.flush()
            unit_id = unit.id
        account = accounts.add_account(
            "Desk", "sheets@example.org", (HeldRole("desk", unit_id=unit_id),), by=None, at=at
        )
        sign_in = signins.start("staff", at=at, account_id=account)
        staff = signins.staff(sign_in, at=at)
        ids = [
            cards.register_card(
                unit_id,
                by=staff,
                at=at,
                birth_year=1950 + n,
                postcode="33100",
                children=((year - 7, "child"),) * (n % 4),
                language=("fi", "sv", "en")[n % 3],
            )[0]
            for n in range(23)
        ]
        kid = settings.keyring.signing("C2").kid
        registered = printing.paper_credentials(staff, unit_id, ids, at=at, kid=kid)
        blank, blanks = printing.blank_numbers(staff, unit_id, 23, at=at)
        gate_id = invitations.enrol_gate(invitations.invite_gate("vapriikki", by=None, at=at), "Ovi", at=at).gate_id
        gate = signins.gate(signins.start("gate", at=at, gate_id=gate_id), at=at)
        value = app.session_interface.get_signing_serializer(app).dumps({"staff": sign_in, "_permanent": True})
        yield SimpleNamespace(
            origin=live.origin, settings=settings, cookie=value, gate=gate,
            ids=ids, blanks=blanks, registered=registered, blank=blank,
        )  # fmt: skip
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def open_sheet(watched, desk):
    """The page of a batch, in the desk's browser."""

    def open(batch, **options):
        context = watched.context(**options)
        cookie = {"name": "__Host-session", "value": desk.cookie, "secure": True, "httpOnly": True}
        context.add_cookies([cookie | {"url": "https://localhost", "sameSite": "Lax"}])
        page = context.new_page()
        page.goto(f"{desk.origin}/desk/sheets/{batch}")
        return page

    return open


def cells(pdf):
    """(text, picture) of each place for a card, page by page, row by row; None where no card is."""
    document = pypdfium2.PdfDocument(pdf)
    for sheet in document:
        assert [round(side / MM) for side in sheet.get_size()] == list(PAGE)
        picture = sheet.render(scale=DPI / 72).to_pil().convert("RGB")
        words = sheet.get_textpage()
        for row, column in product(range(5), range(2)):
            left, top = LEFT + column * WIDE, TOP + row * HIGH
            box = (left, top, left + WIDE, top + HIGH)
            text = words.get_text_bounded(
                left=box[0] * MM, bottom=(PAGE[1] - box[3]) * MM, right=box[2] * MM, top=(PAGE[1] - box[1]) * MM
            )
            yield text, picture.crop(tuple(round(side / 25.4 * DPI) for side in box))


def read(picture):
    """The one code in a picture: two would be two cards."""
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1, [one.text for one in found]
    # B134: phones' cameras do not read Micro QR.
    assert found[0].format in (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.QRCodeModel2)
    return found[0]


def side_mm(code):
    """How wide a code is printed, without its border."""
    corner, other = code.position.top_left, code.position.top_right
    return ((corner.x - other.x) ** 2 + (corner.y - other.y) ** 2) ** 0.5 / DPI * 25.4


def has_white_border(picture, code, modules):
    """Whether there are four modules of white around a code, whatever is beside it (B138)."""
    corners = [getattr(code.position, name) for name in ("top_left", "top_right", "bottom_right", "bottom_left")]
    xs, ys = [one.x for one in corners], [one.y for one in corners]
    module = (max(xs) - min(xs)) / modules
    out, edge = round(3.6 * module), round(0.6 * module)
    grey = picture.convert("L")
    around = (min(xs) - out, min(ys) - out, max(xs) + out, max(ys) + out)
    ring = grey.crop(around)
    ImageDraw.Draw(ring).rectangle(
        (out - edge, out - edge, ring.width - out + edge, ring.height - out + edge), fill=255
    )
    return ring.getextrema()[0] > 250


def pdf_of(page, *, backgrounds=False):
    return io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=backgrounds))


@pytest.mark.parametrize("backgrounds", [False, True])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_registered_card_has_its_own_code_over_its_own_number(desk, open_sheet, backgrounds, scheme):
    """B146: all cards of one order had the same code. B138: a code without its white, in print or on a dark page."""
    page = open_sheet(desk.registered, color_scheme=scheme)
    found, places = {}, list(cells(pdf_of(page, backgrounds=backgrounds)))
    assert len(places) == 30, "three sheets, and no empty one after them"
    assert [bool(DIGITS.search(text)) for text, _ in places] == [True] * 23 + [False] * 7
    for text, picture in places[:23]:
        code = read(picture)
        assert has_white_border(picture, code, 41)
        assert code.text not in found
        found[code.text] = DIGITS.search(text)
    shown = {verify(text, desk.settings.keyring, desk.settings.host, now()): number for text, number in found.items()}
    assert {code.type for code in shown} == {"C2"}
    rows = db.session.execute(
        select(Credential.credential, Card).join(Card, Card.id == Credential.card_id).where(Card.id.in_(desk.ids))
    )
    register = {row.credential: row.Card for row in rows}
    assert len(register) == 23
    for code, number in shown.items():
        card = register.pop(code.credential)
        assert "".join(number.groups()) == card.number
        assert (code.birth_year, code.last_date) == (card.birth_year, card.last_day)
        assert code.children == (card.birth_year - 1950) % 4
    assert register == {}


def test_the_words_on_a_card_are_its_own(desk, open_sheet):
    """The last day and the child tickets, in its holder's language."""
    texts = [text for text, _ in cells(pdf_of(open_sheet(desk.registered)))][:3]
    wanted = [("Tampere", "kuuta"), ("Tammerfors", "den "), ("Tampere", r"\d{4}")]
    for text, (area, day) in zip(texts, wanted, strict=True):
        assert area in text
        assert re.search(day, text)


def test_every_blank_card_has_its_number_as_a_symbol(desk, open_sheet):
    """The desk scans it when it gives the card. It is no code of the network."""
    places = list(cells(pdf_of(open_sheet(desk.blank))))
    printed = []
    for text, picture in places[:23]:
        code = read(picture)
        assert has_white_border(picture, code, 21)
        assert "".join(DIGITS.search(text).groups()) == code.text
        printed.append(code.text)
    assert printed == desk.blanks
    assert [bool(DIGITS.search(text)) for text, _ in places[23:]] == [False] * 7


def test_a_long_name_takes_nothing_from_the_code(desk, open_sheet):
    """B137: the code keeps its size whatever stands beside it, and reads when the card was folded once."""
    sides = set()
    for _text, picture in list(cells(pdf_of(open_sheet(desk.registered))))[:23]:
        sides.add(round(side_mm(read(picture))))
        x = round(picture.width * (3 + CODE_MM / 2) / WIDE)
        folded = picture.copy()
        draw = ImageDraw.Draw(folded)
        draw.line((x, 0, x, folded.height), fill=(120, 120, 120), width=5)  # 0.4 mm of worn-off ink
        seen = folded.resize((folded.width * 2 // 3, folded.height * 2 // 3), Image.Resampling.BILINEAR)
        assert read(seen.filter(ImageFilter.GaussianBlur(0.8))).text == read(picture).text
    assert sides == {round(CODE_MM * 41 / 49)}


def test_a_printed_code_is_compared_at_the_gate(desk, open_sheet):
    """CODES.md, "Paper": static, so never plain green."""
    code = read(next(cells(pdf_of(open_sheet(desk.registered))))[1]).text
    answer = scans.check(scans.read(scan(code), gate_clock_ahead=now() - now()), desk.settings, by=desk.gate, at=now())
    assert (answer.verdict, answer.notes) == ("amber", ("compare",))
    assert answer.facts["birth_year"] == 1950


@pytest.mark.parametrize("width", [320, 1280])
def test_the_sheets_page_fits_the_screen(desk, open_sheet, width):
    page = open_sheet(desk.registered, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    symbol = page.locator(".paper-card__code svg").first.bounding_box()
    assert abs(symbol["width"] - CODE_MM / 25.4 * 96) < 1
    assert page.locator("[data-print]").is_visible()
