"""The languages of the pages: Finnish unless the reader chose or their browser asks for another of the three.

The switch keeps the page: each link is the same page with `lang`, which is remembered in a cookie.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from urllib.parse import urlencode

from babel.dates import format_date, format_time
from flask import Flask, Response, g, request, url_for
from flask_babel import Babel, force_locale, get_locale

from wallet.clock import HELSINKI
from wallet.web import problems

LANGUAGES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
COOKIE = "language"
_YEAR = 400 * 24 * 60 * 60


def chosen() -> str:
    """The language of this request."""
    if "language" not in g:
        asked = request.args.get("lang", "")
        kept = request.cookies.get(COOKIE, "")
        if asked in LANGUAGES:
            g.language, g.language_new = asked, asked
        elif kept in LANGUAGES:
            g.language = kept
        else:
            g.language = request.accept_languages.best_match(list(LANGUAGES), default="fi")
    return str(g.language)


def choose(language: str) -> None:
    """Change the language from this request on."""
    g.language = g.language_new = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Words, days and names in another's language than the reader's: a letter is for its holder, not for the desk."""
    before = chosen()
    g.language = language
    try:
        with force_locale(language):
            yield
    finally:
        g.language = before


def links() -> list[dict[str, object]]:
    """This same page in each language. A page that has no address of its own leads to the start."""
    rule = request.url_rule
    has_page = rule is not None and "GET" in (rule.methods or ())
    here = request.endpoint if has_page and request.endpoint else "signin.start"
    address = url_for(here, **(request.view_args or {} if has_page else {}))
    # Not through url_for: it would obey a query of `_scheme` or `endpoint`.
    query = [pair for pair in request.args.items(multi=True) if pair[0] != "lang"]
    return [
        {
            "code": code,
            "lang": code,
            "label": label,
            "href": f"{address}?{urlencode([*query, ('lang', code)])}",
            "current": code == chosen(),
        }
        for code, label in LANGUAGES.items()
    ]


def day(value: date) -> str:
    """A day as readers of this language write it: 5.12.2026."""
    pattern = {"fi": "d.M.yyyy", "sv": "d.M.yyyy"}.get(chosen(), "d MMM yyyy")
    return format_date(value, pattern, locale=get_locale())


def long_day(value: date) -> str:
    """A day in words: 5. joulukuuta 2026."""
    pattern = {"fi": "d. MMMM yyyy", "sv": "'den' d MMMM yyyy"}.get(chosen(), "d MMMM yyyy")
    return format_date(value, pattern, locale=get_locale())


def clock_time(value: datetime) -> str:
    """The hour in Finland: 14.02."""
    pattern = {"fi": "H.mm", "sv": "H.mm"}.get(chosen(), "HH:mm")
    return format_time(value.astimezone(HELSINKI), pattern, locale=get_locale())


def euros(cents: int) -> str:
    """An amount as readers of this language write it: 40 €, 12,50 €."""
    text = f"{cents / 100:.{2 if cents % 100 else 0}f}"
    return f"€{text}" if chosen() == "en" else f"{text.replace('.', ',')}\u00a0€"


def local_name(fi: str, sv: str | None = None, en: str | None = None) -> str:
    """A name in the reader's language where it has one, else in Finnish."""
    return {"sv": sv, "en": en}.get(chosen()) or fi


def init(app: Flask) -> None:
    """Switch the languages on."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = f"{app.root_path}/locales"
    Babel(app, default_locale="fi", locale_selector=chosen)
    app.jinja_env.filters.update(day=day, long_day=long_day, clock=clock_time, euros=euros)
    app.jinja_env.globals.update(local_name=local_name)

    @app.context_processor
    def _values() -> dict[str, object]:
        return {"language": chosen(), "language_links": links()}

    @app.after_request
    def _remember(response: Response) -> Response:
        language = chosen()  # asked for here too: a page that led on at once has said nothing yet
        if "language_new" in g and not problems.asked():  # a system keeps no cookie
            response.set_cookie(COOKIE, g.language_new, max_age=_YEAR, samesite="Lax", secure=True, httponly=True)
        response.headers.setdefault("Content-Language", language)
        response.vary.update(("Accept-Language", "Cookie"))
        return response
