"""An issuer's desk: which units it serves. Registering, renewing and printing are to come here."""

from typing import Any

from flask import Blueprint, abort, render_template

from wallet.register import venues
from wallet.register.identities import Staff
from wallet.signin import guards

blueprint = Blueprint("desk", __name__, url_prefix="/desk")


@blueprint.get("")
@guards.staff
def home(staff: Staff) -> Any:
    """The units of this desk and how many cards they have given."""
    mine = tuple(role.unit_id for role in staff.roles if role.role == "desk" and role.unit_id is not None)
    if not mine:
        abort(403)
    return render_template("desk/home.html", units=venues.units(mine))
