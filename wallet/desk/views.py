"""An issuer's desk: which units it serves. Registering, renewing and printing are to come here."""

from typing import Any

from flask import render_template

from wallet.desk.blueprint import blueprint, units_of
from wallet.register import venues
from wallet.register.identities import Staff
from wallet.signin import guards


@blueprint.get("")
@guards.staff
def home(staff: Staff) -> Any:
    """The units of this desk and how many cards they have given."""
    return render_template("desk/home.html", units=venues.units(units_of(staff)))
