"""Guards: every endpoint says whose it is, and nobody else gets in. What says nothing is not served (default deny).

A browser may be signed in as a holder, as a gate and as staff at once, since a summer worker has a card too: the
session keeps a sign-in for each audience, and Flask-Login's current_user is the one this endpoint is for. A phone that
two people share holds the sign-ins of both their cards: `holder` is the one that is shown, `holders` are the others.
A system of the JSON API has no session: it shows its token with each request.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import flask_login
from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user

from wallet.clock import now
from wallet.register import signins, tokens
from wallet.register.identities import Holder, Who
from wallet.web import errors, limits, problems

_FIND: dict[str, Callable[..., Who | None]] = {
    "holder": signins.holder,
    "gate": signins.gate,
    "staff": signins.staff,
}
SIGN_IN_PAGES = {"holder": "signin.sign_in", "gate": "signin.enrol_gate", "staff": "signin.staff_sign_in"}
MOST_CARDS = 4  # on one phone
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


def api(scope: str | None = None) -> Callable[[View], View]:
    """For a system with a token that has `scope`, or with any. Without a session, so without cookies and CSRF."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **values: Any) -> Any:
            shown = request.authorization
            text = shown.token if shown is not None and shown.type == "bearer" else None
            caller = tokens.for_token(text or "", at=now())
            if caller is None:
                limits.of_wrong_token()
                error = ', error="invalid_token"' if text else ""  # RFC 6750: a request without any hears no error
                return problems.answer("token_unknown", headers={"WWW-Authenticate": f'Bearer realm="api"{error}'})
            g.token_id = caller.token_id
            limits.of_token()
            if scope is not None and scope not in caller.scopes:
                asks = f'Bearer realm="api", error="insufficient_scope", scope="{scope}"'
                return problems.answer("scope_missing", scope=scope, headers={"WWW-Authenticate": asks})
            return view(caller, *args, **values)

        guarded.audience = "api"  # type: ignore[attr-defined]
        return guarded

    return guard


def public(view: View) -> View:
    """A page for everyone, spelt out."""
    view.audience = "public"  # type: ignore[attr-defined]
    return view


def audience_of(endpoint: str | None) -> str | None:
    """Whose an endpoint is; None where nobody said."""
    view = current_app.view_functions.get(endpoint or "")
    return getattr(view, "audience", None)


def begin(audience: str, **subject: int) -> None:
    """Sign this browser in for one audience; what it is for others stays. A holder's other cards stay too."""
    if audience == "holder":
        _put_aside(subject["card_id"], end=True)
        session["left"] = [card_id for card_id in left() if card_id != subject["card_id"]]
    else:
        leave(audience)
    session.permanent = True
    session[audience] = signins.start(audience, at=now(), **subject)


def leave(audience: str, who: Who | None = None) -> None:
    """Sign this browser out for one audience. Of a holder's cards it is the one that is shown; another takes its
    place, and the phone hears which card it must remove, also when it asks again. `who` is given where the register
    no longer knows the sign-in: its card was deleted."""
    who = who or find(audience)
    sign_in = session.pop(audience, None)
    if sign_in is not None:
        signins.end(sign_in, at=now())
    if isinstance(who, Holder):
        session["left"] = [*left(), who.card_id][-MOST_CARDS:]
        _show_next()


def left() -> list[int]:
    """The cards that this browser signed out of: what its phone keeps of them must go."""
    return list(session.get("left", []))


def other_cards() -> list[Holder]:
    """The other cards that this browser is signed in with, the last shown first."""
    return signins.holders(session.get("holders", []), at=now())


def switch(card_id: int) -> bool:
    """Show another of this browser's cards. False where it is not signed in with that card."""
    for who in other_cards():
        if who.card_id == card_id:
            _put_aside(card_id, end=False)
            session["holder"] = who.sign_in
            return True
    return False


def _put_aside(card_id: int, *, end: bool) -> None:
    """The card that is shown waits among the others, so that `card_id` can take its place. The oldest of more than
    MOST_CARDS is signed out; so is, with `end`, what this browser already had of that card."""
    shown = find("holder")
    waiting = [*([shown] if isinstance(shown, Holder) else []), *other_cards()]
    staying = [who for who in waiting if who.card_id != card_id]
    leaving = [who for who in waiting if who.card_id == card_id and end] + staying[MOST_CARDS - 1 :]
    for who in leaving:
        signins.end(who.sign_in, at=now())
    session["holders"] = [who.sign_in for who in staying[: MOST_CARDS - 1]]


def _show_next() -> bool:
    """Show the next of this browser's cards, if there is one."""
    others = other_cards()
    session["holders"] = [who.sign_in for who in others[1:]]
    if others:
        session["holder"] = others[0].sign_in
    return bool(others)


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
        # The card that was shown is signed out, perhaps from elsewhere; another on this phone is not.
        if audience_of(request.endpoint) == "holder" and request.method == "GET" and _show_next():
            return redirect(url_for("holder.card"))
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
