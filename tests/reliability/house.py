"""Real processes for tests that kill them: a supervised installation, or chosen parts of one.

Nothing here imports Django: what happens is seen from outside, over HTTP and in Postgres.
"""

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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from cryptography.fernet import Fernet

from inbox.processes import process_table, procfile, state, welcome
from inbox.processes.embedded import TemporaryServices, temporary_services
from inbox.processes.environment import PORT_NAMES, empty_metrics
from tests import free_ports

START_SECONDS = 90
STOP_SECONDS = 60
# What belongs to the tests' own servers and settings, and must not reach real processes.
NOT_INHERITED = ("TESTING", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS")

T = TypeVar("T")


def until(condition: Callable[[], T | None], what: str, *, seconds: float = 30) -> T:
    """Wait until the condition holds; what it yields. Fails with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)
    return result


@contextlib.contextmanager
def data_folder() -> Iterator[Path]:
    """A folder that the servers' own user can reach, gone at the end with all that runs in it."""
    path = Path(tempfile.mkdtemp(prefix="inbox-reliability-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        process_table.end(lambda entry: str(path) in entry.command, grace_seconds=10)
        shutil.rmtree(path, ignore_errors=True)


def base_environment(folder: Path) -> dict[str, str]:
    """Our own environment, as a person at a terminal would have it, with a data folder."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {
        **inherited,
        "DATA_DIR": str(folder),
        "PORT": str(free_ports.three_in_a_row()),
        "DEMO": "true",
        "LOG_LEVEL": "WARNING",
        "UNDO_SECONDS": "0",  # a program's message would pass a person's that may be undone
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
    }


@dataclass(kw_only=True)
class House:
    """Processes that run, and how to look at them from outside."""

    folder: Path
    environment: dict[str, str]

    def url(self, name: str) -> str:
        """Where `web`, `gateway` or `simulator` answers."""
        return f"http://127.0.0.1:{self.port(name)}"

    def port(self, name: str) -> int:
        return int(self.environment["PORT"]) + list(PORT_NAMES).index(name)

    def manage(self, *arguments: str) -> str:
        """What a `manage.py` command prints; fails with what it says if it fails."""
        done = subprocess.run(
            [sys.executable, str(state.BASE_DIR / "manage.py"), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    @property
    def database_url(self) -> str:
        raise NotImplementedError

    def execute(self, sql: str) -> None:
        """Change something behind the back of all processes."""
        with psycopg.connect(self.database_url, autocommit=True) as session:
            session.execute(sql)

    def rows(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """What Postgres says. Any: rows of whatever was asked for."""
        with psycopg.connect(self.database_url, connect_timeout=5) as session:
            return session.execute(sql, params or None).fetchall()

    def one(self, sql: str, *params: object) -> Any:
        """The first value of the first row."""
        return self.rows(sql, *params)[0][0]

    def balance(self) -> dict[str, int | bool]:
        """`manage.py ledger balance`."""
        found: dict[str, int | bool] = json.loads(self.manage("ledger", "balance", "--json"))
        return found

    def in_flight(self) -> int | None:
        """Deliveries that wait, or None while Postgres does not answer."""
        try:
            sql = "SELECT count(*) FROM messaging_inboundevent WHERE state = 'pending'"
            return int(self.one(sql))
        except psycopg.Error:
            return None


@dataclass(kw_only=True)
class Supervised(House):
    """`manage.py up` on servers and data of its own."""

    process: subprocess.Popen[bytes] | None = None

    def start(self, *, without: str) -> None:
        """Start it, seeded, and wait until it says that it is ready."""
        with (self.folder / "up.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--demo", "--without", without],
                cwd=state.BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._is_ready, "everything is up", seconds=START_SECONDS)

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.output()
        return "Ready." in self.output()

    def output(self) -> str:
        """All that it has written."""
        return (self.folder / "up.log").read_text(errors="replace")

    @property
    def database_url(self) -> str:
        return state.read_run(self.folder).database_url

    def pid(self, name: str) -> int | None:
        """The head of a process, if it runs now."""
        return state.read_run(self.folder).processes.get(name)

    def kill(self, name: str, *, number: signal.Signals = signal.SIGKILL) -> bool:
        """Kill a process's head; `name+child` kills one of its children instead."""
        name, _, child = name.partition("+")
        head = self.pid(name)
        if head is None:
            return False
        victims = [entry.pid for entry in process_table.matching(lambda e: e.group == head)]
        others = [pid for pid in victims if pid != head]
        process_table.send(others[0] if child and others else head, number)
        return True

    def stop(self) -> None:
        """Stop everything, as Ctrl-C does."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def supervised(*, without: str = "web,background,simulator") -> Iterator[Supervised]:
    """A seeded installation under `manage.py up`; connection and channels are the demo's."""
    with data_folder() as folder:
        house = Supervised(folder=folder, environment=base_environment(folder))
        try:
            house.start(without=without)
            yield house
        finally:
            house.stop()


@dataclass(kw_only=True)
class Parts(House):
    """Chosen processes of the Procfile on servers that a test stops and starts; nobody restarts."""

    services: TemporaryServices
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        return self.services.database_url

    def start(
        self,
        *names: str,
        commands: Mapping[str, str] | None = None,
        patience: float = 60,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start processes by their names in the Procfile, or by `commands` of the test's own.

        Waits until those with a port answer, for `patience` seconds. `environment` is added to
        that of these processes.
        """
        lines = procfile.parse((state.BASE_DIR / "Procfile").read_text()) | dict(commands or {})
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    procfile.words(lines[name], self.environment),
                    cwd=state.BASE_DIR,
                    env=self.environment | dict(environment or {}),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        for name in names:
            if name in PORT_NAMES:
                port = self.port(name)
                until(lambda: welcome.is_ready(name, port), f"{name} answers", seconds=patience)  # noqa: B023

    def stop(self, *names: str) -> None:
        """Stop some, or all; their children too."""
        chosen = {name: self.running.pop(name) for name in names or tuple(self.running)}
        for process in chosen.values():
            process.terminate()
        for process in chosen.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            group = process.pid
            process_table.end(lambda entry: entry.group == group)  # noqa: B023 - called at once
            process.wait()

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.folder / f"{name}.log").read_text(errors="replace")


@contextlib.contextmanager
def parts(**more: str) -> Iterator[Parts]:
    """Durable servers of the test's own with the demo's rows; no process runs yet.

    `more` is added to the environment of processes.
    """
    with data_folder() as folder, temporary_services(folder, durable=True) as services:
        environment = base_environment(folder)
        numbers = {
            name: str(int(environment["PORT"]) + n) for n, name in enumerate(PORT_NAMES.values())
        }
        environment |= {
            **numbers,
            "DATABASE_URL": services.database_url,
            "REDIS_URL": services.redis_url,
            "SECRET_KEY": "reliability-only-secret-key-of-sufficient-length-0123456789",
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "GRAPH_API_URL": f"http://127.0.0.1:{numbers['SIMULATOR_PORT']}",
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **more,
        }
        empty_metrics(folder)
        house = Parts(folder=folder, environment=environment, services=services)
        house.manage("migrate", "--no-input", "--verbosity", "0")
        house.manage("seed_demo")
        try:
            yield house
        finally:
            house.stop()
