"""The office: a venue's staff and ticket agents record uses at a desk, by number or late from paper forms, and look
through what was recorded. Each is a gate of the venue in the register (register/gates.py)."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from wallet import scans
from wallet.clock import helsinki_day, now
from wallet.config import Settings
from wallet.gate.office_forms import CODE, MOST_ROWS, ROWS, EntryForm, ListForm, PaperForm, PaperRow, earliest
from wallet.register import conflicts, corrections, gates, rules, uses, venue_uses, venues
from wallet.register.errors import Refused
from wallet.register.identities import AtGate, Staff
from wallet.register.judging import Answer, Attempt
from wallet.register.numbers import normalise, shown
from wallet.signin import guards
from wallet.web.numbers import LARGEST_ID

blueprint = Blueprint("office", __name__, url_prefix="/office")
AHEAD = timedelta(days=400)  # how far ahead a visit may be got
PAGE = 50
EVENTS = 200
SAID = ("undone", "answered", "undone_already", "answered_already", "venue_undo_too_late")


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


@blueprint.get("")
@guards.staff
def choose(staff: Staff) -> Any:
    """The venues that this person records for; straight on where it is one."""
    if not any(role.role in ("venue", "agent") for role in staff.roles):
        abort(403)
    mine = gates.office_venues(staff)
    if len(mine) == 1 and "all" not in request.args:
        return redirect(url_for("office.number", venue=mine[0].venue_id))
    return render_template("office/choose.html", venues=mine, agents=sorted({v.agent_name for v in mine} - {None}))


def _page(template: str, gate: AtGate, page: venues.GatePage, **facts: Any) -> Any:
    return render_template(f"office/{template}.html", gate=gate, page=page, day_of=helsinki_day, **facts)


def _offered(page: venues.GatePage) -> frozenset[str]:
    return frozenset((*(page.offers or (rules.TICKET,)), *(str(event.event_id) for event in page.events)))


def _wanted(what: str, page: venues.GatePage) -> tuple[str, int | None]:
    """The kind and the event of a chosen value."""
    kinds = {str(event.event_id): event.kind for event in page.events}
    return (kinds[what], int(what)) if what in kinds else (what, None)


def _readable(answer: Answer) -> Answer:
    """The answer with its days and moments as such, for a template to write in the reader's language."""
    days = {name: answer.facts.get(name) for name in ("first_day", "last_day", "until")}
    moments = {name: answer.facts.get(name) for name in ("used_at", "elsewhere_at")}
    read = {name: date.fromisoformat(day) for name, day in days.items() if day}
    return replace(answer, facts=answer.facts | read | {n: datetime.fromisoformat(m) for n, m in moments.items() if m})


# By number


@blueprint.route("/<venue>", methods=["GET", "POST"])
@guards.staff
def number(staff: Staff, venue: str) -> Any:
    """A number that is told by telephone, typed from the card or scanned: checked first, with the facts in words."""
    at = now()
    gate = gates.at_office(staff, venue, at=at)
    page = venues.gate_page(gate, at=at, ahead=AHEAD, limit=EVENTS)
    form = EntryForm(_offered(page))
    common: dict[str, Any] = {"form": form}
    if request.args.get("recorded", "").isdecimal():
        common["recorded"] = venue_uses.use_of(gate, min(int(request.args["recorded"]), LARGEST_ID))
    if not form.validate_on_submit():
        return _page("number", gate, page, **common)
    record = _record(form, page, at)
    if request.form.get("act") in ("record", "another"):
        answer = uses.answers_given(gate, [record.scan_id]).get(record.scan_id)
        answer = answer or scans.store(record, _settings(), by=gate, at=at)
        if answer.recorded:
            return redirect(url_for("office.number", venue=venue, recorded=answer.facts["use_id"]))
    else:
        answer = scans.check(record, _settings(), by=gate, at=at)
    # What is asked next is another scan: the register would answer this one as it did.
    fresh = {"scan_id": str(uuid.uuid4()), "scanned_at": record.scanned_at, "kind": record.kind}
    known = shown(normalise(record.number) or "") if record.number else None
    return _page("check", gate, page, answer=_readable(answer), number=known, **fresh, **common)


def _record(form: EntryForm, page: venues.GatePage, at: datetime) -> scans.Record:
    kind, event = _wanted(form.what.data, page)
    code = form.number.data if form.number.data.startswith(CODE) else None
    return scans.Record(
        scans.scan_id_of({"scan_id": form.scan_id.data}) or str(uuid.uuid4()),
        _scanned_at(form, at) if code else at,
        code,
        None if code else form.number.data,
        kind,
        form.children.data,
        form.assistants.data,
        event,
        request.form.get("act") == "another",
    )


def _scanned_at(form: EntryForm, at: datetime) -> datetime:
    """When a code was scanned: its check and its record are of one moment, as at the door."""
    try:
        return datetime.fromisoformat(form.scanned_at.data or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return at


# Paper forms


@blueprint.route("/<venue>/form", methods=["GET", "POST"])
@guards.staff
def paper(staff: Staff, venue: str) -> Any:
    """Visits that were written on paper: what can be recorded is, the rest stays in the form and says why."""
    at = now()
    gate = gates.at_office(staff, venue, at=at)
    page = venues.gate_page(gate, at=at, past=timedelta(days=rules.FORM_DAYS + 1), ahead=AHEAD, limit=EVENTS)
    offered = _offered(page)
    common = {"first_day": earliest(helsinki_day(at)), "today": helsinki_day(at)}
    if request.method == "GET":
        count = request.args.get("recorded", "")
        told: dict[str, Any] = {"recorded": int(count[:3]) if count.isdecimal() else None, "answers": {}}
        return _page("paper", gate, page, form=PaperForm(offered, at, _typed([])), **told, **common)
    form, more = PaperForm(offered, at, request.form), "more" in request.form
    form.validate()
    kept: list[dict[str, str]] = []
    answers: dict[int, Answer] = {}
    recorded = 0
    for row in (entry.form for entry in form.rows):
        answer = None
        if row.number.data and not row.errors and not more:
            answer = _late_entry(row, gate, page, at)
            if answer.recorded:
                recorded += 1
                continue
            answers[len(kept)] = _readable(answer)
        kept.append(_typed_row(row, fresh=answer is not None))
    if not more and not any(row["number"] for row in kept):
        return redirect(url_for("office.paper", venue=venue, recorded=recorded))
    left = PaperForm(offered, at, _typed(kept, more=more))
    if not more:
        left.validate()
    return _page("paper", gate, page, form=left, recorded=recorded or None, answers=answers, **common)


def _late_entry(row: PaperRow, gate: AtGate, page: venues.GatePage, at: datetime) -> Answer:
    scan_id = scans.scan_id_of({"scan_id": row.scan_id.data}) or str(uuid.uuid4())
    found = normalise(row.number.data)
    if found is None:
        return Answer(scan_id, "red", "mistyped_number")
    kind, event = _wanted(row.what.data, page)
    attempt = Attempt(
        scan_id,
        row.moment().astimezone(UTC),
        read_by="form",
        number=found,
        late=True,
        kind=kind,
        children=row.children.data or 0,
        assistants=row.assistants.data or 0,
        event_id=event,
        another=row.another.data,
    )
    return uses.record_use(attempt, by=gate, at=at)


def _typed_row(row: PaperRow, *, fresh: bool) -> dict[str, str]:
    """A row as it was typed; with `fresh` it will be asked as another scan."""
    typed = {field.short_name: "".join(map(str, field.raw_data or [])) for field in row}
    return typed | ({"scan_id": ""} if fresh else {})


def _typed(rows: list[dict[str, str]], *, more: bool = False) -> MultiDict[str, str]:
    """The form's fields for these rows and empty ones after them."""
    wanted = min(max(ROWS, len(rows) + (ROWS if more else 0)), MOST_ROWS)
    fields: MultiDict[str, str] = MultiDict()
    for at in range(wanted):
        given = rows[at] if at < len(rows) else {"what": rows[-1]["what"] if rows else ""}
        for name, value in ({"number": "", "day": "", "hour": ""} | given).items():
            if name != "another" or value:
                fields[f"rows-{at}-{name}"] = value
        fields[f"rows-{at}-scan_id"] = given.get("scan_id") or str(uuid.uuid4())
    return fields


# What was recorded


@blueprint.get("/<venue>/uses")
@guards.staff
def recorded(staff: Staff, venue: str) -> Any:
    """The venue's list, of any days; above it what holders asked to have put right, and what came late and did not
    fit."""
    at = now()
    gate = gates.at_office(staff, venue, at=at)
    form = ListForm(request.args)
    first, last = form.days(helsinki_day(at))
    entered = bool(form.entered.data)
    lines = venue_uses.uses_between(gate, first, last, entered=entered, after=_cursor(), limit=PAGE + 1)
    count, children = venue_uses.counts_between(gate, first, last, entered=entered)
    said = request.args.get("said")
    return _page(
        "uses",
        gate,
        venues.gate_page(gate, at=at, limit=0),
        lines=lines[:PAGE],
        after=f"{lines[PAGE - 1].day}.{lines[PAGE - 1].use_id}" if len(lines) > PAGE else None,
        first=first,
        last=last,
        entered=entered,
        count=count,
        children=children,
        asked=corrections.open_corrections(gate),
        conflicts=conflicts.conflicts(gate) if gate.kind == "office" else [],
        day=helsinki_day(at),
        undoable=at - timedelta(days=rules.VENUE_UNDO_DAYS),
        said=said if said in SAID else None,
    )


def _cursor() -> tuple[date, int] | None:
    """Where the page before ended: `YYYY-MM-DD.id`."""
    day, _, use = request.args.get("after", "").partition(".")
    try:
        found = date.fromisoformat(day), int(use)
    except ValueError:
        return None
    return found if 0 < found[1] <= LARGEST_ID else None


@blueprint.route("/<venue>/uses/<int:use_id>/undo", methods=["GET", "POST"])
@guards.staff
def undo(staff: Staff, venue: str, use_id: int) -> Any:
    """Undo a use, with a reason. The row stays and says so."""
    at = now()
    gate = gates.at_office(staff, venue, at=at)
    line = venue_uses.use_of(gate, use_id)
    reason = request.form.get("reason", "")
    if request.method == "POST" and reason in uses.UNDO_REASONS:
        try:
            uses.undo_at_venue(line.use_id, by=gate, at=at, reason=reason)
        except Refused as refused:
            return _to_list(venue, line.day, refused.reason)
        return _to_list(venue, line.day, "undone")
    page = venues.gate_page(gate, at=at, limit=0)
    return _page("undo", gate, page, line=line, reasons=uses.UNDO_REASONS, missing=request.method == "POST")


@blueprint.post("/<venue>/corrections/<int:correction_id>")
@guards.staff
def answer_correction(staff: Staff, venue: str, correction_id: int) -> Any:
    """The venue's answer to a holder: the use is undone, or stays."""
    at = now()
    gate = gates.at_office(staff, venue, at=at)
    outcome = request.form.get("outcome")
    if outcome not in corrections.OUTCOMES:
        abort(400)
    try:
        corrections.answer(gate, min(correction_id, 2**31 - 1), outcome, at=at)
    except Refused as refused:
        if refused.reason not in SAID:
            raise
        return _to_list(venue, None, refused.reason)
    return _to_list(venue, None, "answered")


def _to_list(venue: str, day: date | None, said: str) -> Any:
    """Back to the list, where the day of the use is on show."""
    return redirect(url_for("office.recorded", venue=venue, said=said, first=day, last=day))
