"""Who may start, use and stop the embedded servers of one data folder.

`starting.lock` is held for moments, while servers are started or stopped. `using.lock` is shared
by every command that uses them, so that the last one out can stop them, and held exclusively by
`manage.py up` for as long as it runs. The kernel drops both when their holder dies, however.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inbox.processes.errors import CannotStart


@contextlib.contextmanager
def starting(folder: Path) -> Iterator[None]:
    """Be the only one who starts or stops embedded servers; wait for one's turn."""
    with _lock_file(folder / "starting.lock") as descriptor:
        if not _acquire(descriptor, fcntl.LOCK_EX, wait_seconds=90):
            message = f"Another command is still starting the servers of {folder}; try again."
            raise CannotStart(message)
        yield


@contextlib.contextmanager
def using(folder: Path) -> Iterator[Use]:
    """Open `using.lock`; what was acquired on it is released when the context ends."""
    with _lock_file(folder / "using.lock") as descriptor:
        yield Use(descriptor)


@dataclass(frozen=True, slots=True)
class Use:
    """A hold on the embedded servers, shared or exclusive; changing it releases the other."""

    descriptor: int

    def share(self) -> bool:
        """Use them beside other commands; False where `manage.py up` has them."""
        return _acquire(self.descriptor, fcntl.LOCK_SH)

    def have_alone(self) -> bool:
        """Have them for oneself; False where somebody else uses them."""
        return _acquire(self.descriptor, fcntl.LOCK_EX)


@contextlib.contextmanager
def _lock_file(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        message = (
            f"Cannot write to {path.parent} ({problem.strerror}): "
            "run this as the owner of that folder, or set DATA_DIR to another one."
        )
        raise CannotStart(message) from problem
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, kind: int, *, wait_seconds: float = 0) -> bool:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True
