"""The whole security policy of the pages, in one place. It begins from nothing; each room adds only what it needs."""

from wsgiref.headers import Headers

from flask import Flask, Response, request

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# The decoder is WebAssembly, and a worker has the policy of its own file.
CSP_GATE = CSP | {"script-src": "'self' 'wasm-unsafe-eval'"}

FEATURES = ("camera", "geolocation", "microphone", "payment", "usb", "screen-wake-lock", "publickey-credentials-get")
FEATURES_OF_ROOM = {
    "gate": ("camera", "screen-wake-lock"),
    "holder": ("screen-wake-lock", "publickey-credentials-get"),
    "signin": ("publickey-credentials-get",),
    "nearby": ("geolocation",),
}
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def policy(directives: dict[str, str]) -> str:
    """The value of a Content-Security-Policy header."""
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def permissions(room: str | None) -> str:
    """The value of a Permissions-Policy header: what this room asks of the phone, and nothing else."""
    own = FEATURES_OF_ROOM.get(room or "", ())
    return ", ".join(f"{name}=({'self' if name in own else ''})" for name in FEATURES)


def static_headers(headers: Headers, _path: str, url: str) -> None:
    """The headers of a file in static/dist, for whitenoise."""
    scanner = url.startswith("/static/scan/")
    for name, value in (_ALWAYS | {"Content-Security-Policy": policy(CSP_GATE if scanner else CSP)}).items():
        headers[name] = value


def init(app: Flask, *, https: bool) -> None:
    """Put the headers on every page."""

    @app.after_request
    def _headers(response: Response) -> Response:
        room = request.blueprint
        response.headers.update(_ALWAYS)
        response.headers["Content-Security-Policy"] = policy(CSP_GATE if room == "gate" else CSP)
        response.headers["Permissions-Policy"] = permissions(room)
        # A person's page is nobody else's, also not the next one's at this browser. Files have their own rule.
        response.headers.setdefault("Cache-Control", "no-store")
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response
