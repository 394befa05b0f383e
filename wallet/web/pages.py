"""Pages that belong to no one: the manifests and the service worker."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, url_for
from flask_babel import gettext as _

from wallet.signin import guards
from wallet.web.assets import asset, packed
from wallet.web.languages import chosen

blueprint = Blueprint("web", __name__)
DIST = Path(__file__).resolve().parents[2] / "static" / "dist"
ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable-192.png", "192x192", "maskable"),
    ("icon-maskable-512.png", "512x512", "maskable"),
)


@blueprint.get("/sw.js")
@guards.public
def service_worker() -> Any:
    """The worker: at the root, since its scope is the site; never cached, since it must be able to change. It differs
    with every release, by the version in its first line."""
    version = f'self.VERSION="{current_app.extensions["version"]}";\n'
    response = Response(version + (DIST / "sw.js").read_text(encoding="utf-8"), mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return packed(response)


def _manifest(start: str, **fields: Any) -> Response:
    icons = [
        {"src": asset(f"icons/{name}"), "sizes": size, "type": "image/png", "purpose": purpose}
        for name, size, purpose in ICONS
    ]
    # Never a start page that leads on by itself: an icon may be opened without a connection.
    given = {"id": start, "start_url": f"{start}?from=icon", "display": "standalone", "lang": chosen(), "dir": "ltr"}
    response = jsonify(given | {"icons": icons} | fields)
    response.mimetype = "application/manifest+json"
    return response


def _shortcut(name: str, endpoint: str) -> dict[str, Any]:
    icon = {"src": asset("icons/icon-192.png"), "sizes": "192x192", "type": "image/png"}
    return {"name": name, "url": url_for(endpoint), "icons": [icon]}


@blueprint.get("/manifest.webmanifest")
@guards.public
def manifest() -> Any:
    """What a holder's home screen needs to know."""
    return _manifest(
        url_for("holder.card"),
        name="Kaikukortti",
        short_name="Kaikukortti",
        description=_("Your card to culture"),
        scope="/",
        theme_color="#26327a",
        background_color="#26327a",
        categories=["lifestyle"],
        shortcuts=[
            _shortcut(_("My children"), "holder.children"),
            _shortcut(_("My visits"), "holder.visits"),
        ],
    )


@blueprint.get("/gate/manifest.webmanifest")
@guards.public
def gate_manifest() -> Any:
    """What a gate's home screen needs to know. A phone may have both: each has its own id and its own pages."""
    return _manifest(
        url_for("gate.check"),
        name=f"Kaikukortti: {_('Gate')}",
        short_name=_("Gate"),
        description=_("Check a card"),
        scope=url_for("gate.check"),
        theme_color="#0d0f22",
        background_color="#0d0f22",
        categories=["business"],
        shortcuts=[_shortcut(_("Recorded today"), "gate.today")],
    )
