"""People over plain HTTP: a browser of cookies and one kept connection, a holder's phone, a gate's phone."""

import base64
import http.client
import json
import re
import ssl
import uuid
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from wallet.clock import now
from wallet.codes.days import step_at
from wallet.codes.keys import compress
from wallet.codes.token import mint_phone, proof_message, sign

_CSRF = re.compile(r'csrf[-_]token"[^>]*? (?:value|content)="([^"]+)"')


@dataclass(frozen=True)
class Reply:
    """What the server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def location(self) -> str:
        return str(self.headers.get("Location", ""))


class Visitor:
    """A browser without a screen: keeps cookies, the last page's CSRF token and its connection. Follows nothing.

    `source` is the loopback address it comes from; `tls` is what it trusts, where the origin is https."""

    def __init__(self, origin: str, *, source: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(origin)
        port, given = parts.port or 443, {"timeout": 60, "source_address": (source, 0)}
        # The site's name is localhost, and its servers listen on one address of it.
        if tls is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", port, **given)
        else:
            self.connection = http.client.HTTPSConnection("localhost", port, context=tls, **given)
        self.host = parts.netloc
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.held: set[str] = set()  # every cookie's and token's value so far

    def get(self, path: str, **headers: str) -> Reply:
        """Ask for a page."""
        return self.ask("GET", path, None, headers)

    def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> Reply:
        """Send a form, with the last page's CSRF token."""
        body = urlencode((form or {}) | {"csrf_token": self.csrf}).encode()
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"} | headers)

    def send(self, path: str, body: Any) -> Reply:
        """Send JSON, as the pages' scripts do."""
        return self.ask("POST", path, json.dumps(body).encode(), self.script_headers())

    def script_headers(self) -> dict[str, str]:
        """What the pages' scripts say of themselves."""
        return {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": self.csrf}

    def ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Reply:
        """One request. A kept connection that the server closed meanwhile is opened again, as browsers do."""
        sent = {"Host": self.host, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        kept = self.connection.sock is not None
        try:
            reply = self._once(method, path, body, sent | headers)
        except (ConnectionError, http.client.RemoteDisconnected):
            self.connection.close()
            if not kept:
                raise
            reply = self._once(method, path, body, sent | headers)
        for line in reply.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        if found := _CSRF.search(reply.body.decode(errors="replace")):
            self.csrf = found[1]
        self.held |= {*self.cookies.values(), self.csrf}
        return reply

    def _once(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Reply:
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())

    def close(self) -> None:
        self.connection.close()


class Phone:
    """A holder's phone: activates by its letter, makes a key, proves it, and shows codes."""

    def __init__(self, visitor: Visitor, deployment: str = "localhost") -> None:
        self.visitor = visitor
        self.deployment = deployment
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.credential = b""
        self.statuses: list[int] = []

    def activate(self, letter: str, birth_year: int) -> None:
        """The letter, the language, the page of passkeys, the card with its key: each page as a browser asks for it."""
        visitor = self.visitor
        self._seen(visitor.get("/activate"))
        assert self._seen(visitor.post("/activate", {"code": letter, "birth_year": birth_year})).status == 302
        self._seen(visitor.get("/activate/language"))
        self._seen(visitor.post("/activate/language", {"language": "fi"}))
        self._seen(visitor.get("/activate/passkey"))
        self.open_card()
        nonce = self._seen(visitor.get("/card/key", Accept="application/json")).json["nonce"]
        proof = sign(self.private, proof_message(self.deployment, nonce.encode()))
        point = compress(self.private.public_key())
        made = self._seen(visitor.send("/card/key", {"public_key": _base64url(point), "proof": _base64url(proof)}))
        assert made.status == 200, made.text
        self.credential = base64.urlsafe_b64decode(made.json["credential"])

    def open_card(self) -> Reply:
        """The card page."""
        return self._seen(self.visitor.get("/card"))

    def code(self) -> str:
        """The code that the phone shows now."""
        return mint_phone(self.credential, self.private, self.deployment, step_at(now()))

    def _seen(self, reply: Reply) -> Reply:
        self.statuses.append(reply.status)
        return reply


def enrol_gate(visitor: Visitor, code: str, name: str) -> None:
    """Make this browser a gate, on its page."""
    visitor.get("/gate/enrol")
    assert visitor.post("/gate/enrol", {"code": code, "name": name}).status == 302
    assert visitor.get("/gate").status == 200


def scan(code: str) -> dict[str, Any]:
    """A record of a code read now, as the gate's script sends it."""
    return {"scan_id": str(uuid.uuid4()), "scanned_at": now().isoformat(), "code": code}


def typed(number: str) -> dict[str, Any]:
    """A record of a number typed now."""
    return {"scan_id": str(uuid.uuid4()), "scanned_at": now().isoformat(), "number": number}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
