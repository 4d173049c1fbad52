"""A program to run: its command line, its user, and which processes are part of it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from inbox.processes import process_table
from inbox.processes.accounts import Account
from inbox.processes.errors import CannotStart
from inbox.processes.process_table import Belongs, Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start under `name`, and how to stop it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    account: Account = field(default_factory=Account)
    stop_signal: signal.Signals = signal.SIGTERM
    log: Path | None = None  # where its output goes; None: the terminal, behind its name
    belongs: Belongs | None = None  # recognises its processes that left the head's group
    lock_file: Path | None = None  # its own mark that it runs, which a crash leaves behind

    def family(self, head: int | None = None) -> Belongs:
        """Recognises the head, its process group, and what `belongs` knows besides."""

        def is_one(entry: Entry) -> bool:
            return entry.group == head or (self.belongs is not None and self.belongs(entry))

        return is_one

    def start(self, output: int) -> subprocess.Popen[bytes]:
        """Start it as the head of a session of its own, writing to the descriptor `output`.

        So Ctrl-C in a terminal reaches the supervisor alone, and a group can be killed whole.
        None of its processes may be left (`clear`): what its lock file says is then untrue, and
        after a reboot the process id in it may even be a stranger's.
        """
        if self.lock_file:
            self.lock_file.unlink(missing_ok=True)
        try:
            return subprocess.Popen(  # noqa: S603 - commands of the Procfile and our own
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env=dict(self.environment),
                start_new_session=True,
                user=self.account.user,
                group=self.account.group,
                extra_groups=self.account.supplementary_groups,
            )
        except OSError as problem:
            message = f"{self.name} does not start: {self.command[0]}: {problem.strerror}."
            raise CannotStart(message) from problem

    def clear(self, head: int | None) -> None:
        """Kill what its dead head left, so that ports and shared memory are free again."""
        process_table.end(self.family(head))

    def open_log(self) -> int:
        """Its log file, emptied, to write to; readable for its owner alone."""
        path = self.log or Path(os.devnull)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)

    def last_words(self) -> str:
        """The line of its log that says most about its end."""
        if self.log is None or not self.log.exists():
            return ""
        text = self.log.read_text("utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return (fatal or lines or [""])[-1]
