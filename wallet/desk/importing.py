"""Bringing existing cards in from a file: choose it, see what it would do, say yes, watch it happen.

The yes is answered while it is carried out: a script reads a line of JSON for each step, a page without one grows by a
line of text.
"""

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, redirect, render_template, request, stream_template, stream_with_context, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired

from wallet.clock import now
from wallet.desk.blueprint import asked_unit, blueprint, units_of
from wallet.register import imports, venues
from wallet.register.card_files import MOST_ROWS, Fault
from wallet.register.errors import Refused
from wallet.register.identities import Staff
from wallet.signin import guards

LARGEST_FILE = 2 * 1024 * 1024  # bytes: ten thousand cards with every column take half of it
MOST_FAULTS = 200  # that a page shows
LINES = "application/x-ndjson"


class FileForm(FlaskForm):  # type: ignore[misc]
    """A file of cards."""

    file = FileField(validators=[FileRequired("file_missing")])


@blueprint.url_value_preprocessor
def _room_for_a_file(endpoint: str | None, _values: Any) -> None:
    """Nobody else may send as much as a desk's file. This runs before the form's token is looked for in it."""
    if endpoint == "desk.import_cards":
        request.max_content_length = LARGEST_FILE


@blueprint.route("/import", methods=["GET", "POST"])
@guards.staff
def import_cards(staff: Staff) -> Any:
    """Read a file and say what is wrong with it, or lead to what it would do."""
    unit_id, form, reason = asked_unit(staff), FileForm(), None
    faults: tuple[Fault, ...] = ()
    if form.validate_on_submit():
        try:
            checked = imports.check_file(staff, unit_id, form.file.data.read(), at=now())
        except Refused as refused:
            if refused.reason != "area_ended":
                raise
            reason = refused.reason
        else:
            if checked.import_id is not None:
                return redirect(url_for("desk.import_file", import_id=checked.import_id))
            faults = checked.faults
    return render_template(
        "desk/import.html",
        form=form,
        reason=reason,
        unit_id=unit_id,
        units=venues.units(units_of(staff)),
        faults=faults[:MOST_FAULTS],
        more=len(faults) - MOST_FAULTS,
        most_rows=MOST_ROWS,
    )


@blueprint.get("/import/<int(max=2147483647):import_id>")
@guards.staff
def import_file(staff: Staff, import_id: int) -> Any:
    """What a file would do, and the button that does it; or what it did."""
    units_of(staff)
    found = imports.import_page(staff, import_id, at=now())
    return render_template(
        "desk/import_file.html",
        form=FlaskForm(),
        found=found,
        faults=found.faults[:MOST_FAULTS],
        more=len(found.faults) - MOST_FAULTS,
    )


@blueprint.post("/import/<int(max=2147483647):import_id>")
@guards.staff
def import_run(staff: Staff, import_id: int) -> Any:
    """Carry it out, and tell how far it is on the way. Who goes away before the end has nothing done."""
    units_of(staff)
    found = imports.import_page(staff, import_id, at=now())
    steps = _steps(staff, import_id)
    if request.accept_mimetypes.best == LINES:
        answer = Response(stream_with_context(json.dumps(step) + "\n" for step in steps), mimetype=LINES)
    else:
        answer = Response(stream_template("desk/import_run.html", found=found, steps=steps), mimetype="text/html")
    answer.headers["X-Accel-Buffering"] = "no"  # else nginx would keep the lines until the last
    return answer


def _steps(staff: Staff, import_id: int) -> Iterator[dict[str, Any]]:
    """{"done", "total"} of each step, then how it ended: "carried_out", "done_already", or why nothing was done."""
    ended = "done_already"
    try:
        for done, total in imports.carry_out(staff, import_id, at=now()):
            ended = "carried_out"
            yield {"done": done, "total": total}
    except Refused as refused:
        ended = refused.reason
    yield {"ended": ended}
