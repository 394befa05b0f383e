"""The office in a real browser: at 360 and 1280 pixels, in both themes, by keys alone, without JavaScript.

If these fail, a ticket office can't read a verdict, has to scroll sideways, or records the same visit twice by a quick
finger.
"""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import Watched

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def sign_in(page, live, who="agent"):
    """A member of staff by their code."""
    page.goto(f"{live.origin}/staff/start?lang=en")
    page.fill("#code", live.links()[who]["code"])
    page.click("main form button")
    page.wait_for_url("**/staff/passkey")
    page.goto(f"{live.origin}/office")


def looks_right(page, name):
    """Nothing to scroll for sideways, nothing that a reader of the screen misses: on a phone and on a computer."""
    page.wait_for_load_state()
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} at {width}"
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {rules: {'color-contrast-enhanced': {enabled: false}}})")
        assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]] == [], name


def visits(page, live):
    """How many of this week the office's list counts."""
    page.goto(f"{live.origin}/office/vapriikki/uses")
    return int(re.search(r"(\d+) visits?", page.inner_text(".lead"))[1])


def check(page, number, **fields):
    page.fill("#number", number)
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    page.click("main form button")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_page_reads_on_a_phone_and_on_a_computer(live, issue, watched, theme):
    page = watched.page(color_scheme=theme)
    _, number = issue(ages=(7, 18))
    sign_in(page, live)
    looks_right(page, f"choose-{theme}")
    page.click("text=Vapriikki")
    looks_right(page, f"number-{theme}")
    check(page, "", children="100")
    looks_right(page, f"number-faults-{theme}")
    check(page, number, children="2")
    looks_right(page, f"check-{theme}")
    page.click("button[value=record]")
    page.wait_for_selector("#recorded")
    looks_right(page, f"recorded-{theme}")
    check(page, number)
    looks_right(page, f"already-{theme}")
    page.click("text=Another card")
    check(page, "1234 5678 9012")
    looks_right(page, f"refused-{theme}")
    page.click("text=Paper forms")
    looks_right(page, f"paper-{theme}")
    for row, typed in enumerate((number, "1234", number)):
        page.fill(f"#rows-{row}-number", typed)
    page.fill("#rows-0-day", page.get_attribute("#rows-0-day", "max"))
    page.fill("#rows-1-day", page.get_attribute("#rows-1-day", "max"))
    page.click("text=Record these visits")
    page.wait_for_selector("#errors")
    looks_right(page, f"paper-answered-{theme}")
    page.click("text=Recorded visits")
    looks_right(page, f"uses-{theme}")
    page.locator(".list__action a").first.click()
    looks_right(page, f"undo-{theme}")
    page.check("text=Entered twice")
    page.click("main form button")
    page.wait_for_selector("#said")
    looks_right(page, f"undone-{theme}")


def test_a_course_says_its_fee_before_it_is_recorded(live, issue, watched):
    page = watched.page()
    _, number = issue()
    sign_in(page, live)
    page.click("text=työväenopisto")
    page.select_option("#what", label=page.locator("#what option", has_text="Keramiikan alkeet").inner_text())
    check(page, number)
    page.wait_for_selector("#verdict")
    assert "The course costs €40. The card covers it." in page.inner_text("#verdict")
    looks_right(page, "course")


def test_keys_alone_are_enough(live, issue, watched):
    page = watched.page()
    _, number = issue(ages=(7,))
    sign_in(page, live, "office")
    page.wait_for_selector("#number")
    assert page.evaluate("document.activeElement.id") == "number"
    page.keyboard.type(number)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "record":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#recorded")
    assert "1 adult + 1 child" in page.inner_text("#recorded")


def test_two_quick_presses_are_one_visit_and_no_script_is_needed(live, issue, chromium):
    watch = Watched(chromium)
    page = watch.page(java_script_enabled=False)
    _, number = issue()
    sign_in(page, live, "office")
    before = visits(page, live)
    page.goto(f"{live.origin}/office")
    check(page, number)
    page.locator("button[value=record]").dblclick(no_wait_after=True)
    page.wait_for_url("**recorded=*")
    assert visits(page, live) == before + 1
    watch.close()
    assert watch.faults == []
