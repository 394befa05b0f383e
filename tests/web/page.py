"""The page object that every page test goes through: a browser of one person, which checks each page it is shown.

A page is valid HTML with one h1 and a title that begins with it; its ids are unique and what points at one finds it;
each control has a name; nothing is inline; it is in the reader's language with no marker left over; its headers close
what the room does not need; and it asked the register a bounded number of questions.
"""

import contextvars
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from wallet.register.database import db
from wallet.register.identities import AtGate, Holder, Staff
from wallet.web.limits import limiter

MOST_QUERIES = 12
TOLERATED: frozenset[str] = frozenset()  # parse errors that are right all the same: none so far
POINTERS = ("for", "form", "list", "aria-describedby", "aria-labelledby", "aria-controls", "aria-errormessage")
WORDS_IN = ("alt", "title", "placeholder", "aria-label")
NO_BLOCKS_IN = {"p", "span", "button", "label", "strong", "h1", "h2", "h3", "h4"}
BLOCKS = {"div", "p", "ul", "ol", "dl", "form", "section", "article", "fieldset", "table", "h1", "h2", "h3", "h4"}
INLINE = {"a", "b", "em", "i", "s", "small", "span", "strong"}
AUDIENCES = {Holder: "holder", AtGate: "gate", Staff: "staff"}


class Page:
    """One person's browser. `status`, `path`, `address` and `text` are of the page it shows."""

    def __init__(self, app: Flask, who: Holder | AtGate | Staff | None = None, *, language: str = "en") -> None:
        self.app = app
        self.language = language
        self.headers = {"Accept-Language": language}
        self.client = app.test_client()
        self.origin = app.config["SETTINGS"].origin
        self.engine = db.engine
        self.response: TestResponse
        self.root: Element
        limiter.reset()  # it comes from an address that has not missed yet
        if who is not None:
            self.sign_in(who)

    # Going somewhere

    def sign_in(self, who: Holder | AtGate | Staff) -> "Page":
        """This browser holds this person's sign-in; what it holds for other audiences stays."""

        def write() -> None:
            with self.client.session_transaction(base_url=self.origin) as session:
                session[AUDIENCES[type(who)]] = who.sign_in
                session.permanent = True

        contextvars.Context().run(write)
        return self

    def request(self, path: str, *, method: str = "GET", **options: Any) -> TestResponse:
        """Ask as a browser would, nothing followed and nothing checked."""
        options.setdefault("base_url", self.origin)
        options["headers"] = self.headers | options.get("headers", {})
        # A request of its own has an application context of its own; a test's would lend it its `g`.
        response: TestResponse = contextvars.Context().run(self.client.open, path, method=method, **options)
        return response

    def open(self, path: str, *, status: int = 200, queries: int = MOST_QUERIES, **headers: str) -> "Page":
        """Go to an address, along redirects, and check the page that comes."""
        asked = re.search(r"[?&]lang=(fi|sv|en)\b", path)
        self.language = asked[1] if asked else self.language
        return self._arrive(path, status, queries, headers=headers)

    def submit(
        self,
        fields: Mapping[str, Any] | None = None,
        *,
        button: str | None = None,
        status: int = 200,
        queries: int = 2 * MOST_QUERIES,
        without: tuple[str, ...] = (),
    ) -> "Page":
        """Fill in and send the form that has these fields (by label or by name), or this button.

        Hidden fields and the CSRF token come along, but for those named in `without`."""
        given = {self._name(field): value for field, value in (fields or {}).items()}
        form = self._form(set(given), button)
        values = {name: value for name, value in self._values(form, button).items() if name not in without}
        target = urljoin(self.address, form.get("action") or self.address)
        if form.get("method", "get").lower() == "get":
            return self._arrive(target.split("?")[0], status, queries, query_string=values | given)
        return self._arrive(target, status, queries, method="POST", data=values | given)

    def follow(self, text: str, *, status: int = 200) -> "Page":
        """Go where the link with this text leads."""
        return self.open(urljoin(self.address, self.link(text)), status=status)

    def send(self, path: str, body: Any = None, *, token: bool = True, **options: Any) -> TestResponse:
        """Send JSON as a page's script does, with the token of the page it stands on."""
        headers = {"Accept": "application/json"} | ({"X-CSRFToken": self.token} if token else {})
        given = {"data": json.dumps(body), "content_type": "application/json", "headers": headers}
        return self.request(path, method="POST", **(given | options))

    def ask(self, path: str) -> Any:
        """Ask for JSON as a page's script does."""
        return self.request(path, headers={"Accept": "application/json"}).json

    # What is on the page

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def address(self) -> str:
        parts = urlsplit(self.response.request.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def path(self) -> str:
        return urlsplit(self.response.request.url).path

    @property
    def heading(self) -> str:
        return words(self.all("h1")[0])

    @property
    def text(self) -> str:
        """What can be read on the page, templates left out."""
        return words(self.all("body")[0])

    @property
    def token(self) -> str:
        """The page's CSRF token, from where its scripts or its form have it."""
        for meta in self.all("meta"):
            if meta.get("name") == "csrf-token":
                return meta.get("content", "")
        return next((field.get("value", "") for field in self.all("input") if field.get("name") == "csrf_token"), "")

    def all(self, tag: str, root: Element | None = None) -> list[Element]:
        """The elements with this tag, templates left out."""
        return [one for one in living(self.root if root is None else root) if one.tag == tag]

    def by_id(self, id: str) -> Element:
        """The element with this id."""
        return next(one for one in living(self.root) if one.get("id") == id)

    def link(self, text: str) -> str:
        """Where the link with this text leads."""
        return next(one.get("href", "") for one in self.all("a") if text in words(one))

    def links(self) -> list[str]:
        """Where the page leads."""
        return [one.get("href", "") for one in self.all("a")]

    def value(self, field: str) -> str | None:
        """What stands in a field, by its label or name."""
        return self._control(field).get("value")

    def error(self, field: str) -> str | None:
        """The error that is tied to a field, by its label or name: marked invalid and described by it."""
        control = self._control(field)
        said = [words(self.by_id(id)) for id in control.get("aria-describedby", "").split() if id.endswith("-error")]
        assert bool(said) == (control.get("aria-invalid") == "true"), f"{field} is not marked as what it says"
        if said:
            summary = self.by_id("errors")
            assert any(one.get("href") == f"#{control.get('id')}" for one in self.all("a", summary)), "no summary"
        return said[0] if said else None

    def refusal(self) -> str | None:
        """The sentence with which the whole form was refused."""
        return next((words(one) for one in living(self.root) if one.get("id") == "refused"), None)

    # Inside

    def _arrive(self, path: str, status: int, queries: int, **options: Any) -> "Page":
        with counted(self.engine) as asked:
            self.response = self.request(path, **options)
            for _ in range(5):
                if self.response.status_code not in (301, 302, 303, 307, 308):
                    break
                target = self.response.headers["Location"]
                assert re.match(r"/[^/\\]", target + "x"), f"{path} leads off the site: {target}"
                # 307 and 308: the same request again, form and all, at another address.
                again = options if self.response.status_code in (307, 308) else {}
                self.response = self.request(urljoin(path, target), **again)
        assert self.response.status_code == status, f"{path}: {self.response.status_code}"
        self._check()
        assert len(asked) <= queries, f"{path} asked {len(asked)} times:\n" + "\n".join(asked)
        return self

    def _name(self, field: str) -> str:
        return self._control(field).get("name") or field

    def _control(self, field: str) -> Element:
        labels = {label.get("for"): words(label) for label in self.all("label")}
        for control in (one for tag in ("input", "select", "textarea") for one in self.all(tag)):
            if field in (control.get("name"), labels.get(control.get("id"))):
                return control
        raise AssertionError(f"no field {field} at {self.address}")

    def _form(self, names: set[str], button: str | None) -> Element:
        for form in self.all("form"):
            fields = {control.get("name") for tag in ("input", "select", "textarea") for control in self.all(tag, form)}
            labels = [words(one) for one in self.all("button", form)]
            if names <= fields and (button in labels if button else bool(names) or len(self.all("form")) == 1):
                return form
        raise AssertionError(f"no form with {names or button} at {self.address}")

    def _values(self, form: Element, button: str | None) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field in self.all("input", form):
            kind, name = field.get("type", "text"), field.get("name")
            if name and (kind not in ("checkbox", "radio") or "checked" in field.attrib):
                values[name] = field.get("value", "on" if kind == "checkbox" else "")
        for one in self.all("button", form):
            if button and words(one) == button and one.get("name"):
                values[one.get("name", "")] = one.get("value", "")
        return values

    def _check(self) -> None:
        response, text = self.response, self.response.get_data(as_text=True)
        assert response.mimetype == "text/html"
        headers = response.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        room = headers["Permissions-Policy"]
        assert ("camera=(self)" in room) == (f"{self.path}/".startswith("/gate/") and self.path != "/gate/enrol"), room
        assert "microphone=()" in room

        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        self.root = parser.parse(text)
        lines = text.splitlines()
        wrong = [
            f"{error} {facts} in line {row}: {lines[row - 1][:200]}"
            for (row, _column), error, facts in parser.errors
            if error not in TOLERATED
        ]
        wrong += faults(self.root)
        assert not wrong, f"{self.address}:\n" + "\n".join(wrong)
        assert self.root.get("lang") == self.language
        assert headers["Content-Language"] == self.language


def counted(engine: Any) -> Any:
    """A block in which each statement sent to the database is written down."""
    asked: list[str] = []

    class Counting:
        def write(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            if not statement.startswith(("BEGIN", "SAVEPOINT")):
                asked.append(statement)

        def __enter__(self) -> list[str]:
            event.listen(engine, "before_cursor_execute", self.write)
            return asked

        def __exit__(self, *_what: object) -> None:
            event.remove(engine, "before_cursor_execute", self.write)

    return Counting()


def living(root: Element) -> Iterator[Element]:
    """Each element of a tree that is on the page: not what a template keeps for later."""
    if isinstance(root.tag, str):  # a comment has none
        yield root
        if root.tag != "template":
            for child in root:
                yield from living(child)


def words(element: Element) -> str:
    """The text of an element, as it is read."""

    def parts(one: Element) -> Iterator[str]:
        if isinstance(one.tag, str) and one.tag not in ("script", "style", "template"):
            yield one.text or ""
            for child in one:
                apart = "" if child.tag in INLINE else " "
                yield from (apart, *parts(child), apart)
                yield child.tail or ""

    return " ".join("".join(parts(element)).split())


def faults(root: Element) -> Iterator[str]:
    """What is wrong on a page, each as a sentence."""
    page = list(living(root))
    named = {one: [child for child in page if child.tag == one] for one in ("h1", "title", "label", "body")}
    parents = {child: one for one in page for child in one}

    if len(named["h1"]) != 1:
        yield f"{len(named['h1'])} h1"
    elif not words(named["title"][0]).startswith(words(named["h1"][0])):
        yield f"the title {words(named['title'][0])} does not begin with {words(named['h1'][0])}"

    ids = Counter(one.get("id") for one in page if one.get("id") is not None)
    yield from (f"id {id} {count} times" for id, count in ids.items() if count > 1 or not id)
    for one in page:
        for name in POINTERS:
            yield from (f"{name} points at no #{id}" for id in one.get(name, "").split() if id not in ids)
        target = one.get("href", "") if one.tag == "a" else ""
        if target.startswith("#") and target[1:] not in ids:
            yield f"href points at no {target}"

    labels = {label.get("for") for label in named["label"] if words(label)}
    for one in page:
        if one.tag in ("input", "select", "textarea") and one.get("type") != "hidden":
            inside = any(above.tag == "label" and words(above) for above in ancestors(one, parents))
            if not (inside or one.get("id") in labels or one.get("aria-label") or one.get("aria-labelledby")):
                yield f"{one.get('name') or one.get('id')} has no label"
        if one.tag in ("a", "button", "summary") and not (words(one) or one.get("aria-label")):
            yield f"{one.tag} {one.get('href') or one.get('class')} has no name"
        if one.tag == "img" and one.get("alt") is None:
            yield f"{one.get('src')} has no alt"
        if one.tag in BLOCKS:
            yield from (f"{one.tag} in {a.tag}" for a in ancestors(one, parents) if a.tag in NO_BLOCKS_IN)

    for one in root.iter():  # also in templates
        if not isinstance(one.tag, str):
            continue
        if one.tag == "style" or (one.tag == "script" and not one.get("src")):
            yield f"inline {one.tag}"
        yield from (f"{name} on {one.tag}" for name in one.attrib if name == "style" or name.startswith("on"))
        yield from (f"javascript: in {name}" for name, value in one.attrib.items() if value.startswith("javascript:"))

    read = [words(named["body"][0]), words(named["title"][0])]
    read += [one.get(name, "") for one in page for name in WORDS_IN]
    for text in read:
        yield from (f"left over: {mark}" for mark in re.findall(r".{0,30}(?:%\(|%s|[{}]|\bNone\b).{0,30}", text))
        yield from (f"a reason, not words: {id}" for id in re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", text))


def ancestors(element: Element, parents: Mapping[Element, Element]) -> Iterator[Element]:
    """The elements around an element, from the inside out."""
    while element in parents:
        element = parents[element]
        yield element
