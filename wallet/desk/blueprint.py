"""What the desk's modules share: their blueprint, the settings, and whose desk it is."""

from flask import Blueprint, abort, current_app, request

from wallet.config import Settings
from wallet.register.identities import Staff
from wallet.register.numbers import shown

blueprint = Blueprint("desk", __name__, url_prefix="/desk")
blueprint.add_app_template_filter(shown, "in_fours")


def settings() -> Settings:
    """What the service was started with."""
    found: Settings = current_app.config["SETTINGS"]
    return found


def units_of(staff: Staff) -> tuple[int, ...]:
    """The ids of the units whose desk this member of staff is at. Aborts with 403 where there is none."""
    mine = tuple(role.unit_id for role in staff.roles if role.role == "desk" and role.unit_id is not None)
    if not mine:
        abort(403)
    return mine


def asked_unit(staff: Staff) -> int:
    """The unit that the address asks for; the first of this desk's where it asks for none. Aborts with 404 for a unit
    of another desk."""
    mine = units_of(staff)
    asked = request.args.get("unit")
    if asked is None:
        return mine[0]
    found = [unit_id for unit_id in mine if str(unit_id) == asked]
    if not found:
        abort(404)
    return found[0]
