"""Check, record, undo; the asker's venues and their events; the description of it all."""

import uuid
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from wallet import scans
from wallet.api import bodies, openapi
from wallet.api.bodies import BadBody
from wallet.clock import now
from wallet.config import Settings
from wallet.register import tokens, uses
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import ApiCaller
from wallet.register.judging import Answer
from wallet.signin import guards
from wallet.web import problems

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
MOST_EVENTS = 100  # a page
# Not the register's last word on a scan, and after how many seconds to ask again with the same key.
NOT_NOW = {"gate_paused": 600, "venue_entries_full": 3600}
# What a system is told of a card: what the gate's staff see and nothing that may come later by itself.
FACTS = (
    "kind", "birth_year", "first_day", "last_day", "children", "assistants", "children_allowed", "turning_18",
    "community_age", "courses_left", "fee_cents", "fee_cap_cents", "until", "left", "used_at", "venue",
    "elsewhere", "elsewhere_at",
)  # fmt: skip


@blueprint.before_request
def _small() -> None:
    request.max_content_length = bodies.LARGEST


@blueprint.errorhandler(BadBody)
def _bad_body(bad: BadBody) -> Response:
    return problems.answer(bad.reason, field=bad.field) if bad.field else problems.answer(bad.reason)


@blueprint.errorhandler(Refused)
def _refused(refused: Refused) -> Response:
    return problems.answer(refused.reason)


@blueprint.post("/checks")
@guards.api("check")
def check(caller: ApiCaller) -> Any:
    """The verdict on a code or a number; nothing is recorded."""
    at, body = now(), bodies.read(bodies.CHECK_FIELDS)
    venue = bodies.venue_of(body)
    record = bodies.record_of(body, str(uuid.uuid4()), at=at)
    gate = tokens.at_venue(caller, venue, at=at)
    answer = scans.check(record, _settings(), by=gate, at=at)
    if answer.reason in NOT_NOW:
        return _not_now(answer.reason)
    return jsonify(verdict=answer.verdict, reason=answer.reason, notes=answer.notes, facts=_facts(answer))


@blueprint.post("/uses")
@guards.api("record")
def record(caller: ApiCaller) -> Any:
    """Record a use. Its Idempotency-Key is the scan's name: a retry hears the first answer again, whatever has changed
    since, and another request with the same key is refused."""
    at, key, body = now(), bodies.idempotency_key(), bodies.read(bodies.USE_FIELDS)
    venue = bodies.venue_of(body)
    wanted = bodies.record_of(body, key, at=at)
    gate = tokens.at_venue(caller, venue, at=at)
    asked = bodies.printed(body)
    # Before the code is looked at (rule 1): it has become an old one since.
    if {*tokens.asked_before(caller, key).items()} - {(gate.gate_id, asked)}:
        return problems.answer("key_reused")
    told = uses.answers_given(gate, [key]).get(key)
    answer = told or scans.store(wanted, _settings(), by=gate, at=at, asked=asked)
    if answer.reason in NOT_NOW:
        return _not_now(answer.reason)
    if tokens.asked_before(caller, key).get(gate.gate_id, asked) != asked:
        return problems.answer("key_reused")  # the other request came between
    if not answer.recorded:
        return problems.answer(answer.reason or "broken", verdict=answer.verdict, facts=_facts(answer))
    facts = answer.facts
    first = facts["recorded_at"] == at.isoformat()
    return jsonify(
        id=facts["use_id"],
        verdict=answer.verdict,
        notes=answer.notes,
        facts=_facts(answer),
        recorded_at=facts["recorded_at"],
        undo_until=facts["undo_until"],
    ), (201 if first else 200)


@blueprint.post("/uses/<int:use_id>/undo")
@guards.api("undo")
def undo(caller: ApiCaller, use_id: int) -> Any:
    """Undo a use that this token recorded in the last 15 minutes."""
    reason = bodies.undo_reason()
    gate = tokens.at_use(caller, use_id)
    uses.undo_use(use_id, by=gate, at=now(), reason=reason)
    return jsonify(id=use_id, undone=True)


@blueprint.get("/venues")
@guards.api()
def venues(caller: ApiCaller) -> Any:
    """The venues that the token may record for."""
    found = tokens.venues(caller)
    return jsonify(venues=[{"id": one.venue_id, "names": one.names, "offers": one.offers} for one in found])


@blueprint.get("/venues/<venue>/events")
@guards.api()
def events(caller: ApiCaller, venue: str) -> Any:
    """What is on at a venue of the token's, today and later; a page goes on after the last event of the one before."""
    found = tokens.events(caller, venue, at=now(), after=bodies.page_after(), limit=MOST_EVENTS + 1)
    page = found[:MOST_EVENTS]
    return jsonify(
        events=[
            {
                "id": one.event_id,
                "name": one.name,
                "kind": one.kind,
                "starts_at": one.starts_at.isoformat(),
                "ends_at": one.ends_at.isoformat(),
                "left": one.left,
                "fee_cents": one.fee_cents,
            }
            for one in page
        ],
        next=page[-1].event_id if len(found) > MOST_EVENTS else None,
    )


@blueprint.get("/openapi.json")
@guards.public
def description() -> Any:
    """The API in OpenAPI 3.1."""
    return jsonify(openapi.description(_settings().origin))


@blueprint.get("/problems")
@guards.public
def all_problems() -> Any:
    """Every reason there is, with its status and words."""
    return jsonify(problems=[problems.document(reason) for reason in problems.PROBLEMS])


@blueprint.get("/problems/<reason>")
@guards.public
def one_problem(reason: str) -> Any:
    """What a problem's `type` leads to."""
    if reason not in problems.PROBLEMS:
        raise NotFound
    return jsonify(problems.document(reason))


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _facts(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in answer.facts.items() if name in FACTS}


def _not_now(reason: str) -> Response:
    return problems.answer(reason, headers={"Retry-After": str(NOT_NOW[reason])})
