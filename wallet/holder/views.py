"""My card, my children, my visits. The card page is whole without JavaScript: the server shows the code then."""

from typing import Any

from flask import Blueprint, current_app, jsonify, render_template, request, url_for
from flask_babel import gettext

from wallet.clock import now
from wallet.config import Settings
from wallet.holder import showing
from wallet.register import cards, uses
from wallet.register.errors import Refused
from wallet.register.identities import Holder
from wallet.register.numbers import shown
from wallet.signin import guards
from wallet.web import errors
from wallet.web.languages import local_name, long_day

blueprint = Blueprint("holder", __name__)
# The address that a home screen opens; the worker keeps its shell under the same room.
REFRESH_SECONDS = 45


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


@blueprint.get("/card")
@guards.holder
def card(holder: Holder) -> Any:
    """The card. The code in the page is the server's (0xC3); a phone that has a key puts its own over it."""
    at = now()
    page = cards.card_of(holder, at=at)
    asked = set(request.args.getlist("with"))
    ticked = [one.ticket_id for one in page.children if one.status != "ended" and str(one.ticket_id) in asked]
    party = (len(ticked), 1 if request.args.get("assistants") == "1" else 0)
    svg = None if page.refused else showing.server_code(holder, _settings(), party=party, at=at)
    kept = {
        "id": page.card_id,
        "number": shown(page.number),
        "area": local_name(page.area_name_fi, page.area_name_sv),
        "until": gettext("to %(day)s", day=long_day(page.last_day)),
        "children": [
            {"id": str(child.ticket_id), "year": child.birth_year} for child in page.children if child.status != "ended"
        ],
        "refused": page.refused,
        "deployment": _settings().host,
    }
    query: dict[str, Any] = {"with": ticked, "assistants": party[1] or None}
    again = url_for("holder.card", **query)
    return render_template(
        "holder/card.html",
        card=page,
        number=shown(page.number),
        svg=svg,
        kept=kept,
        party=party,
        ticked=ticked,
        again=again,
        refresh=REFRESH_SECONDS,
    )


@blueprint.get("/card/key")
@guards.holder
def key_challenge(_holder: Holder) -> Any:
    """A nonce for the proof that the phone kept its key."""
    return jsonify(nonce=showing.new_nonce(), now=_milliseconds())


@blueprint.post("/card/key")
@guards.holder
def key_new(holder: Holder) -> Any:
    """Take a phone's proved key; answer with the credential that the network signed for it."""
    body = request.get_json()
    try:
        issued = showing.prove_key(holder, body, _settings(), at=now())
    except Refused as refused:
        return errors.answer(refused.reason, 422)
    return jsonify(issued | {"now": _milliseconds()})


@blueprint.get("/card/key/<head>")
@guards.holder
def key_state(holder: Holder, head: str) -> Any:
    """What became of the credential that this phone keeps."""
    return jsonify(state=showing.state_of(holder, head, _settings()), now=_milliseconds())


@blueprint.get("/now")
@guards.public
def server_time() -> Any:
    """The server's time in milliseconds, for a phone whose clock is off."""
    return jsonify(now=_milliseconds())


@blueprint.get("/card/offline")
@guards.public
def offline_card() -> Any:
    """The shell that a phone keeps: the card page without anything of anyone. Its script fills it from the phone."""
    return render_template("holder/offline_card.html")


@blueprint.get("/children")
@guards.holder
def children(holder: Holder) -> Any:
    """Each child ticket: birth year, relation, until when. Labels are the phone's own."""
    return render_template("holder/children.html", card=cards.card_of(holder, at=now()))


@blueprint.get("/visits")
@guards.holder
def visits(holder: Holder) -> Any:
    """What was recorded with this card, newest first."""
    before = request.args.get("before", "")
    start = int(before) if before.isdecimal() and len(before) < 16 else None
    lines = uses.visits(holder, before=start, limit=51)
    older = url_for("holder.visits", before=lines[49].use_id) if len(lines) > 50 else None
    return render_template("holder/visits.html", visits=lines[:50], older=older)


def _milliseconds() -> int:
    return int(now().timestamp() * 1000)
