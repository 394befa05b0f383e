"""The holder's room: one blueprint, to which each of its modules adds pages."""

from flask import Blueprint

blueprint = Blueprint("holder", __name__)
