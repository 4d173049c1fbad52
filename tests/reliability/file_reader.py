"""A reader that looks at every file as soon as it has a place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

LOOK_SECONDS = 0.2
SMALL_PICTURE = "-small."


class Reader(Thread):
    """Reads each file as soon as it has a place: there it must be whole."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="reader", daemon=True)
        self.problems: list[str] = []
        self.count = 0
        self._folder = folder
        self._seen: set[Path] = set()
        self._good: set[str] = set()
        self._stopping = Event()

    def expect(self, checksums: Iterable[str]) -> None:
        """SHA-256 in hex of files that somebody may have sent."""
        self._good |= set(checksums)

    def run(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self._look()

    def stop(self) -> None:
        """Look a last time."""
        self._stopping.set()
        self.join()
        self._look()

    def _look(self) -> None:
        for path in placed(self._folder) - self._seen:
            self._seen.add(path)
            with suppress(FileNotFoundError):  # somebody had lost its claim
                content = path.read_bytes()
                is_good = hashlib.sha256(content).hexdigest() in self._good
                self.count += 1
                if not is_good and SMALL_PICTURE not in path.name:
                    self.problems.append(f"{path.name}: {len(content)} bytes nobody sent are there")


def placed(folder: Path) -> set[Path]:
    """All files that have a name of their own, not the incoming ones."""
    found = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    return {path for path in found if ".incoming" not in path.parts}
