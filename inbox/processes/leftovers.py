"""Processes of a `manage.py up` that was killed itself and could not stop them."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from inbox.processes import process_table
from inbox.processes.process_table import Belongs, Entry
from inbox.processes.state import Run

SERVERS = ("postgres", "redis")  # these are recognised by their data folder, see servers.py
GRACE_SECONDS = 5


def of(run: Run) -> Belongs:
    """Recognises the Procfile's processes that `run` names, and what they forked.

    A process id may have passed to a stranger since, so it counts only together with a process
    group of that number and a command line that begins with this environment's Python.
    """
    groups = {pid for name, pid in run.processes.items() if name not in SERVERS}
    python = str(Path(sys.executable).with_name("python"))

    def is_one(entry: Entry) -> bool:
        return entry.group in groups and entry.command.startswith(python)

    return is_one


def end(run: Run) -> list[int]:
    """Stop them: heads politely first, then what is left. Returns the process ids found."""
    is_one = of(run)

    def is_head(entry: Entry) -> bool:
        return is_one(entry) and entry.pid == entry.group

    found = process_table.matching(is_one)
    for entry in found:
        if is_head(entry):
            process_table.send(entry.pid, signal.SIGTERM)
    process_table.end(is_head, grace_seconds=GRACE_SECONDS)
    process_table.end(is_one)
    return [entry.pid for entry in found]
