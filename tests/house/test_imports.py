"""Who may import whom (docs, "the house"), as a table. A fault names the line that breaks it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "wallet").rglob("*.py"))
ROOMS = ("holder", "gate", "desk", "coordinator", "signin", "nearby", "api")
RECORDING = ("gate", "api")  # the rooms that record uses: codes and register meet in scans.py for them

# What a page is made with. SQLAlchemy and Flask-SQLAlchemy are not among it: SQL is the register's alone.
PAGES = ("flask", "flask_babel", "flask_login", "flask_wtf", "wtforms", "werkzeug", "markupsafe", "babel")
REGISTER = "wallet.register"
# What of the register a room may not see: its tables and its connection.
NOT_A_ROOMS = (
    "wallet.register.tables",
    "wallet.register.tables_agents",
    "wallet.register.tables_life",
    "wallet.register.tables_offline",
    "wallet.register.tables_signin",
    "wallet.register.tables_staff",
    "wallet.register.database",
)

# Where, what it may import beside the standard library. The first line that fits a file is its own.
TABLE: list[tuple[str, tuple[str, ...] | None]] = [
    ("wallet/__init__.py", None),
    ("wallet/cli.py", None),
    ("wallet/clock.py", ()),
    ("wallet/config.py", ("wallet.codes",)),
    ("wallet/codes/", ("cryptography", "base45", "segno", "wallet.codes")),
    ("wallet/scans.py", ("wallet.codes", "wallet.config", REGISTER)),
    ("wallet/register/rules.py", ()),
    ("wallet/register/errors.py", ()),
    ("wallet/register/", ("sqlalchemy", "flask_sqlalchemy", "wallet.clock", REGISTER)),
    (
        "wallet/web/",
        (*PAGES, "flask_limiter", "whitenoise", "wallet.clock", "wallet.config", REGISTER, "wallet.web",
         "wallet.signin.guards"),
    ),
    ("wallet/signin/guards.py", (*PAGES, "wallet.clock", REGISTER, "wallet.web")),
    (
        "wallet/signin/",
        (*PAGES, "webauthn", "argon2", "wallet.clock", "wallet.config", "wallet.codes", REGISTER, "wallet.web",
         "wallet.signin"),
    ),
    *(
        (
            f"wallet/{room}/",
            (*PAGES, "wallet.clock", "wallet.config", "wallet.codes", REGISTER, "wallet.web", "wallet.signin.guards",
             *(("wallet.scans",) if room in RECORDING else ()), f"wallet.{room}"),
        )
        for room in ROOMS
    ),
]  # fmt: skip


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Each import of a file as (line, the whole dotted name), also those inside functions."""
    package = list(file.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def _within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


def faults(file: Path) -> list[str]:
    """The lines of a file that import what its place in the house may not."""
    shown = file.relative_to(ROOT).as_posix()
    allowed = next(
        names for place, names in TABLE if shown == place or (place.endswith("/") and shown.startswith(place))
    )
    if allowed is None:
        return []
    in_room = shown.startswith(("wallet/web/", "wallet/scans.py", *(f"wallet/{room}/" for room in ROOMS)))
    return [
        f"{shown}:{line}: {name}"
        for line, name in imports(file)
        if name.split(".")[0] not in sys.stdlib_module_names
        and (not _within(name, allowed) or (in_room and _within(name, NOT_A_ROOMS)))
    ]


def test_nobody_imports_what_they_may_not() -> None:
    assert len(FILES) > 40
    assert [fault for file in FILES for fault in faults(file)] == []


@pytest.mark.parametrize(
    ("where", "line", "allowed"),
    [
        ("register/cards.py", "from wallet import codes", False),
        ("register/cards.py", "import flask", False),
        ("register/cards.py", "from flask_sqlalchemy import SQLAlchemy", True),
        ("register/cards.py", "from wallet.gate import lists", False),
        ("register/cards.py", "from wallet import scans", False),
        ("scans.py", "from wallet.codes import verify", True),
        ("scans.py", "import flask", False),
        ("scans.py", "from wallet.register import tables", False),
        ("api/views.py", "from wallet import scans", True),
        ("desk/views.py", "from wallet import scans", False),
        ("register/rules.py", "import sqlalchemy", False),
        ("register/rules.py", "from wallet.clock import now", False),
        ("codes/token.py", "from wallet.register import rules", False),
        ("codes/token.py", "from wallet.clock import now", False),
        ("gate/views.py", "from wallet.codes import verify", True),
        ("gate/views.py", "from wallet.holder import showing", False),
        ("gate/views.py", "from sqlalchemy import select", False),
        ("gate/views.py", "def view():\n    import sqlalchemy.orm", False),
        ("gate/views.py", "from wallet.register.database import db", False),
        ("gate/views.py", "from wallet.register import tables", False),
        ("gate/views.py", "from wallet.signin import guards", True),
        ("gate/views.py", "from wallet.signin import pins", False),
        ("gate/views.py", "from ..holder import views", False),
        ("gate/views.py", "from . import lists", True),
        ("signin/guards.py", "import sqlalchemy", False),
        ("signin/guards.py", "from wallet.codes import verify", False),
        ("web/errors.py", "from wallet.codes import verify", False),
        ("web/errors.py", "from wallet.register.errors import NotFound", True),
        ("config.py", "from wallet.register import rules", False),
        ("nearby/views.py", "import requests", False),
        ("cli.py", "import sqlalchemy", True),
    ],
)
def test_the_table_finds_what_it_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, line: str, allowed: bool
) -> None:
    """The house's own lines, tried on a house of one file."""
    file = tmp_path / "wallet" / where
    file.parent.mkdir(parents=True)
    file.write_text(line, encoding="utf-8")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert (faults(file) == []) is allowed


CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}


def _clock_calls(text: str) -> list[int]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (owner, node.attr) in CLOCKS:
                found.append(node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [node.lineno for alias in node.names if ("time", alias.name) in CLOCKS]
    return sorted(found)


def test_only_the_clock_reads_the_clock() -> None:
    """Who asks what time it is can't be tested at another time."""
    calls = [
        f"{file.relative_to(ROOT)}:{line}" for file in FILES for line in _clock_calls(file.read_text(encoding="utf-8"))
    ]
    assert [call for call in calls if not call.startswith("wallet/clock.py:")] == []
    assert calls, "the clock itself is found"
    assert _clock_calls("import datetime\nx = datetime.datetime.now()\nfrom time import time\n") == [2, 3]


def test_a_module_is_short() -> None:
    """A module over about 400 lines is split by noun."""
    scripts = [file for file in (ROOT / "static" / "js").rglob("*.js") if "dist" not in file.parts]
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in (*FILES, *scripts)
    }
    assert {name: length for name, length in lengths.items() if length > 420} == {}


def test_no_module_is_named_after_nothing() -> None:
    empty = {"utils", "util", "helpers", "common", "services", "managers", "misc"}
    assert [str(file) for file in FILES if file.stem in empty or file.parent.name in empty] == []


def test_every_module_says_what_it_is() -> None:
    """A module opens by saying what it is."""
    silent = [
        str(file.relative_to(ROOT)) for file in FILES if not ast.get_docstring(ast.parse(file.read_text("utf-8")))
    ]
    assert silent == []
