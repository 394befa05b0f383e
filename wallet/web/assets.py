"""The built files of static/dist: the name a template uses, and the hashed name that is served."""

import gzip
import hashlib
import json
from pathlib import Path

from flask import Flask, Response, current_app, request
from whitenoise import WhiteNoise

from wallet.web.headers import static_headers


def asset(name: str) -> str:
    """The address of a built file, by its name in the manifest."""
    return f"/static/{current_app.extensions['assets'][name]}"


def packed(response: Response) -> Response:
    """A response in fewer bytes, where the asker can read them. Only for what is the same for everyone: the length of
    a packed page with a secret in it would tell of the secret."""
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        response.set_data(gzip.compress(response.get_data(), mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def init(app: Flask, dist: Path) -> None:
    """Serve the build, for ever cacheable, and give templates `asset(name)`."""
    manifest_file = dist / "manifest.json"
    if not manifest_file.exists():
        raise RuntimeError(f"{manifest_file} is missing: build the front end with `npm run build`")
    manifest: dict[str, str] = json.loads(manifest_file.read_text(encoding="utf-8"))

    app.extensions["assets"] = manifest
    app.extensions["version"] = _version(app, dist)
    app.jinja_env.globals.update(asset=asset, version=app.extensions["version"])
    served = WhiteNoise(
        app.wsgi_app,
        immutable_file_test=lambda _path, url: "-" in url.rsplit("/", 1)[-1],
        add_headers_function=static_headers,
    )
    served.add_files(dist, prefix="static/")
    app.wsgi_app = served  # type: ignore[method-assign]


def _version(app: Flask, dist: Path) -> str:
    """What tells one release from another to the phones that keep pages of it: the build, the templates, the texts."""
    files = [dist / "manifest.json", dist / "sw.js"]
    files += sorted(Path(app.root_path).parent.joinpath("templates").rglob("*.html"))
    files += sorted(Path(app.root_path).glob("locales/*/LC_MESSAGES/*.mo"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
