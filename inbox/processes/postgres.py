"""The embedded Postgres: a cluster of our own, run with the programs of a wheel.

Loopback only, a password for everybody, and the built-in C.UTF-8 locale, so that upper and lower
case do not depend on the language of whoever starts it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
from functools import partial
from pathlib import Path

import psycopg

from inbox.processes import programs
from inbox.processes.accounts import Account, bare_environment
from inbox.processes.errors import CannotStart
from inbox.processes.ports import LOOPBACK
from inbox.processes.process_table import Belongs, Entry
from inbox.processes.program import Program
from inbox.processes.servers import Server
from inbox.processes.state import Address

NAME = "inbox"  # of the database and of its owner
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors of statements go to whoever made them; the log is for the server's own troubles.
    "log_min_messages": "fatal",
    "log_checkpoints": "off",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
RELAXED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def server(home: Path, address: Address, account: Account, *, durable: bool = True) -> Server:
    """The server of the cluster in `home/postgres`, which is made where it does not exist yet."""
    bin_folder = programs.postgres_programs(home, account)
    data = home / "postgres"
    if not data.exists():
        _make_cluster(bin_folder, data, address.password, account)
    settings = {
        "port": str(address.port),
        "cluster_name": _cluster_name(data),
        **SETTINGS,
        **(DURABLE if durable else RELAXED),
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    program = Program(
        name="postgres",
        command=(str(bin_folder / "postgres"), "-D", str(data), *options),
        environment=bare_environment(),
        folder=Path("/"),
        account=account,
        stop_signal=signal.SIGINT,  # "fast": end sessions, write a checkpoint
        log=home / "postgres.log",
        belongs=_belongs(bin_folder / "postgres", data),
        lock_file=data / "postmaster.pid",
    )
    return Server(program=program, url=url(address), answers=partial(answers, url(address)))


def url(address: Address) -> str:
    """What goes into DATABASE_URL."""
    return f"postgresql://{NAME}:{address.password}@{LOOPBACK}:{address.port}/{NAME}"


def answers(at: str) -> bool:
    """Whether a Postgres accepts a session at that URL now."""
    try:
        psycopg.connect(at, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _cluster_name(data: Path) -> str:
    return f"inbox-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"


def _belongs(program: Path, data: Path) -> Belongs:
    """Recognises head and children: those have sessions of their own and other command lines."""
    child = f"postgres: {_cluster_name(data)}: "

    def is_one(entry: Entry) -> bool:
        is_head = entry.command.startswith(f"{program} ") and f" -D {data} " in entry.command
        return is_head or f"{entry.command} ".startswith(child)

    return is_one


def _make_cluster(bin_folder: Path, data: Path, password: str, account: Account) -> None:
    """Make the cluster and its database beside `data` and move it there whole."""
    draft = data.with_name(f".postgres.{secrets.token_hex(4)}")
    password_file = data.with_name(f"{draft.name}.password")
    password_file.touch(mode=0o600)
    password_file.write_text(password, "utf-8")
    account.own(password_file)
    draft.mkdir(mode=0o700)
    account.own(draft)
    try:
        _run(
            account,
            [
                bin_folder / "initdb",
                f"--pgdata={draft}",
                f"--username={NAME}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
                "--no-instructions",
            ],
        )
        create = f"CREATE DATABASE {NAME};\n"
        _run(account, [bin_folder / "postgres", "--single", "-D", draft, "postgres"], text=create)
        draft.rename(data)
    finally:
        password_file.unlink()
        if draft.exists():
            shutil.rmtree(draft)


def _run(account: Account, command: list[str | Path], *, text: str = "") -> None:
    done = account.run(command, text=text)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [os.strerror(1)]
        message = f"Postgres could not be set up: {lines[-1]}"
        raise CannotStart(message)
