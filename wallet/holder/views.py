"""My card, my children, places. The card page is whole without JavaScript: the server shows the code then.

One shell stands in for all of them without a connection: its script fills it from what the phone keeps.
"""

from typing import Any

from flask import abort, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from wallet.clock import now
from wallet.config import Settings
from wallet.holder import showing
from wallet.holder.blueprint import blueprint
from wallet.register import cards, venues
from wallet.register.errors import Refused
from wallet.register.identities import Holder
from wallet.register.numbers import shown
from wallet.register.venues import Place
from wallet.signin import guards
from wallet.web import errors
from wallet.web.assets import packed
from wallet.web.languages import chosen, day, local_name, long_day

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
        "firstDay": page.first_day.isoformat(),
        "lastDay": page.last_day.isoformat(),
        "unit": page.unit_name,
        "children": [
            {"id": str(child.ticket_id), "year": child.birth_year, "relation": child.relation}
            for child in page.children
        ],
        "refused": page.refused,
        "deployment": _settings().host,
    }
    query: dict[str, Any] = {"with": ticked, "assistants": party[1] or None}
    again = url_for("holder.card", **query)
    others = cards.numbers(guards.other_cards())
    return render_template(
        "holder/card.html",
        card=page,
        number=shown(page.number),
        svg=svg,
        kept=kept,
        party=party,
        ticked=ticked,
        again=again,
        others=others,
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
    if isinstance(body, dict) and body.get("card", holder.card_id) != holder.card_id:
        # Another card of this phone was chosen meanwhile: its credential must not get under this one.
        return errors.answer("other_card", 409)
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


@blueprint.post("/card/switch")
@guards.holder
def switch(_holder: Holder) -> Any:
    """Show another card that this phone is signed in with."""
    card_id = request.form.get("card", "")
    if not (card_id.isdecimal() and len(card_id) < 16 and guards.switch(int(card_id))):
        abort(404)
    return redirect(url_for("holder.card"))


@blueprint.get("/card/offline")
@guards.public
def offline_card() -> Any:
    """The shell that a phone keeps: the holder's pages without anything of anyone. Its script fills it."""
    return packed(make_response(render_template("holder/offline.html")))


@blueprint.get("/children")
@guards.holder
def children(holder: Holder) -> Any:
    """Each child ticket: birth year, relation, until when. Labels are the phone's own."""
    return render_template("holder/children.html", card=cards.card_of(holder, at=now()))


@blueprint.get("/places")
@guards.holder
def places(holder: Holder) -> Any:
    """The network's places in the area of the card, by name."""
    listed = [_place(place) for place in venues.places(holder, at=now())]
    return render_template("holder/places.html", places=listed, card_id=holder.card_id)


@blueprint.get("/places/list")
@guards.holder
def places_list(holder: Holder) -> Any:
    """The same for the phone to keep, with the moment it was true."""
    listed = [_place(place) for place in venues.places(holder, at=now())]
    return packed(jsonify(card=holder.card_id, places=listed, language=chosen(), now=_milliseconds()))


def _place(place: Place) -> dict[str, Any]:
    """A place in the reader's language; what it gives as words of the register, for which pages have sentences."""
    return {
        "name": local_name(place.name_fi, place.name_sv, place.name_en),
        "address": ", ".join(part for part in (place.address, place.city) if part),
        "gives": place.offers,
        "period": _period(place) if place.popup or place.opens or place.closes else "",
    }


def _period(place: Place) -> str:
    return f"{day(place.opens) if place.opens else ''}–{day(place.closes) if place.closes else ''}"


def _milliseconds() -> int:
    return int(now().timestamp() * 1000)
