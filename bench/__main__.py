"""Measure, and say what was measured on what. Takes under two minutes; stops what it started."""

import os
import platform
import sqlite3
import time
from collections.abc import Iterable
from importlib.metadata import version

from bench import importing, opening, recording, verifying
from wallet.register.card_files import MOST_ROWS


def _machine() -> str:
    cores, load = os.cpu_count(), os.getloadavg()[0]
    return f"{cores} cores ({platform.machine()}), load {load:.1f} before the start, Linux {platform.release()}"


def _versions() -> str:
    named = [f"{name} {version(name)}" for name in ("cryptography", "gunicorn", "flask", "sqlalchemy", "psycopg")]
    return ", ".join([f"Python {platform.python_version()}", *named, f"SQLite {sqlite3.sqlite_version}"])


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def main() -> None:
    """Everything, in order."""
    began = time.monotonic()
    _say([f"Measured on {_machine()}.", _versions(), ""])
    _say(["A full check of one code in Python:", *verifying.lines(), ""])
    _say(
        [
            f"Codes through POST /gate/uses, gunicorn with 2 workers, {recording.CLIENTS} clients that keep their",
            "connections (on the same cores); each code new, of a card of its own, and recorded:",
        ]
    )
    _say(recording.lines())
    _say(["", f"A file of {MOST_ROWS} existing cards:"])
    _say(importing.lines())
    _say([""])
    _say(opening.lines())
    _say(["", f"{time.monotonic() - began:.0f} s in all."])


if __name__ == "__main__":
    main()
