"""Limits as people meet them: behind one proxy, two workers and a counter that both share.

If one of these fails, a guesser gets more tries than we say, or a whole Wi-Fi is shut out."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

from tests.deployment.conftest import Site
from tests.visitor import Phone, Visitor, scan, typed

MISSES = 120  # in ten minutes, from one address
WRONG = {"code": "0000-0000-0000", "birth_year": "1986"}


def guess(visitor: Visitor, **headers: str) -> int:
    return visitor.post("/activate", WRONG, **headers).status


def test_a_guesser_is_stopped_and_nobody_else_is(deployed: Site) -> None:
    letter, other_letter = deployed.letters(2)
    guesser = deployed.visitor("127.0.0.10")
    neighbour = deployed.phone(letter, "127.0.0.10")  # the same Wi-Fi, the card already in use
    gate = deployed.gate("127.0.0.10")

    guesser.get("/activate")
    told = [guess(guesser) for _ in range(MISSES + 3)]
    assert told == [200] * MISSES + [429] * 3, "both workers count together, and misses alone"

    stopped = guesser.post("/activate", WRONG)
    assert 'lang="fi"' in stopped.text
    assert stopped.headers["Content-Type"].startswith("text/html")
    script = guesser.send("/passkeys/sign-in", {})
    assert (script.status, script.json) == (429, {"error": "too_many"})

    for made_up in ("203.0.113.9", "203.0.113.9, 203.0.113.10", "127.0.0.1", "::1", "nobody"):
        assert guess(guesser, **{"X-Forwarded-For": made_up}) == 429, "an address that the visitor made up"
    assert guess(guesser, **{"X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}) == 429
    # Were the proxy to append instead of replace, the last address would still be the one it saw.
    direct = Visitor(deployed.live.origin)
    direct.cookies, direct.csrf = dict(guesser.cookies), guesser.csrf
    assert guess(direct, **{"X-Forwarded-For": "203.0.113.9, 127.0.0.10"}) == 429
    direct.close()

    assert neighbour.open_card().status == 200
    answer = gate.send("/gate/uses", {"records": [scan(neighbour.code())]}).json["answers"][0]
    assert (answer["verdict"], answer["recorded"]) == ("green", True)
    deployed.phone(other_letter, "127.0.0.11")

    deployed.live.stop()
    deployed.live.start()
    assert guess(guesser) == 429, "a restart gives no fresh allowance"
    other = deployed.visitor("127.0.0.11")
    other.get("/activate")
    assert guess(other) == 200
    assert neighbour.open_card().status == 200, "a restart signs nobody out"


def test_forty_holders_and_a_gate_on_one_address(deployed: Site) -> None:
    """Forty people take their cards into use in one room while its gate scans them, sixty cards in two minutes."""
    letters, numbers = deployed.letters(40), deployed.numbers(20)
    gate = deployed.gate("127.0.0.20")
    began = time.monotonic()

    def arrive(letter: str) -> Phone:
        phone = deployed.phone(letter, "127.0.0.20")
        phone.open_card()
        return phone

    told, statuses = [], []
    with ThreadPoolExecutor(8) as room:
        for phone in room.map(arrive, letters):
            record = scan(phone.code())
            for path, body in (("/gate/check", {"record": record}), ("/gate/uses", {"records": [record]})):
                reply = gate.send(path, body)
                statuses.append(reply.status)
            told.append(reply.json["answers"][0])
            assert phone.open_card().status == 200
            assert set(phone.statuses) <= {200, 302}
    arrived = time.monotonic()
    for number in numbers:
        reply = gate.send("/gate/uses", {"records": [typed(number)]})
        statuses.append(reply.status)
        told.append(reply.json["answers"][0])
    assert set(statuses) == {200}, "no 403, no 429"
    assert [answer["recorded"] for answer in told] == [True] * 60
    assert arrived - began < 60
    assert time.monotonic() - began < 120


def test_a_counter_that_hangs_stops_nobody(deployed: Site) -> None:
    """Redis is stopped dead in the middle: pages wait for it a moment once, each worker counts for itself, and the
    log says so."""
    before = len(deployed.logged())
    visitor = deployed.visitor("127.0.0.30")
    visitor.get("/activate")
    deployed.redis.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        told = [guess(visitor) for _ in range(12)]
        took = time.monotonic() - began
    finally:
        deployed.redis.send_signal(signal.SIGCONT)
    assert told == [200] * 12
    assert took < 20
    said = [line for line in deployed.logged()[before:] if line["level"] in ("WARNING", "ERROR")]
    assert said
    assert all("storage" in line["event"] for line in said)
