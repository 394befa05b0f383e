"""The server is killed under load, fifty times at random moments. What a gate saw acknowledged is in the register;
what it did not is still in its queue, or stored once."""

import http.client
import json
import random
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.live import LiveServer
from tests.visitor import Visitor, enrol_gate
from wallet import create_app
from wallet.clock import now
from wallet.codes import Claims, load, mint_server
from wallet.codes.days import number_of_day, step_at, step_start
from wallet.config import from_environment
from wallet.register import cards, credentials, demo, signins
from wallet.register.database import db

KILLS = 50
WHOLE = 5  # every fifth takes the arbiter too, which costs a new start
CARDS = 30
BATCH = 5


@pytest.fixture
def served(database: str, request: pytest.FixtureRequest, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/kill.db"
    if database == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    with LiveServer(url, tmp_path) as live:
        yield live


def codes(live: LiveServer):
    """Real codes without end: each card's, a step apart, backwards in time, as a long evening left them in a queue."""
    app = create_app(from_environment(live.env))
    keyring = load((live.folder / "network_keys.json").read_text())
    with app.app_context():
        unit = demo.demo_unit()
        issued = []
        for _ in range(CARDS):
            card_id, _number = cards.register_card(unit, by=None, at=now(), birth_year=1980, postcode="33100")
            holder = signins.holder(signins.start("holder", at=now(), card_id=card_id), at=now())
            issued.append(credentials.for_server(holder, at=now()))
        db.session.remove()
        db.engine.dispose()
    claims = [
        Claims(one.credential, number_of_day(one.first_day), number_of_day(one.last_day), 1, 0, one.birth_year)
        for one in issued
    ]
    step = step_at(now()) - 20
    while True:
        for one in claims:
            shown = mint_server(one, keyring.signing("C3"), "localhost", step)
            yield {"code": shown, "scanned_at": step_start(step).isoformat(), "another": True}
        step -= 1


class Gate(threading.Thread):
    """A gate's queue: sends what it has, lets go of a record only on the server's answer for that record."""

    def __init__(self, name: str, cookies: dict[str, str], csrf: str, origin: str) -> None:
        super().__init__(name=name)
        self.queue: dict[str, dict] = {}
        self.answered: dict[str, dict] = {}
        self.visitor = Visitor(origin)
        self.visitor.cookies, self.visitor.csrf = cookies, csrf
        self.visitor.connection.timeout = 5
        self.on = True
        self.lock = threading.Lock()

    def run(self) -> None:
        while self.on:
            if not self.send():
                time.sleep(0.02)

    def send(self) -> bool:
        with self.lock:
            batch = list(self.queue.values())[:BATCH]
        try:
            reply = self.visitor.send("/gate/uses", {"records": batch, "sent_at": now().isoformat()})
            answers = reply.json["answers"] if reply.status == 200 else []
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            self.visitor.connection.close()
            return False
        for answer in answers:
            with self.lock:
                self.queue.pop(answer["scan_id"], None)
            self.answered[answer["scan_id"]] = answer
        return bool(answers)


@pytest.mark.usefixtures("_no_environment")
def test_fifty_kills_lose_nothing(served: LiveServer) -> None:
    chance = random.Random(20261125)
    supply = codes(served)
    doors = []
    for number in range(3):
        visitor = Visitor(served.origin)
        enrol_gate(visitor, served.links()["gate"]["code"], f"Ovi {number}")
        doors.append(Gate(f"gate-{number}", dict(visitor.cookies), visitor.csrf, served.origin))
        visitor.close()
    sent = 0

    def refill() -> None:
        nonlocal sent
        for door in doors:
            with door.lock:
                for _ in range(60 - len(door.queue)):
                    scan_id = f"scan-{sent:06}"
                    door.queue[scan_id] = next(supply) | {"scan_id": scan_id}
                    sent += 1

    refill()
    for door in doors:
        door.start()
    try:
        for kill in range(KILLS):
            refill()
            time.sleep(chance.uniform(0.05, 0.5))
            if kill % WHOLE:
                served.kill_workers()  # whoever holds a request dies; the next are there in a blink
            else:
                served.kill()
                served.start()
    finally:
        for door in doors:
            door.on = False
        for door in doors:
            door.join()
    acknowledged = {scan_id for door in doors for scan_id in door.answered}
    engine = create_engine(served.env["DATABASE_URL"])
    with engine.connect() as connection:
        stored = [row[0] for row in connection.execute(text("SELECT scan_id FROM scans WHERE use_id IS NOT NULL"))]
        uses = connection.execute(text("SELECT count(*) FROM uses")).scalar()
    assert len(acknowledged) > 2 * KILLS, "the load was no load"
    assert acknowledged <= set(stored), "acknowledged, and not in the register"
    waiting = {scan_id for door in doors for scan_id in door.queue}
    assert set(stored) <= acknowledged | waiting, "in the register, and nobody asked for it"
    assert len(waiting | acknowledged) == sent, "a record is in no queue and was never answered"
    assert len(stored) == len(set(stored)) == uses

    # The connection is back: the rest goes in, each once.
    late = time.monotonic() + 60
    for door in doors:
        while door.queue:
            assert door.send() or time.monotonic() < late, "the queue does not empty"
        door.visitor.close()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM uses")).scalar() == sent
        assert connection.execute(text("SELECT count(DISTINCT scan_id) FROM scans")).scalar() == sent
    engine.dispose()
    assert all(answer["recorded"] for door in doors for answer in door.answered.values())
