"""Templates: every page has a title, and nothing runs or is styled from within a page (the policy would block it)."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
FILES = sorted(TEMPLATES.rglob("*.html"))

INLINE = {
    "a script within the page": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.I),
    "a style within the page": re.compile(r"<style\b", re.I),
    "a style attribute": re.compile(r"\sstyle\s*=", re.I),
    "an on… attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']?", re.I),
    "a javascript: address": re.compile(r"javascript:", re.I),
    "something from elsewhere": re.compile(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", re.I),
}
COMMENT = re.compile(r"{#.*?#}", re.S)


def faults(text: str) -> list[str]:
    """What of INLINE is in a template's text, with its line."""
    bare = COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)
    return [
        f"{bare.count(chr(10), 0, found.start()) + 1}: {what}"
        for what, pattern in INLINE.items()
        for found in pattern.finditer(bare)
    ]


def test_nothing_runs_or_is_styled_from_within_a_page() -> None:
    assert len(FILES) > 20
    assert [
        f"{file.relative_to(TEMPLATES)}:{fault}" for file in FILES for fault in faults(file.read_text("utf-8"))
    ] == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("<p>{# style= #}</p>\n<script type='module' src='/x.js'></script>", 0),
        ("<script>alert(1)</script>", 1),
        ("<script type='application/json'>{}</script>", 1),
        ("<STYLE>p {}</STYLE>", 1),
        ("<p style='color: red'>", 1),
        ("<button onclick=go()>", 1),
        ("<a href='javascript:go()'>", 1),
        ("<img src='//example.org/x.png'>", 1),
        ("<p class='one'>on time = now</p>", 0),
    ],
)
def test_the_search_finds_what_it_should(text: str, count: int) -> None:
    assert len(faults(text)) == count


def test_every_page_has_a_title() -> None:
    """`base.html` requires the block; here it is also said to be filled."""
    pages = [file for file in FILES if re.search(r"{%-?\s*extends\s", file.read_text("utf-8"))]
    assert len(pages) > 10
    title = re.compile(r"{%-?\s*block title\s*-?%}\s*(\S.*?)\s*{%-?\s*endblock", re.S)
    assert [str(file.relative_to(TEMPLATES)) for file in pages if not title.search(file.read_text("utf-8"))] == []


def test_a_whole_page_is_made_from_the_base() -> None:
    """Else it would have no language, no skip link, no policy of its own."""
    whole = [file.name for file in FILES if "<html" in file.read_text("utf-8")]
    assert whole == ["base.html"]
