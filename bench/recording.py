"""Codes a second through `POST /gate/uses`: gunicorn with two workers, on each database; each code is a fresh one of a
card of its own, so that each becomes a row. The clients share the machine with the server."""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec

from tests.live import LiveServer
from tests.postgres import PostgresServer
from tests.visitor import Visitor, enrol_gate, scan
from wallet import config, create_app
from wallet.clock import now
from wallet.codes import Claims, Keyring, sign_credential
from wallet.codes.days import number_of_day, step_at
from wallet.codes.keys import compress
from wallet.codes.token import PERSONAL, mint_phone
from wallet.register import cards, credentials, demo, invitations
from wallet.register.database import db
from wallet.register.identities import Holder

CLIENTS = 8
SINGLES = 240  # requests of one record
QUEUES, QUEUE = 24, 20  # requests of twenty


@dataclass(frozen=True)
class Phone:
    """What shows codes: a credential and its key."""

    credential: bytes
    private: ec.EllipticCurvePrivateKey

    def code(self, host: str) -> str:
        return mint_phone(self.credential, self.private, host, step_at(now()))


@dataclass
class Measured:
    """One run: seconds in all, milliseconds of each request, what went wrong."""

    records: int
    seconds: float
    milliseconds: list[float]
    errors: int

    def line(self, name: str) -> str:
        p95 = quantiles(self.milliseconds, n=20)[-1]
        return (
            f"  {name:13} {self.records / self.seconds:6.0f} codes/s   p50 {median(self.milliseconds):5.0f} ms   "
            f"p95 {p95:5.0f} ms   {self.records} codes, {len(self.milliseconds)} requests, errors {self.errors}"
        )


def _phone(unit: int, ring: Keyring, host: str) -> Phone:
    card_id, _ = cards.register_card(unit, by=None, at=now(), birth_year=1986, postcode="33100")
    private = ec.generate_private_key(ec.SECP256R1())
    point = compress(private.public_key())
    issued = credentials.add_phone_key(Holder("", card_id), point, at=now())
    first, last = number_of_day(issued.first_day), number_of_day(issued.last_day)
    claims = Claims(issued.credential, first, last, PERSONAL, issued.children, issued.birth_year)
    return Phone(sign_credential(claims, point, ring.signing("C1"), host), private)


def _prepare(live: LiveServer, count: int) -> tuple[list[Phone], str]:
    """That many holders' phones, and a gate's enrolment code."""
    settings = config.from_environment(live.env)
    app = create_app(settings)
    with app.app_context():
        unit = demo.demo_unit()
        phones = [_phone(unit, settings.keyring, settings.host) for _ in range(count)]
        code = invitations.invite_gate("vapriikki", by=None, at=now())
        db.session.remove()
        db.engine.dispose()
    return phones, code


def _run(live: LiveServer, gate: Visitor, phones: list[Phone], each: int) -> Measured:
    """Post the phones' codes, `each` to a request, from all clients at once."""
    shares = [phones[start::CLIENTS] for start in range(CLIENTS)]

    def client(share: list[Phone]) -> tuple[list[float], int]:
        browser = Visitor(live.origin)
        browser.cookies, browser.csrf = dict(gate.cookies), gate.csrf
        browser.get("/now")
        took, errors = [], 0
        for start in range(0, len(share), each):
            records = [scan(phone.code("localhost")) for phone in share[start : start + each]]
            began = time.perf_counter()
            reply = browser.send("/gate/uses", {"records": records})
            took.append((time.perf_counter() - began) * 1000)
            answers = reply.json["answers"] if reply.status == 200 else []
            errors += len(records) - sum(answer["recorded"] for answer in answers)
        browser.close()
        return took, errors

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(client, shares))
    seconds = time.perf_counter() - began
    return Measured(len(phones), seconds, [ms for took, _ in done for ms in took], sum(errors for _, errors in done))


@contextmanager
def _servers() -> Iterator[dict[str, tuple[str, Path]]]:
    with tempfile.TemporaryDirectory(prefix="wallet-bench-") as folder, PostgresServer() as postgres:
        places = {name: Path(folder) / name for name in ("postgresql", "sqlite")}
        for place in places.values():
            place.mkdir()
        url = postgres.new_database()
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            version = connection.info.server_version
        yield {
            f"PostgreSQL {version // 10000}": (url, places["postgresql"]),
            "SQLite": (f"sqlite:///{places['sqlite']}/bench.db", places["sqlite"]),
        }


def lines() -> Iterator[str]:
    """For reading, each as soon as it is known. Raises RuntimeError where a code was not recorded."""
    with _servers() as servers:
        for name, (url, folder) in servers.items():
            with LiveServer(url, folder, DEVELOPMENT="") as live:
                phones, code = _prepare(live, CLIENTS * 4 + SINGLES + QUEUES * QUEUE)
                gate = Visitor(live.origin)
                enrol_gate(gate, code, "Ovi 1")
                warm, phones = phones[: CLIENTS * 4], phones[CLIENTS * 4 :]
                runs = {
                    "warm-up": _run(live, gate, warm, 1),
                    name: _run(live, gate, phones[:SINGLES], 1),
                    "  20 a time": _run(live, gate, phones[SINGLES:], QUEUE),
                }
                gate.close()
            del runs["warm-up"]
            yield from (run.line(label) for label, run in runs.items())
            if lost := sum(run.errors for run in runs.values()):
                raise RuntimeError(f"{lost} codes were not recorded on {name}:\n{live.log_file.read_text()[-2000:]}")
