"""My data: what is kept of me and for how long, taking it along, and deleting my card."""

import json
from typing import Any

from flask import Response, redirect, render_template, url_for
from flask_babel import gettext

from wallet.clock import now
from wallet.holder.blueprint import blueprint
from wallet.holder.forms import DeletionForm
from wallet.register import cards, own_data
from wallet.register.identities import Holder
from wallet.signin import guards


@blueprint.get("/data")
@guards.holder
def data(holder: Holder) -> Any:
    """What is kept and for how long, in plain words."""
    return render_template("holder/data.html", card=cards.card_of(holder, at=now()))


@blueprint.get("/data/kaikukortti.json")
@guards.holder
def data_file(holder: Holder) -> Any:
    """Everything of the card as a file. Its name says nothing of whose it is."""
    kept = own_data.export(holder, at=now())
    sections = {name: {"what": what, "rows": kept[name]} for name, what in _explained().items()}
    text = json.dumps({"made_at": kept["made_at"], **sections}, ensure_ascii=False, indent=2)
    return Response(
        text,
        mimetype="application/json",
        headers={"Content-Disposition": 'attachment; filename="kaikukortti.json"'},
    )


@blueprint.route("/data/delete", methods=["GET", "POST"])
@guards.holder
def delete(holder: Holder) -> Any:
    """Asked once, since it can't be undone. The page that follows wipes the phone."""
    form = DeletionForm()
    if form.validate_on_submit():
        own_data.delete_card(holder, at=now())
        guards.leave("holder", holder)
        return redirect(url_for("signin.signed_out", audience="holder", deleted=1))
    page = cards.card_of(holder, at=now())
    return render_template("holder/delete.html", form=form, card=page, going=own_data.deletion(holder, at=now()))


def _explained() -> dict[str, str]:
    """What each section of the file is, in the reader's language."""
    return {
        "cards": gettext("Your card, and cards that it replaced"),
        "periods": gettext("The days for which your card was given, and where"),
        "child_tickets": gettext("Child tickets on your card. Names that you gave them are on your phone alone."),
        "visits": gettext("What venues recorded with your card, and what the door was shown"),
        "corrections": gettext("What you asked venues to put right, and their answers"),
        "conflicts": gettext("Visits that were read without a connection and did not fit"),
        "years": gettext("Years in which your card was used, for the yearly counts"),
        "keys": gettext("Codes that were made for your card: on a phone, on paper, on these pages"),
        "letters": gettext("Letters with a code for taking your card into use"),
        "passkeys": gettext("Your passkeys: when they were made and used"),
        "sign_ins": gettext("Browsers in which you signed in"),
        "journal": gettext("What was done with your card, and when"),
    }
