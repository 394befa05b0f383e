"""Sessions, cookies, CSRF, languages, hosts: what all pages share."""

import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from tests.people import gate_at
from tests.web.page import Page
from wallet.clock import now
from wallet.register import accounts, invitations, signins
from wallet.register.database import db
from wallet.register.tables import Card
from wallet.register.tables_signin import SignIn

HOMES = {"holder": "/card", "gate": "/gate/today", "staff": "/staff"}
SIGN_IN_PAGES = {"holder": "/sign-in", "gate": "/gate/enrol", "staff": "/staff/sign-in"}
JSON_POSTS = {
    "/passkeys/sign-in/options": None,
    "/passkeys/sign-in": None,
    "/passkeys/holder/options": "holder",
    "/passkeys/holder": "holder",
    "/passkeys/staff/options": "desk",
    "/passkeys/staff": "desk",
    "/card/key": "holder",
    "/gate/check": "gate",
    "/gate/uses": "gate",
    "/gate/uses/1/undo": "gate",
}


def all_three(app, people):
    return Page(app, people.holder).sign_in(people.gate).sign_in(people.desk)


def where(page):
    """For which audiences this browser is signed in."""
    return {audience for audience, home in HOMES.items() if page.open(home).path == home}


# One browser, three people


def test_one_browser_may_be_a_holder_a_gate_and_staff_at_once(app, people):
    assert where(Page(app)) == set()
    assert where(all_three(app, people)) == {"holder", "gate", "staff"}


@pytest.mark.parametrize("audience", HOMES)
def test_signing_out_of_one_leaves_the_others(app, people, audience):
    page = all_three(app, people).open(HOMES[audience])
    page.submit(button="Sign out")
    assert page.path == f"/signed-out/{audience}"
    assert where(page) == set(HOMES) - {audience}
    identity = {"holder": people.holder, "gate": people.gate, "staff": people.desk}[audience]
    again = Page(app, identity)
    assert again.open(HOMES[audience]).path == SIGN_IN_PAGES[audience], "a kept cookie is worth nothing any more"


def test_what_ends_elsewhere_ends_at_the_next_request(app, people):
    page = all_three(app, people)
    signins.end(people.holder.sign_in, at=now())
    assert where(page) == {"gate", "staff"}
    signins.revoke_gate(people.gate.gate_id, at=now())
    assert where(page) == {"staff"}
    accounts.leave(people.desk.account_id, by=None, at=now())
    assert where(page) == set()


def test_a_session_whose_row_is_gone_is_signed_out(app, people):
    """Deleted by retention, or written for another database: never a crash."""
    page = all_three(app, people)
    with db.engine.begin() as connection:
        connection.execute(SignIn.__table__.delete())
    assert where(page) == set()
    assert page.open("/").path == "/"


def test_another_audiences_sign_in_opens_nothing(app, people):
    """The row says whose it is; a name in the session does not."""
    page = Page(app)
    for audience, who in (("gate", people.holder), ("staff", people.gate), ("holder", people.desk)):
        with page.client.session_transaction(base_url=page.origin) as session:
            session[audience] = who.sign_in
    assert where(page) == set()


def test_the_start_leads_to_ones_own_page(app, people):
    assert Page(app).open("/").heading == "Your card to culture"
    assert Page(app, people.holder).open("/").path == "/card"
    assert Page(app, people.gate).open("/").path == "/gate"
    assert Page(app, people.support).open("/").path == "/staff"


def test_a_holders_session_lasts_as_long_as_browsers_keep_it(app, people):
    with time_machine.travel(now(), tick=False) as clock:
        page = Page(app).open("/activate")
        code = invitations.invite_holder(people.holder.card_id, by=None, at=now())
        page.submit({"Code": code, "Birth year": "1986"})
        clock.shift(timedelta(days=399))
        assert page.open("/card").path == "/card"
        clock.shift(timedelta(days=2))
        assert page.open("/card").path == "/sign-in"


def test_a_gate_that_rests_for_a_summer_is_still_a_gate(app, people):
    with time_machine.travel(now(), tick=False) as clock:
        page = Page(app, gate_at("museo", "Kesäovi"))
        clock.shift(timedelta(days=89))
        assert page.open("/gate/today").path == "/gate/today"
        clock.shift(timedelta(days=89))
        assert page.open("/gate/today").path == "/gate/today"
        clock.shift(timedelta(days=91))
        assert page.open("/gate/today").path == "/gate/enrol"


def test_another_network_and_another_browser_version_sign_nobody_out(app, people):
    page = Page(app, people.holder)
    for address, agent in (("192.0.2.1", "Old/1"), ("2001:db8::1", "New/2")):
        answer = page.request("/card", environ_overrides={"REMOTE_ADDR": address}, headers={"User-Agent": agent})
        assert answer.status_code == 200


def test_another_sites_cookies_sign_nobody_out(app, people):
    """Cookies of a parent domain, or of another program at localhost, come along under the names that are usual."""
    page = Page(app, people.holder)
    for name in ("remember_token", "session", "csrf_token", "_user_id"):
        page.client.set_cookie(name, "of another site", domain="localhost")
    assert page.open("/card").path == "/card"


# Cookies


def test_the_sessions_cookie(app, people):
    """Kept as long as browsers keep one, from the sign-in on, which is as long as the sign-in lasts."""
    page = Page(app).open("/activate")
    code = invitations.invite_holder(people.holder.card_id, by=None, at=now())
    form = {"code": code, "birth_year": "1986", "csrf_token": page.token}
    answer = page.request("/activate", method="POST", data=form)
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if "session" in one)
    parts = {part.strip() for part in cookie.split(";")}
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts
    assert not any(part.lower().startswith(("domain", "partitioned")) for part in parts)
    assert f"Max-Age={400 * 24 * 60 * 60}" in parts


def test_a_cookie_that_was_changed_is_no_session(app, people):
    page = Page(app, people.holder)
    cookie = page.client.get_cookie("__Host-session", domain="localhost").value
    for broken in (cookie[:-1] + ("A" if cookie[-1] != "A" else "B"), cookie[2:], "", "x", "." * 50, "é"):
        page.client.set_cookie("__Host-session", broken, domain="localhost")
        assert page.request("/card").headers["Location"] == "/sign-in"


# CSRF


@pytest.mark.parametrize(
    ("path", "who", "fields"),
    [
        ("/activate", None, {"Code": "K7QF93MX2HTD", "Birth year": "1986"}),
        ("/sign-in", None, {"Card's number": "492100773186", "PIN": "402917"}),
        ("/gate/enrol", None, {"Code": "K7QF93MX2HTD", "Name of this phone": "Ovi"}),
        ("/staff/start", None, {"Code": "K7QF93MX2HTD"}),
        ("/activate/pin", "holder", {"PIN": "402917", "The same again": "402917"}),
    ],
)
def test_a_form_without_its_token_does_nothing_and_says_so(app, people, path, who, fields):
    page = Page(app, getattr(people, who) if who else None).open(path)
    page.submit(fields, without=("csrf_token",), status=400)
    assert page.heading == "The page had been open for too long"
    db.session.rollback()
    assert db.session.get(Card, people.holder.card_id).pin_hash is None


def test_signing_out_needs_the_token_too(app, people):
    page = Page(app, people.holder).open("/card")
    page.submit(button="Sign out", without=("csrf_token",), status=400)
    assert where(page) == {"holder"}
    assert page.request("/sign-out/holder").status_code == 405
    assert page.request("/sign-out/everyone", method="POST").status_code in (400, 404)


def test_anothers_token_does_nothing(app, people):
    theirs = Page(app, people.other_holder).open("/activate/pin").token
    page = Page(app, people.holder).open("/activate/pin")
    form = {"pin": "402917", "again": "402917", "csrf_token": theirs}
    assert page.request("/activate/pin", method="POST", data=form).status_code == 400


def test_a_form_left_open_overnight_still_works(app, people):
    page = Page(app).open("/activate")
    code = invitations.invite_holder(people.holder.card_id, by=None, at=now())
    with time_machine.travel(now() + timedelta(days=2)):
        assert page.submit({"Code": code, "Birth year": "1986"}).path == "/activate/language"


@pytest.mark.parametrize("referer", [None, "https://localhost/activate", "https://other.example.org/"])
def test_a_form_works_whatever_the_browser_says_of_where_it_came_from(app, people, referer):
    page = Page(app)
    page.origin = "https://localhost"
    page.open("/activate")
    code = invitations.invite_holder(people.holder.card_id, by=None, at=now())
    form = {"code": code, "birth_year": "1986", "csrf_token": page.token}
    headers = {"Referer": referer} if referer else {}
    answer = page.request("/activate", method="POST", data=form, headers=headers)
    assert answer.headers["Location"] == "/activate/language"


# Languages


def test_finnish_unless_the_browser_asks_for_another_of_ours(app):
    for asked, language in (
        ("", "fi"),
        ("sv-FI,sv;q=0.9,en;q=0.5", "sv"),
        ("en-GB", "en"),
        ("de", "fi"),
        ("de,en;q=0.5", "en"),
        ("zz;q=no", "fi"),
    ):
        page = Page(app)
        page.headers = {"Accept-Language": asked} if asked else {}
        page.language = language
        assert page.open("/sign-in").root.get("lang") == language, asked


def test_a_choice_is_remembered_and_beats_the_browser(app):
    page = Page(app, language="en").open("/sign-in?lang=sv")
    cookie = next(one for one in page.response.headers.getlist("Set-Cookie") if one.startswith("language="))
    assert "Max-Age=34560000" in cookie
    assert "HttpOnly" in cookie
    page.open("/activate")
    assert page.root.get("lang") == "sv"
    page.open("/activate?lang=fi")
    page.open("/sign-in")
    assert page.root.get("lang") == "fi"


@pytest.mark.parametrize("asked", ["de", "", "fi'", "../../x", "FI", "x" * 3000])
def test_a_language_that_is_not_ours_changes_nothing(app, asked):
    page = Page(app, language="sv")
    page.response = page.request("/sign-in", query_string={"lang": asked})
    assert page.response.headers["Content-Language"] == "sv"
    assert not [one for one in page.response.headers.getlist("Set-Cookie") if one.startswith("language=")]


def test_one_worker_speaks_each_language_in_turn(app, people):
    """Words fixed at first use would stay in the first one's language: headings, labels, faults, dates."""
    seen = []
    for _round in range(2):
        for language in ("fi", "sv", "en"):
            page = Page(app, language=language).open("/sign-in")
            labels = [one.text for one in page.all("label")]
            token = page.token
            page.response = page.request("/sign-in", method="POST", data={"csrf_token": token})
            page._check()
            card = Page(app, people.holder, language=language).open("/card")
            until = next(one for one in card.all("p") if one.get("class") == "ticket__until")
            seen.append((page.heading, *labels, page.error("pin"), until.text))
    assert seen[:3] == seen[3:]
    for words in zip(*seen[:3], strict=True):
        assert len(set(words)) == 3 or words[0].startswith("PIN"), words


PAGES_WITH_QUERIES = [
    ("/sign-in?from=letter", None),
    ("/visits?before=17", "holder"),
    ("/gate/today?said=undone", "gate"),
    ("/activate?a=1&a=2&b=%C3%A4%26%3D", None),
    ("/signed-out/holder", None),
]


@pytest.mark.parametrize(("address", "who"), PAGES_WITH_QUERIES)
def test_the_switch_keeps_the_page_and_its_query(app, people, address, who):
    page = Page(app, getattr(people, who) if who else None).open(address)
    link = page.link("SV")
    kept = parse_qs(urlsplit(link).query)
    assert kept.pop("lang") == ["sv"]
    assert (urlsplit(link).path, kept) == (urlsplit(address).path, parse_qs(urlsplit(address).query))
    page.follow("SV")
    assert page.link("EN").count("lang=") == 1


def test_the_switch_keeps_who_comes_along(app, people):
    page = Page(app, people.holder).open("/card")
    tickets = [one.get("value") for one in page.all("input") if one.get("name") == "with"]
    page.open(f"/card?with={tickets[0]}&with={tickets[1]}&assistants=1")
    page.follow("SV")
    ticked = [one.get("value") for one in page.all("input") if "checked" in one.attrib]
    assert ticked == [*tickets, "1"]


@pytest.mark.parametrize(
    "query",
    [
        "endpoint=x",
        "_external=1",
        "_scheme=ftp",
        "_anchor=x",
        "_method=POST",
        "values=1",
        "self=1",
        "_external=1&_scheme=x",
    ],
)
def test_a_query_is_only_ever_a_query(app, query):
    """The switch builds its links from the query; none of it may steer how."""
    for path in ("/", "/sign-in", "/signed-out/holder"):
        page = Page(app).open(f"{path}?{query}")
        link = urlsplit(page.link("SV"))
        assert (link.scheme, link.netloc, link.path, link.fragment) == ("", "", path, "")
        assert parse_qs(link.query) == parse_qs(query) | {"lang": ["sv"]}
    Page(app).open(f"/nowhere?{query}", status=404)


# Addresses and hosts


@pytest.mark.parametrize("evil", ["//evil.example.org", "https://evil.example.org/", "/\t/evil.example.org", "/\\evil"])
@pytest.mark.parametrize("name", ["next", "url", "to", "return", "redirect"])
def test_no_address_in_a_query_leads_anywhere(app, people, evil, name):
    """The page object refuses any redirect that leaves the site; these arrive at the pages they always do."""
    query = {name: evil}
    for path in ("/activate", "/sign-in", "/gate/enrol", "/staff/start", "/staff/sign-in", "/"):
        assert Page(app)._arrive(path, 200, 12, query_string=query).path == path
    code = invitations.invite_holder(people.holder.card_id, by=None, at=now())
    page = Page(app)._arrive("/activate", 200, 12, query_string=query)
    form = {"code": code, "birth_year": "1986", "csrf_token": page.token, name: evil}
    assert page.request("/activate", method="POST", query_string=query, data=form).headers["Location"] == (
        "/activate/language"
    )
    for path, home in (("/card", "/sign-in"), ("/gate", "/gate/enrol"), ("/staff", "/staff/sign-in")):
        assert Page(app).request(path, query_string=query).headers["Location"] == home


@pytest.mark.parametrize(
    "path", ["//evil.example.org", "//evil.example.org/..", "/\\evil.example.org", "/%2f/evil", "/card/"]
)
def test_odd_paths_are_not_found(app, path):
    answer = Page(app).request(path, base_url="http://localhost")
    assert answer.status_code in (404, 308)
    assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize(
    "host", ["evil.example.org", "localhost.evil.example.org", "evil.example.org:80", "", "a b", "[::1"]
)
def test_a_foreign_host_gets_no_page(app, people, host):
    """A made-up name must not get into any link; there is none to give."""
    for path in ("/", "/card", "/sign-in", "/nowhere", "/now"):
        answer = Page(app, people.holder).request(path, headers={"Host": host})
        assert (answer.status_code, answer.json) == (400, {"error": "bad_request"}), path
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


# What scripts send


@pytest.mark.parametrize(("path", "who"), JSON_POSTS.items())
def test_json_endpoints_and_bodies_that_are_none(app, people, path, who):
    """A form, broken JSON, wrong types, a deep one, a huge one: a stable reason, never a 500."""
    page = Page(app, getattr(people, who) if who else None).open("/sign-in")
    token = {"X-CSRFToken": page.token, "Accept": "application/json"}
    for body in ("", "{", "nul", "\x00", "[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 50_000, "NaN", "é"):
        answer = page.request(path, method="POST", data=body, content_type="application/json", headers=token)
        assert answer.status_code < 500, (body[:20], answer.status_code)
        assert answer.is_json
    for body in (b"\xff\xfe", b"\xed\xa0\x80", b'"\\ud800"', b'{"rawId": "\\ud800", "public_key": "\\ud800"}'):
        answer = page.request(path, method="POST", data=body, content_type="application/json", headers=token)
        assert answer.status_code < 500, body
    for value in (None, True, 0, 1e400, -1, "x", [], [[]], [None], {}, {"a": None}, {"records": None}, {"record": 1}):
        answer = page.request(
            path, method="POST", data=json.dumps(value), content_type="application/json", headers=token
        )
        assert answer.status_code < 500, value
        assert answer.is_json
    form = page.request(path, method="POST", data={"csrf_token": page.token, "a": "1"}, headers={})
    assert form.status_code < 500
    huge = json.dumps({"a": "x" * 600_000})
    answer = page.request(path, method="POST", data=huge, content_type="application/json", headers=token)
    assert answer.status_code < 500
    if not path.endswith(("options", "undo")):  # these read no body
        assert (answer.status_code, answer.json) == (413, {"error": "too_large"})


@pytest.mark.parametrize("path", ["/activate", "/sign-in", "/gate/enrol", "/staff/start"])
def test_a_huge_form_is_refused_in_words(app, path):
    page = Page(app).open(path)
    form = {"csrf_token": page.token, "code": "x" * 600_000, "number": "x"}
    page._arrive(path, 413, 12, method="POST", data=form)
    assert page.heading == "That was too much at once"
    many = [("a", "1")] * 20_000
    answer = page.request(
        path,
        method="POST",
        data="&".join(f"{a}={b}" for a, b in many),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code < 500


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_what_is_not_there_is_said_in_words(app, language):
    page = Page(app, language=language).open("/nowhere", status=404)
    assert page.link("")
    assert Page(app).request("/nowhere", headers={"Accept": "application/json"}).json == {"error": "not_found"}
    page = Page(app, language=language)
    page._arrive("/sign-in", 405, 12, method="DELETE", headers={})
    assert re.search(r"\w", page.heading)
