"""The mobile Kaikukortti: the holder's card, the venue's gate, the issuer's desk and the register behind them."""

import os
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from wallet import config
from wallet.config import Settings

ROOT = Path(__file__).resolve().parent.parent
# A gate's queue of a long evening is the largest thing that anyone sends.
LARGEST_BODY = 512 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The application: the only place where everything meets. Raises SettingsError where it can't start."""
    from wallet import api, cli, coordinator, desk, gate, holder, signin
    from wallet.register.database import db, prepare
    from wallet.web import assets, components, errors, headers, languages, logs, numbers, pages
    from wallet.web.limits import limiter
    from wallet.web.sessions import Sessions

    settings = settings or config.from_environment(os.environ)
    app = Flask("wallet", template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        TRUSTED_HOSTS=[settings.host],  # a made-up Host must not get into any link
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True},
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        # The name's prefix makes browsers refuse the cookie from any other host or over plain http.
        SESSION_COOKIE_NAME="__Host-session",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # What browsers keep at most; each audience's own length is the register's (register/signins.py).
        PERMANENT_SESSION_LIFETIME=timedelta(days=400),
        # Set when it changes, not with each answer: a slow answer would bring back what it was, and undo a challenge.
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,  # a form left open overnight still works: the token is the session's
        WTF_CSRF_SSL_STRICT=False,  # some browsers send no Referer; the token alone decides
        RATELIMIT_STORAGE_URI=settings.limits_url,
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
        if settings.limits_url.startswith("redis")
        else {},
        TEMPLATES_AUTO_RELOAD=settings.development,
    )
    if settings.proxies:
        # Only as many forwarded addresses are believed as proxies of ours stand in front.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    app.session_interface = Sessions()
    logs.init(app)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    # A token is sent on purpose, with each request; only cookies go along by themselves.
    CSRFProtect(app).exempt(api.blueprint)
    limiter.init_app(app)
    languages.init(app)
    headers.init(app, https=settings.https)
    errors.init(app)
    numbers.init(app)
    assets.init(app, ROOT / "static" / "dist")
    signin.init(app)
    for room in (signin, holder, gate, gate.office, desk, coordinator, api, pages):
        app.register_blueprint(room.blueprint)
    if settings.development:
        app.register_blueprint(components.blueprint)
    signin.guards.require_audiences(app)
    cli.init(app)
    return app
