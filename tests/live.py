"""The product as it runs for real: gunicorn with two workers, in a process of its own, ended by its process id."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from flask import Flask
from flask_migrate import upgrade

from tests.postgres import free_port
from wallet import create_app
from wallet.cli import demo_people
from wallet.clock import now
from wallet.codes import Keyring, keys
from wallet.config import from_environment
from wallet.register.database import db
from wallet.register.network import load_network

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


class LiveServer:
    """Migrated, loaded with the sample network, and serving on loopback. `origin` is where."""

    def __init__(self, database_url: str, folder: Path, *, workers: int = 2, **env: str) -> None:
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.folder = folder
        self.root = ROOT  # where the project is that runs: another release of it may take its place
        self.env: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "s" * 40,
            "NETWORK_KEYS_FILE": str(folder / "network_keys.json"),
            "ORIGIN": self.origin,
            "PORT": str(self.port),
            "WORKERS": str(workers),
            "DEVELOPMENT": "1",
            **env,
        }
        self.app: Flask | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        """What the server said: structured lines."""
        return self.folder / "server.log"

    def wallet(self, *arguments: str) -> str:
        """Run a `wallet` command against this server's register."""
        done = subprocess.run(
            [BIN / "wallet", *arguments], env=self.env, cwd=self.root, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"wallet {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    @contextmanager
    def register(self) -> Iterator[None]:
        """This server's register, in this process: starting a command takes longer than most tests."""
        if self.app is None:
            self.app = create_app(from_environment(self.env))
        with self.app.app_context():
            yield
            db.session.remove()
            db.engine.dispose()

    def links(self) -> dict[str, dict[str, Any]]:
        """A fresh link for each demo person, by key, as `wallet demo-links` prints them."""
        with self.register():
            return {link["key"]: link for link in demo_people(self.origin)}

    def prepare(self) -> None:
        """What `make run` does before it serves: network keys, migrations, the sample network."""
        file = self.folder / "network_keys.json"
        if not file.exists():
            ring = Keyring()
            for kind in keys.KEY_TYPES:
                ring = keys.add(ring, keys.new(kind, now(), [key.kid for key in ring.keys]))
            file.write_text(keys.dump(ring), encoding="utf-8")
        with self.register():
            upgrade()
            load_network(ROOT / "wallet" / "sample_network", at=now())

    def __enter__(self) -> "LiveServer":
        self.prepare()
        self.start()
        return self

    def command(self) -> list[str]:
        """What serves."""
        return [str(BIN / "gunicorn")]

    def start(self) -> None:
        """Start serving; returns when it answers."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.env, cwd=self.root, stdout=log, stderr=log, start_new_session=True
            )
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/now", timeout=2):
                    return
            except urllib.error.HTTPError:
                return  # it answers: the host name is another's
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError(f"the server did not start:\n{self.log_file.read_text()}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop serving."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=20)
            self.process = None

    def kill(self) -> None:
        """SIGKILL the server and its workers at once, as a power cut does."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=20)
            self.process = None

    def kill_workers(self) -> None:
        """SIGKILL every process that answers requests; the arbiter starts others."""
        assert self.process is not None
        pid = self.process.pid
        for worker in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            os.kill(int(worker), signal.SIGKILL)

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
