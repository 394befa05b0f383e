"""What the desk's modules share: their blueprint, and whose desk it is."""

from flask import Blueprint, abort

from wallet.register.identities import Staff

blueprint = Blueprint("desk", __name__, url_prefix="/desk")


def units_of(staff: Staff) -> tuple[int, ...]:
    """The ids of the units whose desk this member of staff is at. Aborts with 403 where there is none."""
    mine = tuple(role.unit_id for role in staff.roles if role.role == "desk" and role.unit_id is not None)
    if not mine:
        abort(403)
    return mine
