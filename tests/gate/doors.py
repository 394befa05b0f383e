"""A door for tests: a browser signed in as a gate, and codes as cards show them."""

import re
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient

from wallet.clock import now
from wallet.codes import Claims, mint_paper, mint_server, sign_credential
from wallet.codes.days import number_of_day, step_at
from wallet.codes.token import mint_phone, party_byte
from wallet.config import Settings
from wallet.register import credentials
from wallet.register.identities import AtGate, Holder


class Door:
    """One browser at a door. `who` is None for a browser that is signed in as nobody."""

    def __init__(self, app: Flask, who: AtGate | Holder | None, audience: str = "gate") -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        if who is not None:
            with self.client.session_transaction() as session:
                session[audience] = who.sign_in
        self.csrf = ""

    def ask(self, path: str, **more: Any) -> Any:
        """Any request. In a context of its own: in the test's, `g` would remember who asked before."""
        with self.app.app_context():
            return self.client.open(path, **more)

    def open(self, path: str = "/gate") -> str:
        """Open a page, as people do before anything else."""
        page = self.ask(path)
        assert page.status_code == 200
        self.csrf = re.search(r'name="csrf-token" content="([^"]+)"', page.text)[1]
        return page.text

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """A script's request."""
        if not self.csrf:
            self.open()
        headers = {"Accept": "application/json", "X-CSRFToken": self.csrf}
        return self.ask(path, method="POST", json=body, headers=headers, **more)

    def check(self, record: dict[str, Any], **body: Any) -> dict[str, Any]:
        """The verdict on a scan."""
        response = self.post("/gate/check", {"record": record} | body)
        assert response.status_code == 200, response.text
        return response.json["answer"]

    def record(self, *records: dict[str, Any], **body: Any) -> list[dict[str, Any]]:
        """The answers to records."""
        response = self.post("/gate/uses", {"records": list(records)} | body)
        assert response.status_code == 200, response.text
        return response.json["answers"]

    def undo(self, use_id: int) -> Any:
        return self.post(f"/gate/uses/{use_id}/undo", {})


def scan(code: str | None = None, *, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """A record as the gate's page sends it."""
    shown = {} if code is None else {"code": code}
    moment = (at or now()).isoformat().replace("+00:00", "Z")
    return {"scan_id": str(uuid.uuid4()), "scanned_at": moment, "kind": "ticket"} | shown | more


class Phone:
    """A holder's phone with a key of its own."""

    def __init__(self, holder: Holder, settings: Settings) -> None:
        self.settings = settings
        self.private = ec.derive_private_key(secrets.randbits(250) + 1, ec.SECP256R1())
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        issued = credentials.add_phone_key(holder, point, at=now())
        self.signed = sign_credential(claims(issued), point, settings.keyring.signing("C1"), settings.host)

    def code(self, *, at: datetime | None = None, party: tuple[int, int] = (0, 0), host: str | None = None) -> str:
        """What its screen shows at a moment of its clock."""
        step = step_at(at or now())
        return mint_phone(self.signed, self.private, host or self.settings.host, step, party=party_byte(*party))


def claims(issued: credentials.Issued) -> Claims:
    return Claims(
        credential=issued.credential,
        issued_day=number_of_day(issued.first_day),
        last_day=number_of_day(issued.last_day),
        kind=2 if issued.kind == "community" else 1,
        children=issued.children,
        birth_year=issued.birth_year,
    )


def server_code(holder: Holder, settings: Settings, *, later: timedelta = timedelta(0)) -> str:
    """What the card page without JavaScript shows."""
    issued = credentials.for_server(holder, at=now())
    return mint_server(claims(issued), settings.keyring.signing("C3"), settings.host, step_at(now() + later))


def paper_code(holder: Holder, settings: Settings) -> str:
    """What a printed card shows."""
    issued = credentials.for_server(holder, at=now())
    return mint_paper(claims(issued), settings.keyring.signing("C2"), settings.host)
