"""The component page: every component in every state. In development only."""

from typing import Any

from flask import Blueprint, render_template

from wallet.signin import guards

blueprint = Blueprint("components", __name__)


@blueprint.get("/components")
@guards.public
def page() -> Any:
    return render_template("components_page.html")
