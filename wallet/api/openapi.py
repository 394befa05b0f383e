"""The description of the API in OpenAPI 3.1: written by hand, served as it is, and held to what the API does by a test
that makes up requests from it."""

from typing import Any

from wallet import scans
from wallet.api import bodies
from wallet.register.tokens import SCOPES
from wallet.register.uses import UNDO_REASONS
from wallet.web import problems

VERSION = "1.0"
_DAY = {"type": "string", "format": "date"}
_MOMENT = {"type": "string", "format": "date-time"}
_COUNT = {"type": "integer", "minimum": 0}
_INTRO = (
    "Check a card, record its use, undo: for the systems of ticket agents and venues.\n\n"
    "A use is recorded once. Make an `Idempotency-Key` for each use and send the very same body again until an answer "
    "comes: it is the first one, whatever has changed since. A card's holder has no name here; staff compare the birth "
    "year."
)


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    } | more


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _shown(optional: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    """A body that names a card, by its code or by its number."""
    card = {
        "code": {"type": "string", "maxLength": scans.LONGEST_TEXT, "description": "What the QR symbol says: KP1:…"},
        "number": {"type": "string", "maxLength": scans.LONGEST_TEXT, "description": "As it was told or typed."},
        "kind": {"enum": list(scans.KINDS), "default": "ticket", "description": "An event's own kind comes before it."},
        "event": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "description": "The id of an event."},
        "children": {**_COUNT, "maximum": scans.MOST_CHILDREN, "description": "Default: as the code says, or none."},
        "assistants": {**_COUNT, "maximum": scans.MOST_ASSISTANTS},
    }
    venue = {"type": "string", "minLength": 1, "maxLength": bodies.LONGEST_VENUE}
    either = [
        {"required": ["code"], "not": {"required": ["number"]}},
        {"required": ["number"], "not": {"required": ["code"]}},
    ]
    return _object({"venue": venue}, card | optional, oneOf=either, examples=[example])


def _schemas() -> dict[str, Any]:
    notes = {"type": "array", "items": {"type": "string"}, "description": "What staff look at once more."}
    fact_types = {
        "kind": {"enum": ["personal", "community"]},
        "birth_year": _or_null({"type": "integer"}),
        "venue": {"type": "string"},
        "elsewhere": {"type": "string"},
        **dict.fromkeys(("first_day", "last_day", "until"), _or_null({"type": "string"})),
        **dict.fromkeys(("used_at", "elsewhere_at"), _MOMENT),
        **dict.fromkeys(("children", "assistants", "children_allowed", "turning_18", "community_age"), _COUNT),
        **dict.fromkeys(("courses_left", "fee_cents", "fee_cap_cents", "left"), _or_null({"type": "integer"})),
    }
    number = {"venue": "museo", "number": "1234 5678 9012", "kind": "ticket", "children": 2}
    problem = {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "reason": {"enum": list(problems.PROBLEMS), "description": "Stable: what a program goes by."},
    }
    told = {
        "field": {"type": "string"},
        "scope": {"enum": list(SCOPES)},
        "verdict": {"enum": ["neutral", "red"]},
        "facts": _ref("Facts"),
    }
    names = {"fi": {"type": "string"}, **dict.fromkeys(("sv", "en"), _or_null({"type": "string"}))}
    event = {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "kind": {"enum": list(scans.KINDS)},
        "starts_at": _MOMENT,
        "ends_at": _MOMENT,
        "left": _or_null({"type": "integer", "description": "Of the venue's ceiling; null is no ceiling."}),
        "fee_cents": _or_null({"type": "integer"}),
    }
    return {
        "Check": _shown({}, number),
        "Verdict": _object(
            {
                "verdict": {"enum": ["green", "amber", "neutral", "red"]},
                "reason": _or_null({"enum": list(problems.REFUSALS)}),
                "notes": notes,
                "facts": _ref("Facts"),
            }
        ),
        "Use": _shown(
            {
                "scanned_at": {**_MOMENT, "pattern": f"^{bodies.MOMENT.pattern}$", "description": "Default: now."},
                "another": {"type": "boolean", "description": "One more ticket, by someone who means it."},
            },
            number,
        ),
        "Recorded": _object(
            {
                "id": {"type": "integer"},
                "verdict": {"enum": ["green", "amber"]},
                "notes": notes,
                "facts": _ref("Facts"),
                "recorded_at": _MOMENT,
                "undo_until": _MOMENT,
            }
        ),
        "Undo": _object({"reason": {"enum": list(UNDO_REASONS)}}),
        "Undone": _object({"id": {"type": "integer"}, "undone": {"const": True}}),
        "Facts": _object({}, fact_types, description="What the gate's staff see of a card, and no more."),
        "Venue": _object(
            {
                "id": {"type": "string"},
                "names": _object(names),
                "offers": {"type": "array", "items": {"enum": list(scans.KINDS)}},
            }
        ),
        "Event": _object(event),
        "Problem": _object(problem, told, description="RFC 9457."),
    }


def _says(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _wrong(*statuses: int) -> dict[str, Any]:
    """The problems of an operation. Any may be asked too often, and break."""
    return {
        str(status): {"$ref": f"#/components/responses/Problem{status}"}
        for status in sorted({*statuses, 400, 429, 500})
    }


def _sent(schema: str) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _ref(schema)}}}


def _paths() -> dict[str, Any]:
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "The name of this use. It is kept for ever with what was recorded, else for 30 days.",
        "schema": {"type": "string", "pattern": f"^{bodies.KEY.pattern}$"},
        "example": "2f1c9a34-7d0e-4b5a-9c1e-0f6c2d3b4a59",
    }
    use_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}
    venue_id = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    after = {
        "name": "after",
        "in": "query",
        "description": "`next` of the page before.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    }
    venues = _object({"venues": {"type": "array", "items": _ref("Venue")}})
    page = _object({"events": {"type": "array", "items": _ref("Event")}, "next": _or_null({"type": "integer"})})
    return {
        "/checks": {
            "post": {
                "operationId": "check",
                "summary": "The verdict on a card; nothing is recorded",
                "security": [{"token": ["check"]}],
                "requestBody": _sent("Check"),
                "responses": {"200": _says(_ref("Verdict"), "Green, amber (staff look), neutral or red.")}
                | _wrong(401, 403, 404, 413, 415),
            }
        },
        "/uses": {
            "post": {
                "operationId": "record",
                "summary": "Record a use",
                "security": [{"token": ["record"]}],
                "parameters": [key],
                "requestBody": _sent("Use"),
                "responses": {
                    "200": _says(_ref("Recorded"), "It was recorded before, by the same request."),
                    "201": _says(_ref("Recorded"), "Recorded."),
                }
                | _wrong(401, 403, 404, 413, 415, 422),
            }
        },
        "/uses/{id}/undo": {
            "parameters": [use_id],
            "post": {
                "operationId": "undo",
                "summary": "Undo a use that this token recorded in the last 15 minutes",
                "security": [{"token": ["undo"]}],
                "requestBody": _sent("Undo"),
                "responses": {"200": _says(_ref("Undone"), "Undone.")} | _wrong(401, 403, 404, 413, 415, 422),
            },
        },
        "/venues": {
            "get": {
                "operationId": "venues",
                "summary": "The venues that the token may record for",
                "security": [{"token": []}],
                "responses": {"200": _says(venues, "By name.")} | _wrong(401),
            }
        },
        "/venues/{id}/events": {
            "parameters": [venue_id],
            "get": {
                "operationId": "events",
                "summary": "What is on at a venue, today and later",
                "security": [{"token": []}],
                "parameters": [after],
                "responses": {"200": _says(page, "Soonest first, at most 100.")} | _wrong(401, 404),
            },
        },
    }


def description(origin: str) -> dict[str, Any]:
    """The whole document, for the service at `origin`."""
    statuses = {problem[0] for problem in problems.PROBLEMS.values()}
    reasons = {
        status: [reason for reason, problem in problems.PROBLEMS.items() if problem[0] == status] for status in statuses
    }
    responses = {
        f"Problem{status}": {
            "description": "One of: " + ", ".join(reasons[status]),
            "content": {problems.MIMETYPE: {"schema": _ref("Problem")}},
        }
        for status in sorted(statuses)
    }
    responses["Problem429"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    responses["Problem401"]["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kaikukortti", "version": VERSION, "description": _INTRO},
        "servers": [{"url": f"{origin}/api/v1"}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "responses": responses,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": f"Scopes: {', '.join(SCOPES)}."}
            },
        },
    }
