"""Settings: it refuses to start and names everything that is missing or wrong, at once."""

from pathlib import Path

import pytest

from wallet.clock import now
from wallet.codes import Keyring, keys
from wallet.config import SettingsError, from_environment

GOOD = {
    "DATABASE_URL": "postgresql://wallet@db.example.org/wallet",
    "SECRET_KEY": "x" * 32,
    "ORIGIN": "https://kortti.example.org",
    "NETWORK_KEYS": '{"keys": []}',
}


def refused(env: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as error:
        from_environment(env)
    return str(error.value)


def test_good_settings() -> None:
    settings = from_environment(GOOD)
    assert (settings.host, settings.https, settings.development, settings.proxies) == (
        "kortti.example.org",
        True,
        False,
        0,
    )
    assert settings.database_url == "postgresql+psycopg://wallet@db.example.org/wallet"
    assert settings.limits_url == "memory://"


def test_everything_missing_is_named_at_once() -> None:
    told = refused({})
    assert [name for name in GOOD if f"{name} (or {name}_FILE) is not set" not in told] == []
    assert refused(dict.fromkeys(GOOD, "")) == told


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    told = refused(
        {
            "DATABASE_URL_FILE": str(tmp_path / "missing"),
            "SECRET_KEY": "short",
            "ORIGIN": "http://kortti.example.org",
            "NETWORK_KEYS": "{}",
            "PROXIES": "one",
        }
    )
    for name in ("DATABASE_URL_FILE", "SECRET_KEY", "ORIGIN", "NETWORK_KEYS", "PROXIES"):
        assert f"- {name}" in told
    assert len(told.splitlines()) == 6
    assert "short" not in told.replace("is shorter than", ""), "a wrong secret is still a secret"


def test_one_wrong_one_is_named_alone() -> None:
    for name in GOOD:
        told = refused({key: value for key, value in GOOD.items() if key != name})
        assert told.splitlines()[1:] == [f"  - {name} (or {name}_FILE) is not set"]


def test_each_setting_may_come_from_a_file(tmp_path: Path) -> None:
    ring = keys.add(Keyring(), keys.new("C1", now()))
    env = {}
    for name, value in (GOOD | {"NETWORK_KEYS": keys.dump(ring), "PROXIES": "2"}).items():
        file = tmp_path / name
        file.write_text(f"{value}\n", encoding="utf-8")
        env[f"{name}_FILE"] = str(file)
    settings = from_environment(env)
    assert settings.secret_key == GOOD["SECRET_KEY"], "without the line's end"
    assert settings.keyring.signing("C1").kid == ring.keys[0].kid
    assert settings.proxies == 2


@pytest.mark.parametrize("kind", ["missing", "a folder", "not text"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "secret"
    if kind == "a folder":
        file.mkdir()
    elif kind == "not text":
        file.write_bytes(b"\xff\xfe\x00secret")
    told = refused(
        {name: value for name, value in GOOD.items() if name != "SECRET_KEY"} | {"SECRET_KEY_FILE": str(file)}
    )
    assert f"SECRET_KEY_FILE: {file} can't be read" in told
    assert len(told.splitlines()) == 2


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://kortti.example.org/", "https://kortti.example.org"),
        (" https://Kortti.Example.ORG ", "https://kortti.example.org"),
        ("HTTPS://kortti.example.org:443/", "https://kortti.example.org"),
        ("https://kortti.example.org:8443", "https://kortti.example.org:8443"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
def test_the_origin_is_spelt_as_browsers_spell_it(typed: str, origin: str) -> None:
    """Passkeys compare it sign by sign."""
    assert from_environment(GOOD | {"ORIGIN": typed}).origin == origin


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ("http://kortti.example.org", "must be https"),
        ("http://localhost.example.org", "must be https"),
        ("kortti.example.org", "is not like"),
        ("ftp://kortti.example.org", "is not like"),
        ("https://", "is not like"),
        ("https://kortti.example.org/app", "is not like"),
        ("https://kortti.example.org?x=1", "is not like"),
        ("https://kortti.example.org:port", "is not like"),
        ("https://kortti.example.org:99999", "is not like"),
        ("https://[kortti", "is not like"),
        ("https://someone:secret@kortti.example.org", "is not like"),
        ("https://kortti.example.org/#x", "is not like"),
    ],
)
def test_what_is_no_origin_is_refused(origin: str, told: str) -> None:
    assert told in refused(GOOD | {"ORIGIN": origin})


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("postgres://db/wallet", "postgresql+psycopg://db/wallet"),
        ("postgresql://db/wallet", "postgresql+psycopg://db/wallet"),
        ("postgresql+psycopg://db/wallet", "postgresql+psycopg://db/wallet"),
        ("sqlite:////srv/wallet.db", "sqlite:////srv/wallet.db"),
    ],
)
def test_one_driver_whatever_the_hosting_says(url: str, read: str) -> None:
    assert from_environment(GOOD | {"DATABASE_URL": url}).database_url == read


@pytest.mark.parametrize("url", ["wallet.db", "mysql://db/wallet", "postgresql+psycopg2://db/wallet"])
def test_a_database_that_is_none_of_the_two_is_named(url: str) -> None:
    assert "DATABASE_URL is not" in refused(GOOD | {"DATABASE_URL": url})


@pytest.mark.parametrize(("text", "on"), [("1", True), ("yes", True), ("0", False), ("no", False), ("", False)])
def test_development_is_asked_for(text: str, on: bool) -> None:
    assert from_environment(GOOD | {"DEVELOPMENT": text}).development is on
