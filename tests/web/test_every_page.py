"""Every page that has no form of its own to test, in each language, through the page object."""

import pytest

from tests.web.page import Page

LANGUAGES = ("fi", "sv", "en")
# Whose browser → what it may open.
PAGES = {
    None: (
        *("/", "/activate", "/sign-in", "/gate/enrol", "/staff/start", "/staff/sign-in", "/card/offline"),
        *("/signed-out/holder", "/signed-out/gate", "/signed-out/staff"),
    ),
    "holder": (
        "/card",
        "/children",
        "/visits",
        "/data",
        "/data/delete",
        "/activate/language",
        "/activate/passkey",
        "/activate/pin",
    ),
    "other_holder": ("/card", "/children", "/visits"),
    "gate": ("/gate", "/gate/today", "/gate/today?said=undone"),
    "desk": (
        "/staff",
        "/staff/passkey",
        "/desk",
        "/desk?show=all",
        "/desk/give",
        "/desk/community",
        "/desk/community/new",
        "/desk/sheets",
        "/desk/sheets/cards",
        "/desk/import",
    ),
    "coordinator": ("/staff", "/coordinator"),
    "support": ("/staff", "/coordinator"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", PAGES)
def test_each_page_is_whole(app, people, who, language):
    page = Page(app, who and getattr(people, who), language=language)
    for path in PAGES[who]:
        assert page.open(path).address == path


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_to_be_had_is_a_page_too(app, people, language):
    page = Page(app, people.desk, language=language)
    headings = [page.open(path, status=status).heading for path, status in (("/nowhere", 404), ("/coordinator", 403))]
    assert len(set(headings)) == 2


def test_the_component_page_is_whole(app):
    Page(app, language="fi").open("/components")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_is_left_out(app, people, language):
    """Whatever answers with a page, asked by someone who is a holder, a gate and staff at once."""
    page = Page(app, people.holder, language=language).sign_in(people.gate).sign_in(people.support)
    rules = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    seen = set()
    for path in rules:
        with page.request(path) as answer:
            assert answer.status_code < 500, path
        if answer.status_code == 200 and answer.mimetype == "text/html" and path != "/components":
            seen.add(page.open(path).path)
    assert {"/card", "/gate", "/staff", "/sign-in"} <= seen
