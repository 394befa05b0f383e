"""Guards: every endpoint says whose it is, and nobody else gets in. What says nothing is not served (default deny).

A browser may be signed in as a holder, as a gate and as staff at once, since a summer worker has a card too: the
session keeps a sign-in for each audience, and Flask-Login's current_user is the one this endpoint is for.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import flask_login
from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user

from wallet.clock import now
from wallet.register import signins
from wallet.register.identities import Who
from wallet.web import errors

_FIND: dict[str, Callable[..., Who | None]] = {
    "holder": signins.holder,
    "gate": signins.gate,
    "staff": signins.staff,
}
SIGN_IN_PAGES = {"holder": "signin.sign_in", "gate": "signin.enrol_gate", "staff": "signin.staff_sign_in"}
View = Callable[..., Any]


class SignedIn(UserMixin):  # type: ignore[misc]
    """Who is asking, as Flask-Login knows them."""

    def __init__(self, audience: str, who: Who) -> None:
        self.id = f"{audience}:{who.sign_in}"
        self.audience = audience
        self.who = who


def _for(audience: str) -> Callable[[View], View]:
    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **values: Any) -> Any:
            if not current_user.is_authenticated:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
            return view(current_user.who, *args, **values)

        guarded.audience = audience  # type: ignore[attr-defined]
        return guarded

    return guard


# The view's first argument is who is asking.
holder = _for("holder")
gate = _for("gate")
staff = _for("staff")


def public(view: View) -> View:
    """A page for everyone, spelt out."""
    view.audience = "public"  # type: ignore[attr-defined]
    return view


def audience_of(endpoint: str | None) -> str | None:
    """Whose an endpoint is; None where nobody said."""
    view = current_app.view_functions.get(endpoint or "")
    return getattr(view, "audience", None)


def begin(audience: str, **subject: int) -> None:
    """Sign this browser in for one audience; what it is for others stays."""
    leave(audience)
    session.permanent = True
    session[audience] = signins.start(audience, at=now(), **subject)


def leave(audience: str) -> None:
    """Sign this browser out for one audience."""
    sign_in = session.pop(audience, None)
    if sign_in is not None:
        signins.end(sign_in, at=now())


def find(audience: str) -> Who | None:
    """Who this browser is for an audience, whatever page it asks for."""
    sign_in = session.get(audience)
    return _FIND[audience](sign_in, at=now()) if sign_in else None


def init(app: Flask) -> None:
    """Let Flask-Login find who is asking."""
    # Its own context processor would look in the database for each page, also for the page that says it is away.
    manager = LoginManager(app, add_context_processor=False)
    # A phone goes from Wi-Fi to mobile data, and its browser is updated: neither may sign anyone out.
    manager.session_protection = None
    # We remember nobody by it, but with the usual name a cookie of a parent domain would sign everyone out.
    app.config["REMEMBER_COOKIE_NAME"] = "__Host-none"

    @manager.request_loader  # type: ignore[untyped-decorator]
    def _load(_request: Any) -> SignedIn | None:
        audience = audience_of(request.endpoint)
        who = find(audience) if audience in _FIND else None
        return SignedIn(audience, who) if who is not None and audience is not None else None

    @manager.unauthorized_handler  # type: ignore[untyped-decorator]
    def _unauthorised() -> Any:
        if errors.wants_json():
            return errors.answer("signed_out", 401)
        return redirect(url_for(SIGN_IN_PAGES[audience_of(request.endpoint) or "holder"]))

    @app.before_request
    def _deny() -> Any:
        if request.endpoint is not None and audience_of(request.endpoint) is None:
            return errors.answer("not_allowed", 403)
        g.audience = audience_of(request.endpoint)
        return None

    @app.context_processor
    def _values() -> dict[str, object]:
        return {"audience": g.get("audience"), "signed_in": flask_login.current_user}


def require_audiences(app: Flask) -> None:
    """Refuse to start with an endpoint that nobody gave an audience."""
    silent = [name for name, view in app.view_functions.items() if not hasattr(view, "audience")]
    if silent:
        raise RuntimeError(f"endpoints without an audience: {', '.join(sorted(silent))}")
