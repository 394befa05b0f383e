"""Pages that belong to no one: the manifest and the service worker."""

from pathlib import Path
from typing import Any

from flask import Blueprint, jsonify, send_from_directory, url_for
from flask_babel import gettext as _

from wallet.signin import guards
from wallet.web.assets import asset
from wallet.web.languages import chosen

blueprint = Blueprint("web", __name__)
DIST = Path(__file__).resolve().parents[2] / "static" / "dist"


@blueprint.get("/sw.js")
@guards.public
def service_worker() -> Any:
    """The worker: at the root, since its scope is the site; never cached, since it must be able to change."""
    response = send_from_directory(DIST, "sw.js", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/manifest.webmanifest")
@guards.public
def manifest() -> Any:
    """What a home screen needs to know."""
    sizes = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"))
    icons = [
        {"src": asset(f"icons/{name}"), "sizes": size, "type": "image/png", "purpose": purpose}
        for name, size, purpose in (*sizes, ("icon-maskable-512.png", "512x512", "maskable"))
    ]
    response = jsonify(
        name="Kaikukortti",
        short_name="Kaikukortti",
        description=_("Your card to culture"),
        id="/",
        start_url=url_for("signin.start"),
        scope="/",
        display="standalone",
        lang=chosen(),
        icons=icons,
    )
    response.mimetype = "application/manifest+json"
    return response
