"""The embedded Redis: the server of a wheel or of PATH, loopback only, with a password.

It keeps what it holds across restarts and refuses writes, instead of dropping keys, when full.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import redis

from inbox.processes import programs
from inbox.processes.accounts import Account, bare_environment
from inbox.processes.ports import LOOPBACK
from inbox.processes.process_table import Belongs, Entry
from inbox.processes.program import Program
from inbox.processes.servers import Server
from inbox.processes.state import Address

CONFIGURATION = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
dir {folder}
appendonly yes
appendfsync {appendfsync}
save ""
maxmemory-policy noeviction
loglevel warning
# The command line stays what it was, so that the server is recognised by its folder.
set-proc-title no
"""


def server(home: Path, address: Address, account: Account, *, durable: bool = True) -> Server:
    """The server whose files are in `home/redis`."""
    binary = programs.redis_program(home, account)
    folder = home / "redis"
    if not folder.exists():
        folder.mkdir(mode=0o700)
        account.own(folder)
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        CONFIGURATION.format(
            host=LOOPBACK,
            port=address.port,
            password=address.password,
            folder=_quoted(folder),
            appendfsync="everysec" if durable else "no",
        ),
        "utf-8",
    )
    account.own(configuration)
    program = Program(
        name="redis",
        command=(str(binary), str(configuration)),
        environment=bare_environment(),
        folder=Path("/"),
        account=account,
        log=home / "redis.log",
        belongs=_belongs(binary, configuration),
    )
    return Server(program=program, url=url(address), answers=partial(answers, url(address)))


def url(address: Address) -> str:
    """What goes into REDIS_URL."""
    return f"redis://:{address.password}@{LOOPBACK}:{address.port}/0"


def answers(at: str) -> bool:
    """Whether a Redis takes commands at that URL now; one that still loads its data does not."""
    try:
        with redis.Redis.from_url(at, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _quoted(folder: Path) -> str:
    escaped = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _belongs(binary: Path, configuration: Path) -> Belongs:
    def is_one(entry: Entry) -> bool:
        return entry.command == f"{binary} {configuration}"

    return is_one
