"""My visits: what was recorded with my card, and asking the venue to put one right."""

from typing import Any

from flask import redirect, render_template, request, url_for

from wallet.clock import now
from wallet.holder.blueprint import blueprint
from wallet.holder.forms import CorrectionForm
from wallet.register import corrections
from wallet.register import visits as register
from wallet.register.errors import NotFound, Refused
from wallet.register.identities import Holder
from wallet.signin import guards

A_PAGE = 50


@blueprint.get("/visits")
@guards.holder
def visits(holder: Holder) -> Any:
    """What was recorded with this card, newest first."""
    before = request.args.get("before", "")
    start = int(before) if before.isdecimal() and len(before) < 16 else None
    lines = register.visits(holder, before=start, limit=A_PAGE + 1)
    older = url_for("holder.visits", before=lines[A_PAGE - 1].use_id) if len(lines) > A_PAGE else None
    asked = request.args.get("asked") == "1"
    return render_template("holder/visits.html", visits=lines[:A_PAGE], older=older, asked=asked, at=now())


@blueprint.route("/visits/<int:use_id>/wrong", methods=["GET", "POST"])
@guards.holder
def wrong(holder: Holder, use_id: int) -> Any:
    """What is wrong with this visit; the venue is asked to put it right."""
    visit = register.visit(holder, use_id)
    form = CorrectionForm()
    reason = None
    if form.validate_on_submit():
        try:
            corrections.ask(holder, use_id, form.reason.data, at=now())
        except NotFound:
            raise
        except Refused as refused:
            reason = refused.reason
        else:
            return redirect(url_for("holder.visits", asked=1))
    return render_template("holder/wrong.html", visit=visit, form=form, reason=reason, at=now())
