"""Data folders, ports and a `manage.py up` of its own for each test; no Django anywhere."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inbox.processes import ports, process_table
from inbox.processes.process_table import Entry
from inbox.processes.state import BASE_DIR

DEADLINE_SECONDS = 30
SERVE = """\
import http.server, sys
class Ok(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Ok).serve_forever()
"""
RUN_UP = """\
import sys
from pathlib import Path
from inbox.processes import embedded, state, up
from inbox.processes.errors import CannotStart
try:
    embedded.set_environment(state.data_dir())
    up.run(up.Options(is_demo=True, procfile=Path(sys.argv[1])))
except CannotStart as problem:
    sys.exit(f"Error: {problem}")
"""


def wait_for(condition: Callable[[], Any], what: str) -> Any:  # Any: whatever it yields
    """Poll until the condition holds; fail with `what` at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.02)
    return result


def mentions(text: str) -> Callable[[Entry], bool]:
    """Recognises processes with `text` on their command line."""
    return lambda entry: text in entry.command


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the servers' user can reach, which pytest's own are not for root."""
    path = Path(tempfile.mkdtemp(prefix="inbox-test-"))
    path.chmod(0o711)
    yield path
    process_table.end(lambda entry: str(path) in entry.command)
    shutil.rmtree(path)


@pytest.fixture
def clean_environment(folder: Path) -> Iterator[dict[str, str]]:
    """Nothing given but the data folder; also for processes started with it."""
    before = dict(os.environ)
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DEMO"):
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(DATA_DIR=str(folder), PYTHONPATH=str(BASE_DIR))
    yield dict(os.environ)
    os.environ.clear()
    os.environ.update(before)


@dataclass
class Up:
    """One `up` on a Procfile of the test's own."""

    folder: Path
    environment: dict[str, str]
    port: int
    process: subprocess.Popen[str] | None = None

    def without_servers(self) -> Up:
        """The same on given addresses, so that no server has to start."""
        self.environment["DATABASE_URL"] = "postgresql://elsewhere/db"
        self.environment["REDIS_URL"] = "redis://elsewhere/0"
        return self

    def start(self, procfile: str = "") -> None:
        """Start it with `web` and `procfile`, and wait until it says that it is ready."""
        self.launch(procfile)
        wait_for(lambda: "Ready." in self.output(), f"ready: {self.output()}")

    def launch(self, procfile: str = "") -> subprocess.Popen[str]:
        """Start it, with `web`, `simulator` and what `procfile` adds."""
        serve = self.folder / "serve.py"
        serve.write_text(SERVE)
        file = self.folder / "Procfile"
        file.write_text(
            f"web: python {serve} $PORT\nsimulator: python {serve} $SIMULATOR_PORT\n{procfile}\n"
        )
        with (self.folder / "output").open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN_UP, str(file)],
                env={**self.environment, "PORT": str(self.port)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        return self.process

    def output(self) -> str:
        """All that it has written."""
        return (self.folder / "output").read_text()

    def pid(self, name: str) -> int | None:
        """The head of a process by its name in run.json, if that one lives."""
        try:
            processes = json.loads((self.folder / "run.json").read_text())["processes"]
        except FileNotFoundError:
            return None
        pid: int | None = processes.get(name)
        return pid if process_table.matching(lambda entry: entry.pid == pid) else None

    def kill(self, name: str) -> int:
        """`kill -9` a head; its process id."""
        pid: int = wait_for(lambda: self.pid(name), f"{name} runs")
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_for_another(self, name: str, than: int) -> int:
        """Wait until the head has been replaced."""
        pid: int = wait_for(
            lambda: (found := self.pid(name)) and found != than and found, f"{name} again"
        )
        return pid

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop, and wait; its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)


@pytest.fixture
def up(folder: Path, clean_environment: dict[str, str]) -> Iterator[Up]:
    """An `up` that is gone at the end of the test."""
    house = Up(folder, clean_environment, ports.choose())
    yield house
    if house.process and house.process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            house.stop()
        house.process.kill()
        house.process.wait()
