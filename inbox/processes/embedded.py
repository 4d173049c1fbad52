"""The embedded default: servers of our own wherever DATABASE_URL or REDIS_URL is not given."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inbox.processes import leftovers, locks, ports, postgres, process_table, redis, state
from inbox.processes.accounts import account_for, server_account, servers_home
from inbox.processes.errors import CannotStart
from inbox.processes.output import write
from inbox.processes.servers import READY_SECONDS, Server

VARIABLES = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
MAKERS = {"postgres": postgres.server, "redis": redis.server}
URLS = {"postgres": postgres.url, "redis": redis.url}


def set_environment(folder: Path) -> list[str]:
    """Fill in the addresses and keys that the environment does not give; starts nothing.

    Returns the names of the servers that are ours to start. Keys are only made up together with
    our own Postgres: rows in another one may be encrypted with keys that somebody has to provide.
    """
    with locks.starting(folder):
        names = [name for name, variable in VARIABLES.items() if not is_given(variable)]
        for name in names:
            os.environ[VARIABLES[name]] = URLS[name](state.address(folder, name))
        if "postgres" in names:
            for key, value in state.keys(folder).items():
                if not is_given(key):
                    os.environ[key] = value
    os.environ["DATA_DIR"] = str(folder)
    return names


def is_given(variable: str) -> bool:
    """Whether the environment holds it, or names a file that does."""
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def names_in_environment(folder: Path) -> list[str]:
    """The servers whose address in the environment is that of our own."""
    return [
        name
        for name, variable in VARIABLES.items()
        if os.environ.get(variable) == URLS[name](state.address(folder, name))
    ]


@contextlib.contextmanager
def running(folder: Path, names: Sequence[str]) -> Iterator[None]:
    """Have the servers `names` run for as long as the context lasts.

    Attaches to those that run; starts the others, and the last one out stops them. Where
    `manage.py up` runs, they are its business alone.
    """
    with locks.using(folder) as use:
        with locks.starting(folder):
            is_ours = use.share()
            if is_ours:
                _start_missing(folder, names)
        if not is_ours:
            _wait_for_supervised(folder, names)
        try:
            yield
        finally:
            if is_ours:
                with locks.starting(folder):
                    if use.have_alone():
                        _stop_all(folder)


def settle(folder: Path, name: str) -> Server:
    """The server `name`, made ready to start: nothing of it runs any more and its port is free."""
    server = _build(folder, name)
    server.stop()
    if ports.is_free(state.address(folder, name).port):
        return server
    state.move(folder, name)
    return _build(folder, name)


def _build(folder: Path, name: str) -> Server:
    home = servers_home(folder, server_account())
    if home != folder:
        _tell_once(home, folder)
    return MAKERS[name](home, state.address(folder, name), account_for(home))


@functools.cache
def _tell_once(home: Path, folder: Path) -> None:
    """Say where the data is; each process says it once."""
    write(
        f"Postgres and Redis keep their data in {home}, as their user cannot reach {folder}.",
        to_stderr=True,
    )


def _start_missing(folder: Path, names: Sequence[str]) -> None:
    processes = dict(state.read_run(folder).processes)
    for name in names:
        server = _build(folder, name)
        if not server.answers():
            server = settle(folder, name)
            processes[name] = server.launch()
        os.environ[VARIABLES[name]] = server.url
    state.write_run(folder, _run(processes))


def _run(processes: dict[str, int]) -> state.Run:
    return state.Run(
        database_url=os.environ.get("DATABASE_URL", ""),
        redis_url=os.environ.get("REDIS_URL", ""),
        processes=processes,
    )


def _stop_all(folder: Path) -> None:
    """Stop the servers, unless processes of an `up` that was killed still work with them."""
    run = state.read_run(folder)
    if process_table.matching(leftovers.of(run)):
        return
    for name in reversed(leftovers.SERVERS):
        if name in run.processes:
            _build(folder, name).stop()
    state.forget_run(folder)


def _wait_for_supervised(folder: Path, names: Sequence[str]) -> None:
    """Wait until the servers of a running `manage.py up` answer; they may just be restarting."""
    deadline = time.monotonic() + READY_SECONDS
    run = state.read_run(folder)
    addresses = {"postgres": run.database_url, "redis": run.redis_url}
    for name in names:
        if addresses[name] != os.environ[VARIABLES[name]]:
            message = f"`manage.py up` runs with another {VARIABLES[name]}; set it here too."
            raise CannotStart(message)
        server = _build(folder, name)
        while not server.answers():
            if time.monotonic() > deadline:
                message = f"`manage.py up` is running, but its {name} does not answer."
                raise CannotStart(message)
            time.sleep(0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryServices:
    """Servers for a test, each of which can be killed, stopped and started again in its place.

    `postgres.kill()` is `kill -9` of its head, `postgres.stop_at_once()` what `pg_ctl stop -m
    immediate` does, `postgres.launch()` starts it again on the same port and data.
    """

    postgres: Server
    redis: Server

    @property
    def database_url(self) -> str:
        """The address of the database, for DATABASE_URL."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """The address of Redis, for REDIS_URL."""
        return self.redis.url


@contextlib.contextmanager
def temporary_services(directory: Path, *, durable: bool) -> Iterator[TemporaryServices]:
    """Servers of a test's own, with their data in `directory`, stopped at the end.

    Without `durable` they skip fsync: for tests that do not crash the machine in any way. Where
    the servers' user cannot reach the directory, theirs is a temporary one beside it.
    """
    account = server_account()
    with contextlib.ExitStack() as stack:
        home = directory
        if not account.can_enter(directory):
            home = Path(tempfile.mkdtemp(prefix="inbox-servers-"))
            home.chmod(0o711)
            stack.callback(shutil.rmtree, home, ignore_errors=True)
        servers = {}
        for name, make in MAKERS.items():
            servers[name] = make(home, state.address(directory, name), account, durable=durable)
            stack.callback(servers[name].stop)
            servers[name].launch()
        yield TemporaryServices(**servers)
