"""Named places at which a test may break a process; nothing anywhere else.

`FAILPOINTS` (honoured with `TESTING` only) is a list such as `drain.claimed=kill@3,ingest.insert=
sleep:0.5`, or `@/path` of a file that holds one and may change while processes run. Actions:

- `kill`: what `kill -9` does; `pause`: SIGSTOP, until somebody sends SIGCONT
- `raise`: FailpointReached; `sleep:<seconds>`; `drop`: the database connection is cut

`@3` means on the third pass of a process only. An entry of a file acts once among all processes:
`<path>.<name>` is made, with the process id in it, by the one that acts.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection as django_connection

from messaging import patience

AnyConnection = psycopg.Connection | psycopg.AsyncConnection

_passes: Counter[str] = Counter()


class FailpointReached(Exception):
    """Raised where a test asked for it."""


def failpoint(name: str, database: AnyConnection | None = None) -> None:
    """Break here if a test asked for it; `database` is what `drop` cuts, else Django's own."""
    if settings.FAILPOINTS:
        _pass(name, settings.FAILPOINTS, database)


def _pass(name: str, wanted: str, database: AnyConnection | None) -> None:
    path = wanted.removeprefix("@")
    entries = _entries(path) if path != wanted else wanted
    action, _, count = _wanted(entries).get(name, "").partition("@")
    if not action:
        return
    _passes[name] += 1
    if count and _passes[name] != int(count):
        return
    if path == wanted or _is_first(f"{path}.{name}"):
        _act(action, name, database)


def _entries(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except FileNotFoundError:
        return ""


def _wanted(entries: str) -> dict[str, str]:
    pairs = (entry.strip().partition("=") for entry in entries.split(",") if entry.strip())
    return {name: action for name, _, action in pairs}


def _is_first(mark: str) -> bool:
    try:
        descriptor = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    return True


def _act(action: str, name: str, database: AnyConnection | None) -> None:
    kind, _, seconds = action.partition(":")
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "pause":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif kind == "sleep":
        time.sleep(float(seconds))
    elif kind == "drop":
        _drop(database)
    else:
        raise FailpointReached(name)


def _drop(database: AnyConnection | None) -> None:
    """Cut the stream, as a network that fails does: whoever uses it next hears of it."""
    session = database or django_connection.connection
    if session is not None:
        patience.hang_up(session)
