"""The QR symbol. Missed otherwise: a symbol that grows past what a door's camera reads, Micro QR, a symbol that
the page's CSP breaks or that vanishes in dark mode, a symbol that says something else."""

import io
import re
import xml.etree.ElementTree as ET

import pytest
import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from wallet.codes import mint_paper, mint_server, svg
from wallet.codes.qr import BORDER, matrix
from wallet.codes.token import LENGTHS, mint_phone, to_text

SVG = "{http://www.w3.org/2000/svg}"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
LINK = "https://kortti.example.org/aktivoi#AbCdEfGhIjKlMnOpQrStUv"


def dark(text: str) -> set[tuple[int, int]]:
    """The dark modules as the path of the SVG draws them, border included."""
    cells = set()
    path = ET.fromstring(svg(text)).find(f"{SVG}path").get("d")
    pieces = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path)
    assert "".join(f"M{x} {y}h{w}v1h-{w}z" for x, y, w, _ in pieces) == path
    for x, y, width, back in pieces:
        assert width == back
        new = {(int(x) + i, int(y)) for i in range(int(width))}
        assert not new & cells
        cells |= new
    return cells


def read(text: str, scale: int = 4) -> zxingcpp.Barcode:
    """What a reader makes of the drawn SVG."""
    side = int(ET.fromstring(svg(text)).get("viewBox").split()[2])
    image = Image.new("L", (side, side), 255)
    for cell in dark(text):
        image.putpixel(cell, 0)
    image = image.resize((side * scale, side * scale), Image.Resampling.NEAREST)
    (found,) = zxingcpp.read_barcodes(image)
    return found


def codes(issuer) -> list[str]:
    return [
        mint_phone(issuer.credential, issuer.phone, issuer.deployment, 118_525_680),
        mint_paper(issuer.claims, issuer.keyring.signing("C2"), issuer.deployment),
        mint_server(issuer.claims, issuer.keyring.signing("C3"), issuer.deployment, 118_525_680),
    ]


def test_every_type_is_read_back(issuer):
    for text in [*codes(issuer), LINK]:
        found = read(text)
        assert found.text == text
        assert found.format == zxingcpp.BarcodeFormat.QRCode
        assert found.ec_level == "M"


@settings(deadline=None, max_examples=30)
@given(st.binary(min_size=LENGTHS["C1"], max_size=LENGTHS["C1"]))
def test_a_phones_code_is_version_10_whatever_its_bytes(raw):
    text = to_text(raw)
    assert len(matrix(text)) == 57
    made = segno.make(text, micro=False, error="m", boost_error=False)
    assert (made.version, made.mode, made.error) == (10, "alphanumeric", "M")


def test_the_smaller_codes_have_smaller_symbols():
    """Version 6 holds 154 characters at level M and version 5 122 (ISO/IEC 18004, table 7)."""
    assert len(matrix(to_text(bytes(LENGTHS["C2"])))) == 41
    assert len(matrix(to_text(bytes(LENGTHS["C3"])))) == 41


@settings(deadline=None, max_examples=40)
@given(st.text(ALPHABET, min_size=1, max_size=60))
def test_never_micro(text):
    """Micro QR has 11 to 17 modules a side, and cameras do not read it."""
    assert len(matrix(text)) >= 21


@pytest.mark.parametrize("text", ["1", "KP1:", "A" * 20, LINK])
def test_the_svg_draws_the_matrix(text):
    rows = matrix(text)
    expected = {(x + BORDER, y + BORDER) for y, row in enumerate(rows) for x, module in enumerate(row) if module}
    assert dark(text) == expected
    # An independent drawing of the same symbol, by the library itself.
    out = io.BytesIO()
    segno.make(text, micro=False, error="m", boost_error=False).save(out, kind="png", border=4, scale=1)
    image = Image.open(out).convert("L")
    assert {(x, y) for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) == 0} == expected


def test_the_svg_fits_into_a_page(issuer):
    drawing = svg(codes(issuer)[0])
    assert drawing.startswith("<svg ")
    root = ET.fromstring(drawing)
    assert root.attrib == {"class": "qr", "viewBox": "0 0 65 65", "shape-rendering": "crispEdges"}
    white, path = root
    assert (white.tag, white.attrib) == (f"{SVG}rect", {"width": "65", "height": "65", "fill": "#fff"})
    assert (path.tag, path.get("fill")) == (f"{SVG}path", "#000")
    assert "style" not in drawing
    assert len(drawing) < 16_000
