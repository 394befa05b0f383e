"""The built files of static/dist: the name a template uses, and the hashed name that is served."""

import json
from pathlib import Path

from flask import Flask, current_app
from whitenoise import WhiteNoise

from wallet.web.headers import static_headers


def asset(name: str) -> str:
    """The address of a built file, by its name in the manifest."""
    return f"/static/{current_app.extensions['assets'][name]}"


def init(app: Flask, dist: Path) -> None:
    """Serve the build, for ever cacheable, and give templates `asset(name)`."""
    manifest_file = dist / "manifest.json"
    if not manifest_file.exists():
        raise RuntimeError(f"{manifest_file} is missing: build the front end with `npm run build`")
    manifest: dict[str, str] = json.loads(manifest_file.read_text(encoding="utf-8"))

    app.extensions["assets"] = manifest
    app.jinja_env.globals["asset"] = asset
    served = WhiteNoise(
        app.wsgi_app,
        immutable_file_test=lambda _path, url: "-" in url.rsplit("/", 1)[-1],
        add_headers_function=static_headers,
    )
    served.add_files(dist, prefix="static/")
    app.wsgi_app = served  # type: ignore[method-assign]
