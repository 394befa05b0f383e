"""A PostgreSQL server for one run of tests: its own folder, loopback only, ended by process id."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

MISSING = (
    "PostgreSQL is not installed: `apt-get install postgresql` (make test does it where it is root), "
    "or run with --database sqlite."
)


def _binary(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = str(places[0]) if places else shutil.which(name)
    if not found:
        raise RuntimeError(MISSING)
    return found


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """Started on entering, ended on leaving. `new_database()` gives the URL of an empty database."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wallet-postgres-"))
        self.port = free_port()
        self.databases = 0
        # The server refuses to be root.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.as_user: list[str] = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def __enter__(self) -> "PostgresServer":
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        data = self.folder / "data"
        self._run(_binary("initdb"), "-D", data, "-U", "wallet", "--auth=trust", "--encoding=UTF8", "--no-sync")
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} "
            "-c fsync=off -c max_connections=200"
        )
        log = self.folder / "log"
        self._run(_binary("pg_ctl"), "-D", data, "-l", log, "-w", "-t", "60", "-o", options, "start")
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._run(_binary("pg_ctl"), "-D", self.folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self) -> str:
        self.databases += 1
        name = f"wallet{self.databases}"
        self._run(_binary("createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "wallet", name)
        return f"postgresql+psycopg://wallet@127.0.0.1:{self.port}/{name}"

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            [*self.as_user, *map(str, command)], cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
