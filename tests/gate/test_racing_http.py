"""One code at once, through the real server with two workers. If this fails, a shared screen lets two people in."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.live import LiveServer
from tests.postgres import PostgresServer
from tests.visitor import Phone, Reply, Visitor, enrol_gate, scan

POSTS = 20


@pytest.fixture(scope="module")
def served(
    database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """gunicorn with two workers over a register of its own."""
    folder = tmp_path_factory.mktemp(f"racing-{database}")
    url = f"sqlite:///{folder}/racing.db"
    if database == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    with LiveServer(url, folder) as live:
        yield live


@pytest.fixture(scope="module")
def links(served: LiveServer) -> dict[str, dict[str, Any]]:
    return served.links()


@pytest.fixture(scope="module")
def gate(served: LiveServer, links: dict[str, dict[str, Any]]) -> Iterator[Visitor]:
    visitor = Visitor(served.origin)
    enrol_gate(visitor, links["gate"]["code"], "Ovi 1")
    yield visitor
    visitor.close()


def code_of(served: LiveServer, link: dict[str, Any]) -> str:
    """The code that this holder's phone shows now. Each test takes another holder: a card has one ticket a day here."""
    phone = Phone(Visitor(served.origin))
    phone.activate(link["code"], link["birth_year"])
    phone.visitor.close()
    return phone.code()


def workers_with_connections(served: LiveServer) -> int:
    """How many workers hold a connection of ours just now, by what the system says of their sockets."""
    assert served.process is not None
    pid = served.process.pid
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    ours = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{served.port:04X}") and row[3] == "01"}

    def holds(worker: str) -> bool:
        for link in Path(f"/proc/{worker}/fd").iterdir():
            with suppress(FileNotFoundError):  # the worker closed that file just now
                if os.readlink(link) in ours:
                    return True
        return False

    return sum(map(holds, workers))


def browsers_of(served: LiveServer, gate: Visitor) -> list[Visitor]:
    """Twenty browsers with the gate's cookies, each with its connection standing, spread over both workers."""
    for _ in range(5):
        browsers = []
        for _ in range(POSTS):
            browser = Visitor(served.origin)
            browser.cookies, browser.csrf = dict(gate.cookies), gate.csrf
            assert browser.get("/now").status == 200
            browsers.append(browser)
        if workers_with_connections(served) == 2:
            return browsers
        for browser in browsers:
            browser.close()
    raise AssertionError("one worker took every connection: that would be no race between processes")


def at_once(served: LiveServer, gate: Visitor, records: list[dict[str, Any]]) -> list[Reply]:
    """Each record in a request and on a connection of its own, all at the same time."""
    browsers = browsers_of(served, gate)
    with ThreadPoolExecutor(len(records)) as pool:
        jobs = zip(browsers, records, strict=True)
        replies = list(pool.map(lambda job: job[0].send("/gate/uses", {"records": [job[1]]}), jobs))
    for browser in browsers:
        browser.close()
    return replies


def test_twenty_posts_of_one_code_are_one_use(
    served: LiveServer, gate: Visitor, links: dict[str, dict[str, Any]]
) -> None:
    """Issue: 20 parallel posts of one code give one use; the others are told of it, in words the page has."""
    code = code_of(served, links["holder"])
    before = gate.send("/gate/uses", {"records": []}).json["today"]["uses"]
    replies = at_once(served, gate, [scan(code) for _ in range(POSTS)])
    assert [reply.status for reply in replies] == [200] * POSTS
    told = Counter((one["verdict"], one["reason"]) for reply in replies for one in reply.json["answers"])
    assert told == {("green", None): 1, ("neutral", "already_recorded"): POSTS - 1}
    assert gate.send("/gate/uses", {"records": []}).json["today"]["uses"] == before + 1


def test_twenty_posts_of_one_scan_hear_one_answer(
    served: LiveServer, gate: Visitor, links: dict[str, dict[str, Any]]
) -> None:
    """A double frame and impatient retries carry one scan_id; each must hear that the visitor may come in."""
    record = scan(code_of(served, links["other-holder"]))
    before = gate.send("/gate/uses", {"records": []}).json["today"]["uses"]
    replies = at_once(served, gate, [record] * POSTS)
    assert [reply.status for reply in replies] == [200] * POSTS
    answers = [reply.json["answers"] for reply in replies]
    assert answers[0][0]["verdict"] == "green"
    assert answers[0][0]["recorded"]
    assert answers == [answers[0]] * POSTS
    assert gate.send("/gate/uses", {"records": []}).json["today"]["uses"] == before + 1
