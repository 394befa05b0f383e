"""Problem documents (RFC 9457): how a system under /api/ hears that something was not done.

The reasons are the register's and the codes' own, the same that a gate's page puts into words. They are stable; the
sentences here are for the people who write such systems, in English, and may change.
"""

from typing import Any

from flask import Response, current_app, json, request

MIMETYPE = "application/problem+json"
UNDER = "/api/"

# reason: (status, title, what to do). A refusal of the register is 422.
_REQUEST: dict[str, tuple[int, str, str]] = {
    "bad_request": (400, "The request can't be read", "Send one JSON object in UTF-8, without NaN or repeated names."),
    "unreadable_record": (400, "A field is missing, unknown or of another type", "`field` says which."),
    "key_missing": (400, "There is no Idempotency-Key", "Make one for each use, and send it again with each retry."),
    "key_shape": (400, "The Idempotency-Key is of another shape", "It has 8 to 36 letters, digits and hyphens."),
    "token_unknown": (401, "There is no such token", "Send `Authorization: Bearer` with a token that was not ended."),
    "not_allowed": (403, "This may not be asked for", "Nobody may."),
    "scope_missing": (403, "The token has not this scope", "`scope` says which. Ask for a token that has it."),
    "not_found": (404, "There is nothing here", "See /api/v1/openapi.json."),
    "venue_not_found": (404, "This venue is not the token's", "GET /api/v1/venues lists those that are."),
    "use_not_found": (404, "This use is not the token's", "A use is undone with the token that recorded it."),
    "wrong_method": (405, "The address takes another method", "The Allow header says which."),
    "too_large": (413, "The request is too large", "No request needs 16 KiB."),
    "not_json": (415, "The request is not JSON", "Send `Content-Type: application/json`."),
    "too_many": (429, "Too many requests", "Wait as many seconds as Retry-After says."),
    "gate_paused": (429, "Typed numbers are paused", "Ten were not found in ten minutes. Codes work all the time."),
    "venue_entries_full": (429, "The venue has its day's typed numbers", "Codes of phones work all the time."),
    "broken": (500, "Something broke at our end", "Send it again with the same Idempotency-Key."),
}
_REFUSED: dict[str, tuple[str, str]] = {
    # of the request
    "key_reused": (
        "The Idempotency-Key was used for another request",
        "The first one stands. Each use has its own key.",
    ),
    "scanned_in_future": ("The scan is from the future", "Put the clock right."),
    "scanned_too_long_ago": ("The scan is over 14 days old", "It can't be recorded any more."),
    "event_not_found": ("This venue has no such event", "GET /api/v1/venues/{id}/events lists those it has."),
    # of the code or the number
    "unreadable": ("The code can't be read", "Read it again. It begins with KP1: and nothing of it is left out."),
    "other_system": ("This is not a Kaikukortti code", "Ask the visitor to open the Kaikukortti card."),
    "unknown_key": ("The code's key is not known here", "The card's number works too."),
    "withdrawn_key": ("The code's key was withdrawn", "Opening the card with a connection renews it."),
    "forged": ("The code is not a valid one", "Ask the visitor to open the card again, or for the card's number."),
    "not_yet_valid": ("The code is not valid yet", "The phone's date may be wrong. The card's number works too."),
    "expired": ("The phone's code has run out", "Opening the card with a connection renews it. The number works too."),
    "old_code": ("The code is an earlier one", "Ask the visitor to open the card again."),
    "early_code": ("The phone's clock is ahead", "Opening the card with a connection puts it right."),
    "withdrawn": ("This phone no longer shows the card", "Opening the card with a connection helps, or its number."),
    "mistyped_number": ("The number is mistyped", "Compare each group of four."),
    "unknown_number": ("The number was not found", "Compare each group of four."),
    # of the card
    "not_registered": ("The card is not in use yet", "The place that gave the card can take it into use."),
    "blocked": ("The card is closed", "The visitor can ask where they got it. A new card is free."),
    "replaced": ("There is a newer card", "Ask for the visitor's new card."),
    "card_expired": ("The card's year has ended", "It can be renewed where the visitor got it."),
    "card_not_yet_valid": ("The card is not valid yet", "`facts.first_day` is its first day."),
    # of the place
    "other_area": ("The card is not valid in this area", "A local trial has cards and places of its own."),
    "venue_period_over": ("The venue's period is over", "The card is not in use here any more."),
    "venue_not_yet_open": ("The venue's period has not begun", "The card is not in use here yet."),
    # of the use
    "used_elsewhere": ("This very code was used elsewhere", "Ask the visitor to open the card again."),
    "already_recorded": (
        "The card has its ticket already",
        "Send `another: true` with a new key to mean one more.",
    ),
    "community_ticket_only": ("A community card gives tickets only", "Courses and seasons take a personal card."),
    "children_on_course": ("A course place is for the holder", "Record it without children."),
    "too_many_children": ("More children than on the card", "`facts.children_allowed` says how many there may be."),
    "ceiling_reached": ("The event has not this many places left", "`facts.left` says how many it has."),
    # of undoing
    "undone_already": ("The use was undone before", "Nothing is left to do."),
    "undo_too_late": ("15 minutes have passed", "The venue can undo it in its own list for 30 days."),
}
REFUSALS = tuple(_REFUSED)
PROBLEMS = _REQUEST | {reason: (422, *words) for reason, words in _REFUSED.items()}
_OF_STATUS = {400: "bad_request", 404: "not_found", 405: "wrong_method", 413: "too_large", 415: "not_json"}
_OF_STATUS |= {403: "not_allowed", 429: "too_many", 500: "broken"}


def asked() -> bool:
    """Whether this request is a system's: what is wrong with it is told as a problem document."""
    return request.path.startswith(UNDER)


def document(reason: str) -> dict[str, Any]:
    """What is the same for every problem of a reason. One that has no words yet is told all the same."""
    status, title, detail = PROBLEMS.get(reason, (422, "It was not done", "The reason says why."))
    about = f"{current_app.config['SETTINGS'].origin}/api/v1/problems/{reason}"
    return {"type": about, "title": title, "status": status, "detail": detail, "reason": reason}


def answer(reason: str, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """A response that tells a problem; `more` are its further members."""
    told = document(reason)
    response = Response(json.dumps(told | more), status=told["status"], mimetype=MIMETYPE)
    response.headers["Content-Language"] = "en"
    response.headers.update(headers or {})
    return response


def of_status(status: int, headers: dict[str, str] | None = None) -> Response:
    """A problem that is known by its status alone."""
    return answer(_OF_STATUS.get(status, "bad_request"), headers=headers)
