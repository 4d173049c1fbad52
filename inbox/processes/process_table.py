"""The processes of this machine: who runs, in which group, with which command line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Entry:
    """One process; `command` is its command line, words joined by spaces."""

    pid: int
    group: int
    command: str


Belongs = Callable[[Entry], bool]


def matching(belongs: Belongs) -> list[Entry]:
    """Processes that `belongs` recognises; dead ones that nobody has collected do not count."""
    entries = _from_proc() if (PROC / "self" / "stat").exists() else _from_ps()
    return [entry for entry in entries if belongs(entry)]


def end(belongs: Belongs, *, grace_seconds: float = 0) -> None:
    """Wait until no process is left that `belongs` recognises; kill those left after the grace."""
    deadline = time.monotonic() + grace_seconds
    while left := matching(belongs):
        if time.monotonic() >= deadline:
            for entry in left:
                send(entry.pid, signal.SIGKILL)
        time.sleep(0.02)


def send(pid: int, number: signal.Signals) -> None:
    """Signal one process, unless it is gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _from_proc() -> Iterator[Entry]:
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The second field is a name in brackets that may itself hold spaces and brackets.
            state, _parent, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            command = (folder / "cmdline").read_bytes().rstrip(b"\0 ").replace(b"\0", b" ")
        except OSError:  # it ended while we looked
            continue
        if state != "Z" and command:
            yield Entry(int(folder.name), int(group), command.decode(errors="replace"))


def _from_ps() -> Iterator[Entry]:
    listing = subprocess.run(
        ["/bin/ps", "-axww", "-o", "pid=,pgid=,stat=,command="],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in listing.stdout.splitlines():
        pid, group, state, command = line.split(None, 3)
        if not state.startswith("Z"):
            yield Entry(int(pid), int(group), command)
