"""How long a file of ten thousand existing cards takes: to be read and checked, to be brought in, and to be brought in
again with other days. In this process, on each database."""

import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from flask_migrate import upgrade

from tests.postgres import PostgresServer
from wallet import create_app
from wallet.clock import helsinki_day, now
from wallet.codes import Keyring
from wallet.config import FixedKeys, Settings
from wallet.register import accounts, demo, imports, network, signins
from wallet.register.card_files import MOST_ROWS
from wallet.register.database import db
from wallet.register.identities import HeldRole, Staff

NETWORK = Path(__file__).resolve().parent.parent / "wallet" / "sample_network"


def _file(last: date) -> bytes:
    rows = [f"K{n:06};1986;33100;{n % 4};1.1.{last.year - 1};{last:%d.%m.%Y}" for n in range(MOST_ROWS)]
    return "\n".join(["number;birth year;postcode;children;first day;last day", *rows]).encode()


def _desk() -> tuple[Staff, int]:
    at, unit = now(), demo.demo_unit()
    account = accounts.add_account("Desk", "bench@example.org", (HeldRole("desk", unit_id=unit),), by=None, at=at)
    staff = signins.staff(signins.start("staff", at=at, account_id=account), at=at)
    assert staff is not None
    return staff, unit


def _seconds(database_url: str) -> Iterator[tuple[str, float]]:
    settings = Settings(database_url, "s" * 40, "http://localhost", FixedKeys(Keyring()), development=True)
    app = create_app(settings)
    with app.app_context():
        upgrade()
        network.load_network(NETWORK, at=now())
        staff, unit = _desk()
        end = helsinki_day(now()) + timedelta(days=300)
        for name, last in (("new", end), ("other days", end + timedelta(days=1))):
            began = time.perf_counter()
            checked = imports.check_file(staff, unit, _file(last), at=now())
            yield f"check ({name})", time.perf_counter() - began
            assert checked.import_id is not None, checked.faults[:3]
            began = time.perf_counter()
            for _ in imports.carry_out(staff, checked.import_id, at=now()):
                pass
            yield f"bring in ({name})", time.perf_counter() - began
        db.session.remove()
        db.engine.dispose()


def lines() -> Iterator[str]:
    """For reading."""
    with tempfile.TemporaryDirectory(prefix="wallet-bench-") as folder, PostgresServer() as server:
        for name, url in (("SQLite", f"sqlite:///{folder}/bench.db"), ("PostgreSQL", server.new_database())):
            took = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in _seconds(url))
            yield f"  {name:11} {took}"
