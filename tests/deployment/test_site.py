"""The site as its visitors and its operators meet it: headers, names, sizes, a database that goes away, the log."""

import json
from http.cookies import SimpleCookie
from urllib.parse import quote

import pytest

from tests.deployment.conftest import BIRTH_YEAR, Site
from tests.visitor import Reply, Visitor, scan, typed

FOREIGN = "kortti.example.com"


def features(reply: Reply) -> set[str]:
    """What the page may ask of the phone."""
    rules = dict(one.split("=") for one in reply.headers["Permissions-Policy"].split(", "))
    assert set(rules.values()) <= {"(self)", "()"}
    return {name for name, rule in rules.items() if rule == "(self)"}


def test_each_room_has_one_policy_and_asks_for_no_more(deployed: Site) -> None:
    phone = deployed.phone(deployed.letters(1)[0])
    gate = deployed.gate()
    wanted = {
        "/card": (phone.visitor, {"screen-wake-lock", "publickey-credentials-get"}),
        "/gate": (gate, {"camera", "screen-wake-lock"}),
        "/sign-in": (deployed.visitor(), {"publickey-credentials-get"}),
        "/nowhere": (deployed.visitor(), set()),
    }
    for path, (visitor, allowed) in wanted.items():
        reply = visitor.get(path)
        assert features(reply) == allowed, path
        policies = reply.headers.get_all("Content-Security-Policy")
        assert len(policies) == 1, path
        directives = dict(one.split(" ", 1) for one in policies[0].split("; "))
        assert directives["default-src"] == "'none'"
        assert "unsafe-inline" not in policies[0]
        assert ("'wasm-unsafe-eval'" in directives["script-src"]) == (path == "/gate"), path
        assert reply.headers.get_all("Cache-Control") == ["no-store"], path
        assert reply.headers.get_all("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"], path
        assert reply.headers.get_all("X-Content-Type-Options") == ["nosniff"], path
        assert reply.headers.get_all("Referrer-Policy") == ["same-origin"], path


def test_the_cookie_is_kept_by_phones_and_by_nobody_else(deployed: Site) -> None:
    visitor = deployed.visitor()
    visitor.get("/activate")
    reply = visitor.post("/activate", {"code": deployed.letters(1)[0], "birth_year": BIRTH_YEAR})
    lines = [line for line in reply.headers.get_all("Set-Cookie") if line.startswith("__Host-session=")]
    assert len(lines) == 1
    cookie = SimpleCookie(lines[0])["__Host-session"]
    assert cookie["httponly"] is True
    assert cookie["secure"] is True
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "")
    # A home-screen app that iOS restarts keeps cookies with Max-Age; browsers keep none over 400 days.
    assert int(cookie["max-age"]) == 400 * 24 * 60 * 60


def test_an_answer_changes_the_cookie_only_where_something_changed(deployed: Site) -> None:
    """The worker fetches the shell while the page proves its key: a late answer must not bring the old session back."""
    phone = deployed.phone(deployed.letters(1)[0])
    for path in ("/card", "/card/offline", "/now", "/visits"):
        assert phone.visitor.get(path).headers.get_all("Set-Cookie") is None, path
    assert phone.visitor.get("/card/key").headers.get_all("Set-Cookie") is not None


def test_plain_http_leads_to_https(deployed: Site) -> None:
    plain = Visitor(deployed.plain_origin)
    reply = plain.get("/activate", Host=FOREIGN)
    plain.close()
    assert (reply.status, reply.location) == (301, f"{deployed.origin}/activate")


def test_a_made_up_name_is_refused_and_gets_into_no_link(deployed: Site) -> None:
    visitor = deployed.visitor()
    for headers in (
        {"Host": FOREIGN},
        {"Host": FOREIGN, "Accept": "application/json"},
        {"Host": f"localhost.{FOREIGN}"},
    ):
        for path in ("/", "/activate", "/card", "/nowhere", "/manifest.webmanifest"):
            reply = visitor.get(path, **headers)
            assert reply.status == 400, (path, headers)
            assert FOREIGN not in reply.text + str(reply.headers)
    for header in ("X-Forwarded-Host", "X-Host", "Forwarded", "X-Forwarded-Server", "X-Original-URL"):
        for path in ("/", "/activate", "/card"):
            reply = visitor.get(path, **{header: f"host={FOREIGN}" if header == "Forwarded" else FOREIGN})
            assert reply.status in (200, 302), (path, header)
            assert FOREIGN not in reply.text + str(reply.headers), (path, header)


# Bodies: the service takes 512 kB.

JUST_TOO_LARGE = 512 * 1024 + 1
FAR_TOO_LARGE = 3 * 1024 * 1024


@pytest.fixture(params=["through nginx", "without nginx"])
def gate(request: pytest.FixtureRequest, deployed: Site) -> Visitor:
    """A gate, through the proxy and at gunicorn itself."""
    enrolled = deployed.gate()
    if request.param == "through nginx":
        return enrolled
    direct = Visitor(deployed.live.origin)
    direct.cookies, direct.csrf, direct.host = dict(enrolled.cookies), enrolled.csrf, enrolled.host
    deployed.visitors.append(direct)
    return direct


@pytest.mark.parametrize("size", [JUST_TOO_LARGE, FAR_TOO_LARGE])
def test_a_body_that_is_too_large_is_told_so(gate: Visitor, size: int) -> None:
    script = gate.ask("POST", "/gate/uses", b"[" + b" " * (size - 2) + b"]", gate.script_headers())
    assert (script.status, script.json) == (413, {"error": "too_large"})
    form = gate.post("/activate", {"code": "0" * size})
    assert form.status == 413
    assert 'lang="fi"' in form.text
    assert "<h1>" in form.text
    assert gate.get("/gate").status == 200


def test_a_body_without_a_length_is_bounded_too(gate: Visitor) -> None:
    chunks = (b" " * 65536 for _ in range(JUST_TOO_LARGE // 65536 + 1))
    reply = gate.ask("POST", "/gate/uses", chunks, gate.script_headers())
    # Werkzeug reads up to the limit and no further; then what it read is half of something.
    assert (reply.status, reply.json) in ((413, {"error": "too_large"}), (400, {"error": "bad_request"}))


def test_a_long_evening_in_one_body_is_not_too_large(gate: Visitor) -> None:
    """200 records of the longest code: what a gate sends when it comes back to the network."""
    records = [scan("KP1:" + "0" * 396) for _ in range(200)]
    reply = gate.send("/gate/uses", {"records": records})
    assert reply.status == 200
    assert {answer["reason"] for answer in reply.json["answers"]} == {"unreadable"}


# The database


def test_the_database_cuts_every_connection(deployed: Site) -> None:
    """PostgreSQL was restarted, or its machine moved: the next request of each worker finds out and does not fail."""
    phone = deployed.phone(deployed.letters(1)[0])
    gate = deployed.gate()
    assert deployed.cut_connections() >= 2, "each worker had a connection"
    assert [phone.open_card().status for _ in range(8)] == [200] * 8
    answer = gate.send("/gate/uses", {"records": [scan(phone.code())]}).json["answers"][0]
    assert answer["recorded"]


def test_while_there_is_no_database_each_page_says_so(deployed: Site) -> None:
    phone = deployed.phone(deployed.letters(1)[0])
    gate = deployed.gate()
    record = {"records": [scan(phone.code())]}
    with deployed.no_database():
        page, script, public = phone.open_card(), gate.send("/gate/uses", record), deployed.visitor().get("/now")
    assert page.status == 500
    assert "<h1>" in page.text
    assert page.headers["Content-Security-Policy"]
    assert (script.status, script.json) == (500, {"error": "broken"})
    assert public.status == 200
    assert phone.open_card().status == 200
    assert gate.send("/gate/uses", record).json["answers"][0]["recorded"], "the gate's retry finds nothing lost"


# The log


def test_the_log_is_json_and_names_no_one(deployed: Site) -> None:
    """One of each: what goes well, what is refused, what breaks. `logged` reads the logs of all tests before, too."""
    before = len(deployed.logged())
    phone = deployed.phone(deployed.letters(1)[0])
    gate = deployed.gate()
    number = deployed.numbers(1)[0]
    code = phone.code()
    altered = code[:-1] + ("0" if code[-1] != "0" else "1")
    gate.send("/gate/check", {"record": scan(code)})
    gate.send(
        "/gate/uses", {"records": [scan(code), scan(altered), typed(number), typed("4921 0077 3186"), {"code": code}]}
    )
    gate.ask("POST", "/gate/uses", b"{" + code.encode(), gate.script_headers())
    gate.get(f"/card?number={number}&code={quote(code)}")
    gate.get(f"/{number}/{quote(altered)}")
    phone.visitor.post("/activate", {"code": "0000-0000-0000", "birth_year": BIRTH_YEAR})
    phone.visitor.post("/sign-in", {"number": number, "pin": "402917"})
    phone.visitor.csrf = "forged"
    phone.visitor.post("/sign-in", {"number": number, "pin": "402917"})
    deployed.visitor().get("/card", Host=f"{number}.example.org")
    deployed.secrets |= {"402917", "KP1%3A"}
    lines = deployed.logged()[before:]
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) >= 20
    for line in requests:
        assert set(line) == {"at", "level", "event", "route", "method", "status", "ms"}
    assert {"gate.record", "gate.check_one", "signin.activate", None} <= {line["route"] for line in requests}
    assert json.dumps(lines).count("birth_year") == 0
