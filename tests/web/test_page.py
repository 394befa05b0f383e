"""The page object sees what it is there to see: each fault that a page could have is named."""

import html5lib
import pytest

from tests.web.page import faults

GOOD = """<!doctype html><html lang="en"><head><title>Card · Kaikukortti</title></head><body><h1>Card</h1>
<label for="a">A</label><input id="a" name="a" aria-describedby="b"><p id="b">So <a href="#a">it is</a></p>
<template><p id="b">{year}</p></template></body></html>"""


def found(page):
    return list(faults(html5lib.HTMLParser(namespaceHTMLElements=False).parse(page)))


def test_a_good_page_has_none():
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("<h1>Card</h1>", "", "0 h1"),
        ("<title>Card", "<title>Home", "the title"),
        ('<p id="b">So', '<p id="b"></p><p id="b">So', "id b 2 times"),
        ('<label for="a">A</label>', "", "a has no label"),
        ('<label for="a">', '<label for="z">', "for points at no #z"),
        ('"b">So', '"c">So', "aria-describedby points at no #b"),
        ('href="#a"', 'href="#z"', "href points at no #z"),
        (">it is<", "><", "a #a has no name"),
        ("So", "<i style='color: red'>So</i>", "style on i"),
        ("So", "<i onclick='x()'>So</i>", "onclick on i"),
        ("So", "<script>x()</script>", "inline script"),
        ("So", "<a href='javascript:x()'>x</a>", "javascript: in href"),
        (">A<", "><div>A</div><", "div in label"),
        ("So", "%(num)s more", "left over"),
        ("So", "{year}", "left over"),
        ("So", "None", "left over"),
        ("So", "code_unknown", "a reason, not words: code_unknown"),
        ("<input ", "<input placeholder='code_unknown' ", "a reason, not words"),
    ],
)
def test_each_fault_is_named(right, wrong, said):
    page = GOOD.replace(right, wrong, 1)
    assert any(said in fault for fault in found(page)), found(page)
