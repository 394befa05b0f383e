"""What a reader makes of a page's code: the SVG drawn as a screen would, and read by a real decoder."""

import re
from xml.etree.ElementTree import Element

import zxingcpp
from PIL import Image, ImageDraw

from tests.web.page import Page

SCALE = 4  # pixels a module
SVG = "{http://www.w3.org/2000/svg}"


def code_of(page: Page) -> str | None:
    """The text of the code on a page, or None where there is none."""
    stage = next((one for one in page.all("div") if "data-code" in one.attrib), None)
    drawn = list(stage) if stage is not None else []
    svg = next((one for one in drawn if one.get("class") == "qr"), None)
    return None if svg is None else read(svg)


def read(svg: Element) -> str:
    """The text of a symbol that is one path of horizontal runs on a rectangle."""
    width, height = (int(side) for side in svg.get("viewBox", "").split()[2:])
    assert width == height
    picture = Image.new("L", (width * SCALE, height * SCALE), 128)  # what the page leaves bare is grey
    brush = ImageDraw.Draw(picture)
    rectangle, path = list(svg)
    assert (rectangle.tag, path.tag, rectangle.get("fill"), path.get("fill")) == (
        SVG + "rect",
        SVG + "path",
        "#fff",
        "#000",
    )
    brush.rectangle((0, 0, int(rectangle.get("width", 0)) * SCALE, int(rectangle.get("height", 0)) * SCALE), 255)
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path.get("d", ""))
    assert "".join(f"M{x} {y}h{long}v1h-{back}z" for x, y, long, back in runs) == path.get("d")
    for x, y, long, _back in ((int(part) for part in run) for run in runs):
        brush.rectangle((x * SCALE, y * SCALE, (x + long) * SCALE - 1, (y + 1) * SCALE - 1), 0)
        assert 4 <= x <= width - 4 - long, "a border of four modules"
        assert 4 <= y < height - 4
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    return str(found[0].text)
