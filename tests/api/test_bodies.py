"""What systems send, and what they hear of it. If one of these fails, a typing error goes unheard, or a till that sends
rubbish gets a page of HTML, or a 500."""

import io
import json
from typing import Any

import pytest
from flask import Flask

from tests.api.system import V1, System, problem
from tests.house.asking import ask
from tests.people import People
from tests.register.scans import count
from wallet.api import bodies
from wallet.api import views as api_views
from wallet.register.tables import Use

DEEP = "[" * 100_000
GOOD: dict[str, Any] = {"venue": "museo", "number": "1234 5678 9012"}


def post(system: System, path: str, raw: bytes | str, **headers: str) -> Any:
    """A body as it stands."""
    given = {"Content-Type": "application/json", "Idempotency-Key": "till-00001"} | headers
    return system.ask("POST", path, data=raw, headers={name.replace("_", "-"): told for name, told in given.items()})


NO_OBJECTS: list[bytes | str] = [
    b"", b"{", b"nonsense", b"[]", b'"text"', b"1", b"null", b"NaN", b"\xff\xfe", b"\xef\xbb\xbf{}",
    '{"venue": "museo"}'.encode("utf-16"), DEEP, '{"a":' * 100_000,
    '{"venue": "museo", "number": "1", "number": "2"}',
    '{"venue": "museo", "number": "1", "children": NaN}',
    '{"venue": "museo", "number": "1", "children": -Infinity}',
    '{"venue": "museo", "number": "1", "children": 1' + "0" * 5000 + "}",
]  # fmt: skip


@pytest.mark.parametrize("path", ["/checks", "/uses", "/uses/1/undo"])
def test_what_is_no_json_object_is_a_bad_request(museum: System, path: str) -> None:
    for raw in NO_OBJECTS:
        told = problem(post(museum, path, raw[: bodies.LARGEST - 1]))
        assert told == (400, "bad_request"), raw[:80]


WRONG: list[tuple[str, Any]] = [
    *(("venue", wrong) for wrong in ("", 1, True, [], {}, "x" * 97)),
    *(("number", wrong) for wrong in (1, 1.5, ["1"], True, {}, "9" * 401)),
    *(("kind", wrong) for wrong in ("Ticket", "", 0, [], {"a": 1})),
    *((name, wrong) for name in ("children", "assistants", "event") for wrong in (-1, 1.5, 1e300, "1", True, [1])),
    ("children", 100), ("assistants", 16), ("event", 2**31), ("event", 10**30),
]  # fmt: skip


@pytest.mark.parametrize("path", ["/checks", "/uses"])
def test_a_field_of_another_type_is_named(museum: System, path: str) -> None:
    for field, wrong in WRONG:
        answer = post(museum, path, json.dumps(GOOD | {field: wrong}))
        assert problem(answer) == (400, "unreadable_record"), (field, wrong)
        assert answer.json["field"] == field


MISSING: list[tuple[dict[str, Any], str]] = [
    ({"number": "1"}, "venue"),
    ({"venue": "museo"}, "code"),
    (GOOD | {"code": "KP1:A"}, "code"),
    (GOOD | {"childern": 1}, "unknown"),
    (GOOD | {"scan_id": "till-00001"}, "unknown"),
    (GOOD | {"members": []}, "unknown"),
    (GOOD | {"let_in": True}, "unknown"),
    (GOOD | {"code": None}, "code"),
    (GOOD | {"children": None}, "children"),
    (GOOD | {"another": 1}, "another"),
    *(
        (GOOD | {"scanned_at": wrong}, "scanned_at")
        for wrong in (
            "", "yesterday", 1, "2026-11-25", "2026-11-25T10:00:00", "2026-W48-3T10:00:00Z", "20261125T100000Z",
            "2026-02-30T10:00:00Z", "2026-11-25T25:00:00Z", "2026-11-25T10:00:00+99:00", "2026-11-25 10:00:00Z",
            "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "２026-11-25T10:00:00Z",
        )
    ),
]  # fmt: skip


def test_what_is_missing_or_unknown_is_named(museum: System) -> None:
    """A field that we do not know is a typing error: were it skipped, a visitor's children would not be counted."""
    for body, field in MISSING:
        answer = post(museum, "/uses", json.dumps(body))
        assert problem(answer) == (400, "unreadable_record"), body
        assert answer.json["field"] == field


def test_a_whole_number_may_have_its_point(museum: System, number: str) -> None:
    """As in JSON's schemas, which some programs' libraries write by."""
    raw = f'{{"venue": "museo", "number": "{number}", "children": 1.0, "assistants": 2E0}}'
    assert post(museum, "/checks", raw).json["facts"]["children"] == 1
    for huge in ("1e999", "-1e999", "1e-999", "0.5"):
        told = post(museum, "/checks", raw.replace("1.0", huge))
        assert told.status_code == (200 if huge == "1e-999" else 400)


def test_a_check_has_no_time_and_no_another(museum: System) -> None:
    for more in ({"scanned_at": "2026-11-25T10:00:00Z"}, {"another": True}):
        assert problem(post(museum, "/checks", json.dumps(GOOD | more))) == (400, "unreadable_record")


@pytest.mark.parametrize("shown", ["code", "number"])
def test_any_text_is_answered(museum: System, shown: str) -> None:
    for text in ("", "\ud800", "\x00", "KP1:", "KP1:\ud800", "١٢٣٤", "ÅÄÖ", "e\u0301", "'; --"):
        assert museum.check(**{shown: text}).json["verdict"] == "red", text
        assert problem(museum.record(**{shown: text}))[0] == 422, text


def test_a_key_has_a_shape(museum: System, number: str) -> None:
    for key in (" ", "short", "x" * 37, "under_score", "sp\u00e4cial1", "two words", "a" * 7):
        assert problem(museum.record(number=number, key=key)) == (400, "key_shape"), key
    assert count(Use) == 0


def test_there_is_no_use_without_a_key(museum: System, number: str) -> None:
    assert problem(museum.ask("POST", "/uses", {"venue": "museo", "number": number})) == (400, "key_missing")
    for key in ("12345678", "x" * 36):
        assert museum.record(number=number, key=key, another=True).status_code == 201


def test_an_undo_has_a_reason_of_the_list(museum: System, number: str) -> None:
    """Never free text: it would be about somebody."""
    use = museum.record(number=number).json["id"]
    for reason in ("", "because Aino was ill", 1, None, [], "gate"):
        assert problem(museum.undo(use, reason)) == (400, "unreadable_record"), reason  # type: ignore[arg-type]
    assert problem(museum.ask("POST", f"/uses/{use}/undo", {})) == (400, "unreadable_record")
    assert museum.undo(use, "holder_asked").status_code == 200


def test_only_json_is_taken(museum: System) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert problem(post(museum, "/checks", json.dumps(GOOD), Content_Type=kind)) == (415, "not_json"), kind


def test_a_large_body_is_too_large(museum: System) -> None:
    for size, told in ((bodies.LARGEST - 1, (400, "unreadable_record")), (bodies.LARGEST, (413, "too_large"))):
        raw = json.dumps(GOOD | {"code": ""})
        assert problem(post(museum, "/checks", raw[:-2] + "x" * (size - len(raw)) + raw[-2:])) == told


def test_a_large_body_in_chunks_is_too_large_as_well(museum: System) -> None:
    """A server that reads chunks says no length before."""
    raw = json.dumps(GOOD) + " " * bodies.LARGEST
    with_chunks = {"environ_overrides": {"wsgi.input_terminated": True}}
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    sent = io.BytesIO(raw.encode())
    answer = museum.ask("POST", "/checks", input_stream=sent, headers=headers, **with_chunks)
    assert problem(answer) == (413, "too_large")


# Whatever goes wrong under /api/ is a problem document


def test_addresses_that_are_none(stranger: System, agent: System, app: Flask) -> None:
    for system in (stranger, agent):
        for path in ("", "/", "/nothing", "/checks/", "/uses/x/undo", "/uses/-1/undo", "/problems/nothing", "/%00"):
            assert problem(system.get(path)) == (404, "not_found"), path
    for path in ("/api/", "/api/v2/checks"):
        assert problem(ask(app.test_client(), "GET", path)) == (404, "not_found")
    assert ask(app.test_client(), "GET", "/apix").mimetype == "text/html"


def test_another_method_hears_which_there_are(stranger: System) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE", "TRACE"):
        answer = stranger.ask(method, "/checks")
        assert problem(answer) == (405, "wrong_method")
        assert answer.headers["Allow"] == "OPTIONS, POST"


def test_another_host_is_told_so(stranger: System) -> None:
    assert problem(stranger.get("/venues", base_url="https://example.com")) == (400, "bad_request")


def test_what_breaks_says_no_more_than_that(
    museum: System, number: str, monkeypatch: pytest.MonkeyPatch, people: People
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(number)

    monkeypatch.setattr(api_views.scans, "check", broken)
    answer = museum.check(number=number)
    assert problem(answer) == (500, "broken")
    assert number not in answer.text


def test_answers_are_kept_by_nobody_and_set_no_cookie(museum: System, stranger: System, number: str) -> None:
    answers = [
        museum.check(number=number),
        museum.record(number=number),
        museum.get("/venues?lang=sv"),
        museum.get("/nothing?lang=sv"),
        stranger.get("/venues", headers={"Cookie": "__Host-session=x"}),
        stranger.get("/openapi.json"),
    ]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers, "no page of a browser reads it"
        assert answer.mimetype in ("application/json", "application/problem+json")
    assert V1 in answers[-2].json["type"]
