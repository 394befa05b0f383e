"""Settings, read once from the environment. It refuses to start and names everything that is missing or wrong.

A secret comes as NAME or as a file named by NAME_FILE.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from wallet.codes import KeyFileError, Keyring, load

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class SettingsError(Exception):
    """The environment is not enough to start with; the message says what to set."""


class Keys(Protocol):
    """Where the network's keys come from."""

    def current(self) -> Keyring:
        """The keys as of now."""
        ...


@dataclass(frozen=True)
class FixedKeys:
    """Keys that were given as a value."""

    keyring: Keyring

    def current(self) -> Keyring:
        """The keys, as they were given."""
        return self.keyring


class KeyFile:
    """Keys in a file that is read again when it was replaced: a withdrawn key dies at once in every worker.

    Raises KeyFileError or OSError where the file can't be read at the start; later, the last good one stands."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen, self._keyring = self._read()

    def _read(self) -> tuple[tuple[int, int, int], Keyring]:
        seen = self._stamp()
        return seen, load(self._path.read_text(encoding="utf-8"))

    def _stamp(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def current(self) -> Keyring:
        """The keys in the file now."""
        try:
            if self._stamp() != self._seen:
                self._seen, self._keyring = self._read()
        except (OSError, ValueError):
            pass
        return self._keyring


@dataclass(frozen=True)
class Settings:
    """What differs between one deployment and another."""

    database_url: str
    secret_key: str
    origin: str  # the one address that people use: scheme, host and perhaps port
    keys: Keys
    limits_url: str = "memory://"  # redis:// in production: memory counts for each worker apart
    proxies: int = 0  # how many of our own proxies stand in front
    development: bool = False

    @property
    def host(self) -> str:
        """The service's host name: what codes are signed for ("deployment", CODES.md) and passkeys belong to."""
        return urlsplit(self.origin).hostname or ""

    @property
    def keyring(self) -> Keyring:
        """The network's keys as of now."""
        return self.keys.current()

    @property
    def https(self) -> bool:
        """Whether people reach the service over TLS."""
        return self.origin.startswith("https://")


def from_environment(env: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsError that lists every fault at once."""
    faults: list[str] = []

    def value(name: str, default: str | None = None) -> str:
        path = env.get(f"{name}_FILE")
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                faults.append(f"{name}_FILE: {path} can't be read ({getattr(error, 'strerror', 'not text')})")
                return ""
        found = env.get(name) or default
        if found is None:
            faults.append(f"{name} (or {name}_FILE) is not set")
        return found or ""

    database_url = _driver(value("DATABASE_URL"), faults)
    secret_key = value("SECRET_KEY")
    if secret_key and len(secret_key) < 32:
        faults.append("SECRET_KEY is shorter than 32 signs")
    origin = _origin(value("ORIGIN"), faults)
    network_keys: Keys = FixedKeys(Keyring())
    try:
        given = value("NETWORK_KEYS")
        path = env.get("NETWORK_KEYS_FILE")
        if given:
            network_keys = KeyFile(Path(path)) if path else FixedKeys(load(given))
    except KeyFileError as error:
        faults.append(f"NETWORK_KEYS: {error}")
    proxies = value("PROXIES", "0")
    if not proxies.isdecimal():
        faults.append("PROXIES is not a whole number")
    if faults:
        raise SettingsError("The wallet can't start:\n" + "\n".join(f"  - {fault}" for fault in faults))
    return Settings(
        database_url=database_url,
        secret_key=secret_key,
        origin=origin,
        keys=network_keys,
        limits_url=value("LIMITS_URL", "memory://"),
        proxies=int(proxies),
        development=env.get("DEVELOPMENT", "") not in ("", "0", "no"),
    )


def _driver(url: str, faults: list[str]) -> str:
    # One spelling for psycopg 3, whatever the hosting says.
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            url = "postgresql+psycopg://" + url.removeprefix(scheme)
    if url and not url.startswith(("postgresql+psycopg://", "sqlite:///")):
        faults.append("DATABASE_URL is not like postgresql://… or sqlite:////…")
    return url


def _origin(text: str, faults: list[str]) -> str:
    """The origin as browsers spell it: lower case, no default port, no path. Passkeys compare it exactly."""
    if not text:
        return ""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.path not in ("", "/") or set(text) & set("@?#"):
        faults.append("ORIGIN is not like https://kortti.example.org")
        return ""
    if parts.scheme == "http" and host not in LOCAL_HOSTS:
        faults.append("ORIGIN must be https: cookies, passkeys and cameras do not work over http")
        return ""
    usual = {"http": 80, "https": 443}[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != usual else "")
