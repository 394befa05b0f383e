"""The commands, as an operator types them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]


def wallet(tmp_path: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)} | env
    return subprocess.run(
        [BIN / "wallet", *arguments], env=given, capture_output=True, text=True, check=False, cwd=ROOT
    )


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A new deployment's settings, its register migrated."""
    keys = tmp_path / "keys.json"
    assert wallet(tmp_path, "keys", "new", "--file", str(keys)).returncode == 0
    made = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/wallet.db",
        "SECRET_KEY": "x" * 32,
        "ORIGIN": "http://localhost:8000",
        "NETWORK_KEYS_FILE": str(keys),
        "DEVELOPMENT": "1",
    }
    assert wallet(tmp_path, "db", "upgrade", **made).returncode == 0
    return made


def test_nothing_set_is_said_plainly(tmp_path: Path) -> None:
    done = wallet(tmp_path, "load-network", ".")
    assert done.returncode == 2
    assert "DATABASE_URL (or DATABASE_URL_FILE) is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_network_is_loaded_and_demo_links_are_fresh(tmp_path: Path, env: dict[str, str]) -> None:
    for _ in range(2):
        done = wallet(tmp_path, "load-network", "wallet/sample_network", **env)
        assert done.stdout == "6 areas, 42 venues, 29 issuers are in the register.\n"
    first, second = (json.loads(wallet(tmp_path, "demo-links", "--json", **env).stdout) for _ in range(2))
    who = ["holder", "other-holder", "gate", "popup-gate", "desk", "office", "agent", "coordinator", "support"]
    assert [link["key"] for link in first] == who
    assert {link["url"] for link in first}.isdisjoint(link["url"] for link in second)
    assert all(link["url"].startswith("http://localhost:8000/") for link in first)
    told = wallet(tmp_path, "demo-links", **env).stdout
    assert all(link["who"] in told for link in first)


def test_faults_of_a_network_are_told_by_file_and_row(tmp_path: Path, env: dict[str, str]) -> None:
    folder = tmp_path / "network"
    folder.mkdir()
    for name in ("areas", "venues", "issuers"):
        text = (ROOT / f"wallet/sample_network/{name}.csv").read_text(encoding="utf-8")
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    with (folder / "issuers.csv").open("a", encoding="utf-8") as file:
        file.write("uusi,Uusi,city,atlantis,,\n")
    done = wallet(tmp_path, "load-network", str(folder), **env)
    assert done.returncode == 1
    assert "issuers.csv, row 31: area 'atlantis' is not in areas.csv" in done.stderr
    assert "Nothing was loaded." in done.stderr


def test_a_ticket_agent_is_added_with_its_venues(tmp_path: Path, env: dict[str, str]) -> None:
    assert wallet(tmp_path, "load-network", "wallet/sample_network", **env).returncode == 0
    wrong = wallet(tmp_path, "agents", "add", "lippu", "Lippukauppa", "vapriikki", "atlantis", **env)
    assert (wrong.returncode, "venue_not_found" in wrong.stderr) == (1, True)
    added = wallet(tmp_path, "agents", "add", "lippu", "Lippukauppa", "vapriikki", "muumimuseo", **env)
    assert added.stdout == "Lippukauppa (lippu) sells for 2 venues.\n"
    again = wallet(tmp_path, "agents", "add", "lippu", "Lippukauppa", **env)
    assert (again.returncode, "agent_exists" in again.stderr) == (1, True)
    assert wallet(tmp_path, "agents", "venues", "lippu", "vapriikki", **env).stdout == "lippu sells for 1 venues.\n"
    wrong = wallet(tmp_path, "agents", "venues", "lippu", "atlantis", **env)
    assert (wrong.returncode, "venue_not_found" in wrong.stderr) == (1, True)
    assert wallet(tmp_path, "agents", "list", **env).stdout == "lippu: Lippukauppa, vapriikki\n"


def test_demo_links_are_for_development_alone(tmp_path: Path, env: dict[str, str]) -> None:
    done = wallet(tmp_path, "demo-links", **(env | {"DEVELOPMENT": "0"}))
    assert done.returncode == 1
    assert "in development only" in done.stderr


def test_keys_are_kept_for_their_owner_alone_and_never_shown(tmp_path: Path, env: dict[str, str]) -> None:
    path = Path(env["NETWORK_KEYS_FILE"])
    assert path.stat().st_mode & 0o077 == 0
    shown = wallet(tmp_path, "keys", "list", **env).stdout
    assert [line[:2] for line in shown.splitlines()] == ["C1", "C2", "C3", "L1"]
    assert "PRIVATE" not in shown
    wallet(tmp_path, "keys", "new", "C2", **env)
    assert wallet(tmp_path, "keys", "list", **env).stdout.count("C2:") == 2


@pytest.mark.parametrize("name", ["C1:0", "C9:1", "nonsense", "C1:x"])
def test_a_key_that_is_not_there_is_not_withdrawn(tmp_path: Path, env: dict[str, str], name: str) -> None:
    before = Path(env["NETWORK_KEYS_FILE"]).read_bytes()
    done = wallet(tmp_path, "keys", "withdraw", name, **env)
    assert (done.returncode, name in done.stderr) == (1, True)
    assert Path(env["NETWORK_KEYS_FILE"]).read_bytes() == before


def test_retention_says_what_would_go_before_it_does_it(tmp_path: Path, env: dict[str, str]) -> None:
    done = wallet(tmp_path, "retention", **env).stdout.splitlines()
    assert (done[0], done[-1]) == ("This would go:", "Nothing was changed. With --apply it is done.")
    assert "       0  refused scans" in done
    for command in (("retention", "--apply"), ("purge",)):
        did = wallet(tmp_path, *command, **env).stdout.splitlines()
        assert did == ["This went:", *done[1:-1]]


def test_a_token_is_printed_once_and_can_be_ended(tmp_path: Path, env: dict[str, str]) -> None:
    wallet(tmp_path, "load-network", "wallet/sample_network", **env)
    assert wallet(tmp_path, "agents", "add", "lippu", "Lipputoimisto", "vapriikki", **env).returncode == 0
    made = wallet(tmp_path, "tokens", "new", "Kassa 1", "--agent", "lippu", "--scope", "check", **env).stdout
    assert re.fullmatch(r"kk_[a-z2-7]{32}\n", made)
    assert wallet(tmp_path, "tokens", "new", "Museon kassa", "--venue", "vapriikki", **env).returncode == 0
    assert wallet(tmp_path, "tokens", "list", **env).stdout.splitlines() == [
        "2: Museon kassa, of vapriikki, may check, record, undo; never used",
        "1: Kassa 1, of lippu, may check; never used",
    ]
    assert wallet(tmp_path, "tokens", "end", "1", **env).stdout == "1 ended.\n"
    listed = wallet(tmp_path, "tokens", "list", "--agent", "lippu", **env).stdout
    assert re.fullmatch(r"1: Kassa 1, of lippu, may check; ended \d{4}-\d\d-\d\d\n", listed)
    for wrong in (("end", "1"), ("end", "9"), ("new", "Kassa"), ("new", "Kassa", "--venue", "nowhere")):
        done = wallet(tmp_path, "tokens", *wrong, **env)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), wrong


def test_the_application_has_no_other_commands_of_ours(app: Flask) -> None:
    ours = {name for name in app.cli.commands if name not in ("db",)}
    assert ours == {"load-network", "demo-links", "agents", "tokens", "retention", "purge"}
