"""The product as it is deployed: nginx with TLS, gunicorn with two workers, PostgreSQL, Redis; all of this run's own,
on loopback, ended by process id. nginx runs docs/nginx.conf.example itself."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from tests.live import LiveServer
from tests.postgres import PostgresServer, free_port
from tests.visitor import Phone, Visitor, enrol_gate
from wallet import config, create_app
from wallet.clock import now
from wallet.register import cards, demo, invitations
from wallet.register.database import db

ROOT = Path(__file__).resolve().parents[2]
BIRTH_YEAR = 1986
Process = subprocess.Popen[bytes]


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise RuntimeError(
            f"{name} is not installed: tests/system-packages.sh installs it where it is root, or says how"
        )
    return found


def _certificate(folder: Path) -> None:
    """A throw-away certificate for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made)
        .not_valid_after(made + timedelta(days=2))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "privkey.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def site(folder: Path, *, port: int, plain_port: int, upstream: int) -> str:
    """docs/nginx.conf.example for this machine. Every replacement must find its place, or the example has changed."""
    text = (ROOT / "docs" / "nginx.conf.example").read_text(encoding="utf-8")
    for old, new in (
        ("return 301 https://kortti.example.org", f"return 301 https://localhost:{port}"),
        ("/etc/letsencrypt/live/kortti.example.org", str(folder)),
        ("server_name kortti.example.org;", "server_name localhost;"),
        ("error_log /var/log/nginx/error.log ", f"error_log {folder}/nginx.log "),
        ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("proxy_pass http://127.0.0.1:8000;", f"proxy_pass http://127.0.0.1:{upstream};"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def running(command: list[str], port: int) -> Iterator[Process]:
    """A server of our own, from when it listens until the end of the `with`."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


class Site:
    """The deployed site: `origin` is what people open."""

    def __init__(self, live: LiveServer, origin: str, plain_port: int, tls: ssl.SSLContext, redis: Process) -> None:
        self.live = live
        self.origin = origin
        self.plain_origin = f"http://localhost:{plain_port}"
        self.tls = tls
        self.redis = redis
        self.visitors: list[Visitor] = []
        self.secrets = {"KP1:"}  # what no log may hold

    def visitor(self, source: str = "127.0.0.1") -> Visitor:
        """Someone at a loopback address of their own."""
        visitor = Visitor(self.origin, source=source, tls=self.tls)
        self.visitors.append(visitor)
        return visitor

    def phone(self, letter: str, source: str = "127.0.0.1") -> Phone:
        """A holder's phone with the card taken into use."""
        phone = Phone(self.visitor(source))
        phone.activate(letter, BIRTH_YEAR)
        return phone

    @contextmanager
    def register(self) -> Iterator[Flask]:
        """The register behind the site, for setting up what a desk would."""
        app = create_app(config.from_environment({**self.live.env, "LIMITS_URL": "memory://"}))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()

    @contextmanager
    def _postgres(self) -> Iterator[tuple[psycopg.Connection, str]]:
        """PostgreSQL itself beside the site, and the name of the site's database."""
        url, _, name = self.live.env["DATABASE_URL"].replace("+psycopg", "").rpartition("/")
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            yield connection, name

    def cut_connections(self) -> int:
        """End every connection to the site's database; returns how many there were, when they are gone."""
        with self._postgres() as (connection, name):
            query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
            cut = {pid for (pid,) in connection.execute(query, [name])}
            for pid in cut:
                connection.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
            return len(cut)

    @contextmanager
    def no_database(self) -> Iterator[None]:
        """While this lasts, nobody gets a connection to the site's database."""
        with self._postgres() as (connection, name):
            connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            try:
                self.cut_connections()
                yield
            finally:
                connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")

    def letters(self, count: int) -> list[str]:
        """That many new cards' activation letters."""
        with self.register():
            made = [invitations.invite_holder(card_id, by=None, at=now()) for card_id, _ in self._cards(count)]
        self.secrets |= set(made)
        return made

    def numbers(self, count: int) -> list[str]:
        """That many new cards' numbers."""
        with self.register():
            return [number for _, number in self._cards(count)]

    def _cards(self, count: int) -> list[tuple[int, str]]:
        given = {"by": None, "at": now(), "birth_year": BIRTH_YEAR, "postcode": "33100"}
        made = [cards.register_card(demo.demo_unit(), **given) for _ in range(count)]
        self.secrets |= {number for _, number in made}
        return made

    def gate(self, source: str = "127.0.0.1", venue: str = "vapriikki") -> Visitor:
        """A phone that is a gate."""
        visitor = self.visitor(source)
        enrol_gate(visitor, self.gate_code(venue), "Ovi 1")
        return visitor

    def gate_code(self, venue: str = "vapriikki") -> str:
        """A new gate's enrolment code."""
        with self.register():
            code = invitations.invite_gate(venue, by=None, at=now())
        self.secrets.add(code)
        return code

    def logged(self) -> list[dict[str, Any]]:
        """What the service's log says, checked: each line is JSON, and neither log holds a secret or an address."""
        self.forget_visitors()
        text = self.live.log_file.read_text(encoding="utf-8")
        proxy = (self.live.folder / "nginx.log").read_text(encoding="utf-8")
        for secret in self.secrets:
            for spelling in {secret, secret.upper(), *_grouped(secret)}:
                assert spelling not in text, f"a secret of {len(secret)} signs is in the log"
                assert spelling not in proxy, f"a secret of {len(secret)} signs is in nginx's log"
        assert "127.0.0." not in text
        return [json.loads(line) for line in text.splitlines()]

    def forget_visitors(self) -> None:
        """Close their connections; what they held stays secret."""
        for visitor in self.visitors:
            visitor.close()
            self.secrets |= {held for held in visitor.held if len(held) > 8}
        self.visitors.clear()


def _grouped(secret: str) -> set[str]:
    """A number or an invitation code as people see it, in fours."""
    if len(secret) != 12:
        return set()
    fours = [secret[start : start + 4] for start in range(0, 12, 4)]
    return {" ".join(fours), "-".join(fours)}


@pytest.fixture(scope="session")
def site_of_run(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Started once; tests take addresses of their own, since limits count by address."""
    folder = tmp_path_factory.mktemp("deployment")
    _certificate(folder)
    port, plain_port, redis_port = free_port(), free_port(), free_port()
    origin = f"https://localhost:{port}"
    tls = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    redis = [_program("redis-server"), "--bind", "127.0.0.1", "--port", str(redis_port), "--dir", str(folder)]
    settings = {
        "ORIGIN": origin,
        "PROXIES": "1",
        "LIMITS_URL": f"redis://127.0.0.1:{redis_port}",
        "DEVELOPMENT": "",
    }
    with (
        running([*redis, "--save", "", "--appendonly", "no"], redis_port) as redis_process,
        LiveServer(postgres.new_database(), folder, **settings) as live,
    ):
        temporary = "\n".join(
            f"    {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "site.conf").write_text(
            site(folder, port=port, plain_port=plain_port, upstream=live.port), encoding="utf-8"
        )
        (folder / "nginx.conf").write_text(
            f"pid {folder}/nginx.pid;\nerror_log {folder}/nginx.log crit;\ndaemon off;\nworker_processes 2;\n"
            + ("user root;\n" if os.geteuid() == 0 else "")
            + f"events {{}}\nhttp {{\n{temporary}\n    include {folder}/site.conf;\n}}\n",
            encoding="utf-8",
        )
        nginx = [_program("nginx"), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/nginx.log"]
        with running(nginx, port):
            made = Site(live, origin, plain_port, tls, redis_process)
            yield made
            made.logged()


@pytest.fixture
def deployed(site_of_run: Site) -> Iterator[Site]:
    """The site, and nobody's connection left open afterwards."""
    yield site_of_run
    site_of_run.forget_visitors()
