"""A disk of a few megabytes, to be filled: a tmpfs, where we have the right to mount one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TRIES = 20
# How a report says that this part did not run.
LEFT_OUT = "left out, for want of the right to mount:"


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A disk mounted at `place`, over whatever stands there."""

    place: Path
    size_bytes: int

    def fill(self) -> None:
        """Leave no room for as much as one page more: the disk shrinks to what is on it."""
        for _ in range(TRIES):
            found = os.statvfs(self.place)
            used = (found.f_blocks - found.f_bfree) * found.f_frsize
            with suppress(subprocess.CalledProcessError):  # it has grown meanwhile
                self._resize(max(used, found.f_frsize))
                return
        raise AssertionError("the disk grows too fast to be filled")

    def free(self) -> None:
        """Undo `fill`."""
        self._resize(self.size_bytes)

    def grow(self, size_bytes: int) -> None:
        """For good; what is on it stays."""
        self._resize(size_bytes)

    def _resize(self, size_bytes: int) -> None:
        _run("mount", "-o", f"remount,size={size_bytes}", str(self.place))


@cache
def is_possible() -> bool:
    """Whether a small disk can be mounted here; found out by trying."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder) / "trial", size_bytes=2**20):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


@contextmanager
def small_disk(place: Path, *, size_bytes: int) -> Iterator[SmallDisk]:
    """Have one at `place` for as long as the block lasts; what it held is gone afterwards."""
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0755", "tmpfs", str(place))
    try:
        yield SmallDisk(place, size_bytes)
    finally:
        _run("umount", "--lazy", str(place))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
