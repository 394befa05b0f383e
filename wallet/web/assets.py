"""The built files of static/dist: the name a template uses, and the hashed name that is served."""

import json
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

from wallet.web.headers import static_headers


def init(app: Flask, dist: Path) -> None:
    """Serve the build, for ever cacheable, and give templates `asset(name)`."""
    manifest_file = dist / "manifest.json"
    if not manifest_file.exists():
        raise RuntimeError(f"{manifest_file} is missing: build the front end with `npm run build`")
    manifest: dict[str, str] = json.loads(manifest_file.read_text(encoding="utf-8"))

    def asset(name: str) -> str:
        return f"/static/{manifest[name]}"

    app.jinja_env.globals["asset"] = asset
    served = WhiteNoise(
        app.wsgi_app,
        immutable_file_test=lambda _path, url: "-" in url.rsplit("/", 1)[-1],
        add_headers_function=static_headers,
    )
    served.add_files(dist, prefix="static/")
    app.wsgi_app = served  # type: ignore[method-assign]
