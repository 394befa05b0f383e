"""An area's view and the whole country's."""

from typing import Any

from flask import Blueprint, abort, render_template

from wallet.register import venues
from wallet.register.identities import Staff
from wallet.signin import guards

blueprint = Blueprint("coordinator", __name__, url_prefix="/coordinator")


@blueprint.get("")
@guards.staff
def home(staff: Staff) -> Any:
    """The areas that this person coordinates; the support service sees every one."""
    country = any(role.role == "support" for role in staff.roles)
    mine = {role.area_id for role in staff.roles if role.role == "coordinator"}
    if not country and not mine:
        abort(403)
    areas = [area for area in venues.areas() if country or area.area_id in mine]
    return render_template("coordinator/home.html", areas=areas, country=country)
