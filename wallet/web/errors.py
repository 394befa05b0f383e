"""When something goes wrong: a worded page for people, a stable reason for scripts, a problem document for systems.
Never a bare 500."""

from typing import Any

from flask import Flask, jsonify, render_template, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge, SecurityError

from wallet.register.errors import NotFound
from wallet.web import problems

REASONS = {
    400: "bad_request",
    401: "signed_out",
    403: "not_allowed",
    404: "not_found",
    405: "bad_request",
    413: "too_large",
    415: "bad_request",
    429: "too_many",
}
READ_ON = 4 * 1024 * 1024  # bytes; nginx lets no more through


def wants_json() -> bool:
    """Whether a script asked, and not a person's browser."""
    return request.is_json or request.accept_mimetypes.best == "application/json"


def answer(reason: str, status: int) -> Any:
    """An error as this asker can read it."""
    if problems.asked():
        return problems.answer(reason)
    if wants_json():
        return jsonify(error=reason), status
    return render_template("error.html", reason=reason, status=status), status


def init(app: Flask) -> None:
    """Give every error its page."""

    @app.errorhandler(CSRFError)
    def _csrf(_error: CSRFError) -> Any:
        return answer("page_too_old", 400)

    @app.errorhandler(NotFound)
    def _not_found(error: NotFound) -> Any:
        return answer(error.reason if problems.asked() else "not_found", 404)

    @app.errorhandler(SecurityError)
    def _foreign_host(_error: SecurityError) -> Any:
        if problems.asked():
            return problems.answer("bad_request")
        # Not a page: under another's name there is no address that a page of ours could link to.
        return jsonify(error="bad_request"), 400

    @app.errorhandler(RequestEntityTooLarge)
    def _too_large(_error: RequestEntityTooLarge) -> Any:
        # Who is cut off in the middle of sending hears no answer: nginx makes a 502 of it.
        left = READ_ON
        while left > 0 and (part := request.environ["wsgi.input"].read(min(left, 65536))):
            left -= len(part)
        return answer("too_large", 413)

    @app.errorhandler(RecursionError)
    def _too_deep(_error: RecursionError) -> Any:
        # JSON of a hundred thousand brackets is what raises it (tried); nothing of ours goes deep.
        return answer("bad_request", 400)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Any:
        if isinstance(error, InternalServerError) or error.code is None:
            return answer("broken", 500)
        if error.code < 400:
            return error
        if problems.asked():
            return problems.of_status(error.code, _headers(error))
        return answer(REASONS.get(error.code, "bad_request"), error.code)


def _headers(error: HTTPException) -> dict[str, str]:
    """What a system can do about an error: which methods there are, how many seconds to wait at most."""
    if isinstance(error, RateLimitExceeded) and error.limit is not None:
        return {"Retry-After": str(error.limit.limit.get_expiry())}
    allowed = getattr(error, "valid_methods", None)
    return {"Allow": ", ".join(sorted(allowed))} if allowed else {}
