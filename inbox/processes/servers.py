"""An embedded server: start it, wait until it answers, stop it. Postgres and Redis are two."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from inbox.processes import process_table
from inbox.processes.errors import CannotStart
from inbox.processes.program import Program

READY_SECONDS = 60
STOP_SECONDS = 20
_launched: list[subprocess.Popen[bytes]] = []  # held until they are dead and collected


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A program that answers at `url`; its processes are recognised by `program.belongs`."""

    program: Program
    url: str
    answers: Callable[[], bool]

    def heads(self) -> list[int]:
        """Process ids of what `launch` started, found by the command line; at most one."""
        command = " ".join(self.program.command)
        return [
            entry.pid
            for entry in process_table.matching(self.program.family())
            if entry.command == command
        ]

    def launch(self) -> int:
        """Start it and wait until it answers; its process id. Raises CannotStart with the reason.

        It outlives whoever started it, until it is stopped.
        """
        self.stop()  # a start that was killed may have left one
        log = self.program.open_log()
        try:
            head = self.program.start(log)
        finally:
            os.close(log)
        _launched.append(head)
        deadline = time.monotonic() + READY_SECONDS
        while not self.answers():
            if head.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise CannotStart(self.complaint())
            time.sleep(0.02)
        return head.pid

    def stop(self, number: signal.Signals | None = None) -> None:
        """Ask the head to stop; kill what is left after a while, and orphans at once."""
        heads = self.heads()
        for head in heads:
            process_table.send(head, number or self.program.stop_signal)
        process_table.end(self.program.family(), grace_seconds=STOP_SECONDS if heads else 0)
        _launched[:] = [child for child in _launched if child.poll() is None]

    def kill(self) -> None:
        """What `kill -9` of the head does; its children are left to notice it themselves."""
        for head in self.heads():
            process_table.send(head, signal.SIGKILL)
        while self.heads():
            time.sleep(0.01)

    def stop_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does: no checkpoint, so the next start recovers."""
        self.stop(signal.SIGQUIT)

    def complaint(self) -> str:
        """One sentence on why it does not run."""
        words = self.program.last_words() or f"it gave no reason within {READY_SECONDS} s"
        return f"{self.program.name} did not start: {words} (log: {self.program.log})"
