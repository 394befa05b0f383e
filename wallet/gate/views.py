"""Checking, recording, undoing, today's list."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf

from wallet import scans
from wallet.clock import helsinki_day, now
from wallet.config import Settings
from wallet.gate import lists
from wallet.register import conflicts, rules, uses, venues
from wallet.register.errors import Refused
from wallet.register.identities import AtGate
from wallet.register.judging import Answer
from wallet.scans import BadRecord
from wallet.signin import guards
from wallet.web import errors
from wallet.web.assets import packed

blueprint = Blueprint("gate", __name__, url_prefix="/gate")
MOST_RECORDS = 200


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


@blueprint.get("")
@guards.gate
def check(gate: AtGate) -> Any:
    """The page that opens to the camera."""
    return render_template("gate/check.html", facts=_facts(gate))


@blueprint.get("/facts")
@guards.gate
def facts(gate: AtGate) -> Any:
    """What the page knows of its gate, for one that was opened without a connection or has been open for long."""
    return jsonify(_facts(gate))


@blueprint.get("/offline")
@guards.public
def offline() -> Any:
    """The shell that a phone keeps: the same page without any gate's facts. Its script fills it from the phone."""
    return packed(make_response(render_template("gate/check.html", facts=None)))


def _facts(gate: AtGate) -> dict[str, Any]:
    at = now()
    settings, page = _settings(), venues.gate_page(gate, at=at)
    count, children = uses.counts_today(gate, helsinki_day(at))
    events = [
        {"id": e.event_id, "name": e.name, "kind": e.kind, "starts_at": e.starts_at.isoformat(), "left": e.left}
        for e in page.events
    ]
    return {
        "venue": gate.venue_id,
        "names": {"fi": page.name_fi, "sv": page.name_sv, "en": page.name_en},
        "gate_name": gate.gate_name,
        "offers": page.offers,
        "at_once": page.record_at_once,
        "community_age": page.community_age,
        "events": events,
        "day": helsinki_day(at).isoformat(),
        "uses": count,
        "children": children,
        "deployment": settings.host,
        "pinned": lists.pinned(settings),
        "csrf": generate_csrf(),
        "now": _milliseconds(),
    }


@blueprint.post("/check")
@guards.gate
def check_one(gate: AtGate) -> Any:
    """The verdict on one scan; nothing is recorded."""
    body = _body()
    if _for_another(gate, body):
        return errors.answer("other_venue", 409)
    try:
        item = body["record"] if isinstance(body, dict) and "record" in body else None
        record = scans.read(item, gate_clock_ahead=_clock_ahead(body))
    except BadRecord as bad:
        return jsonify(answer=_told(_bad(bad)), now=_milliseconds()), 422
    return jsonify(answer=_told(scans.check(record, _settings(), by=gate, at=now())), now=_milliseconds())


@blueprint.post("/uses")
@guards.gate
def record(gate: AtGate) -> Any:
    """Record a list of scans, each answered on its own: `{"sent_at": ISO, "records": [...]}` → `{"answers": [...]}`.

    An offline queue comes the same way as a single tap. A record is done with only when its answer came."""
    body = _body()
    if _for_another(gate, body):
        return errors.answer("other_venue", 409)
    items = body.get("records") if isinstance(body, dict) else None
    if not isinstance(items, list):
        return errors.answer("bad_request", 400)
    if len(items) > MOST_RECORDS:
        return errors.answer("too_large", 413)
    try:
        ahead = _clock_ahead(body)
    except BadRecord:
        return errors.answer("bad_request", 400)
    told = uses.answers_given(gate, [one for one in map(scans.scan_id_of, items) if one])
    answers = [_answer(item, told, gate, ahead) for item in items]
    count, children = uses.counts_today(gate, helsinki_day(now()))
    return jsonify(
        answers=[_told(answer) for answer in answers], now=_milliseconds(), today={"uses": count, "children": children}
    )


def _answer(item: Any, told: dict[str, Answer], gate: AtGate, ahead: timedelta) -> Answer:
    # Rule 1 comes before everything, also before the code is looked at: the key may be withdrawn since.
    scan_id = scans.scan_id_of(item)
    if scan_id in told:
        return told[scan_id]
    try:
        return scans.store(scans.read(item, gate_clock_ahead=ahead), _settings(), by=gate, at=now())
    except BadRecord as bad:
        return _bad(bad)


@blueprint.post("/uses/<int:use_id>/undo")
@guards.gate
def undo(gate: AtGate, use_id: int) -> Any:
    """Undo a use that this gate recorded in the last 15 minutes: from the verdict, or from today's list."""
    script = errors.wants_json()
    try:
        uses.undo_use(use_id, by=gate, at=now(), reason="gate")
    except Refused as refused:
        if script:
            return errors.answer(refused.reason, 422)
        return redirect(url_for("gate.today", said=refused.reason))
    if script:
        count, children = uses.counts_today(gate, helsinki_day(now()))
        return jsonify(undone=use_id, today={"uses": count, "children": children})
    return redirect(url_for("gate.today", said="undone"))


@blueprint.get("/list")
@guards.public
def gate_list() -> Any:
    """The signed list for checking without a connection. Public: it is signed, and an expired session must not keep a
    gate from hearing what was withdrawn."""
    return current_app.response_class(lists.current(_settings(), at=now()), mimetype="application/json")


@blueprint.get("/today")
@guards.gate
def today(gate: AtGate) -> Any:
    """What this gate's venue recorded today."""
    at = now()
    day = helsinki_day(at)
    lines = uses.uses_today(gate, day)
    count, children = uses.counts_today(gate, day)
    found = conflicts.conflicts(gate)
    said = request.args.get("said")
    return render_template(
        "gate/today.html",
        gate=gate,
        day=day,
        lines=lines,
        count=count,
        children=children,
        conflicts=found,
        day_of=helsinki_day,
        undoable=at - timedelta(minutes=rules.UNDO_MINUTES),
        said=said if said in ("undone", "undo_too_late", "undone_already", "use_not_found") else None,
    )


def _body() -> Any:
    """What a script sent. Aborts with 400 where it is not JSON, or is nested without end."""
    try:
        return request.get_json()
    except RecursionError:
        abort(400)


def _for_another(gate: AtGate, body: Any) -> bool:
    """Whether a page that was another venue's gate sent this: its phone was enrolled anew in another tab."""
    return isinstance(body, dict) and body.get("venue") not in (None, gate.venue_id)


def _clock_ahead(body: Any) -> timedelta:
    """How far the gate's clock is ahead of ours, from when it says it sent this. Raises BadRecord."""
    sent = body.get("sent_at") if isinstance(body, dict) else None
    if sent is None:
        return timedelta(0)
    try:
        moment = datetime.fromisoformat(sent)
        if moment.tzinfo is None:
            raise ValueError
        ahead = moment.astimezone(UTC) - now()
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRecord("", "sent_at") from error
    # What the network took is not the clock's fault: a few seconds are left as they are.
    return ahead if abs(ahead) > timedelta(seconds=3) else timedelta(0)


def _bad(bad: BadRecord) -> Answer:
    return Answer(bad.scan_id, "red", "unreadable_record", facts={"field": bad.field})


def _told(answer: Answer) -> dict[str, Any]:
    return asdict(answer)


def _milliseconds() -> int:
    return int(now().timestamp() * 1000)
