"""Append-only files of JSON lines: buffered in memory for a moment, then written in one go."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

FLUSH_SECONDS = 0.05
CHUNK_BYTES = 1 << 18
TAIL_BYTES = 1 << 20  # more than any one row

logger = logging.getLogger(__name__)


class Journal:
    """One file. What was appended is on disk after 50 ms at the latest, and after `close()`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_torn_line(path)
        self._file = path.open("ab")
        self._path = path
        self._encode = msgspec.json.Encoder().encode
        self._buffer: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def append(self, row: object) -> None:
        """Keep `row`; written by the running loop within 50 ms."""
        self._buffer.append(self._encode(row))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush_later)

    def flush(self) -> None:
        """Write what is buffered. Raises OSError and keeps the rows if the disk refuses."""
        if self._buffer:
            self._file.write(b"\n".join(self._buffer) + b"\n")
            self._buffer.clear()
            self._file.flush()

    def lines(self) -> Iterator[bytes]:
        """Every row, oldest first, without the line break."""
        with self._path.open("rb") as file:
            for line in file:
                yield line.rstrip(b"\n")

    def chunks(self) -> Iterator[bytes]:
        """The inside of a JSON array of all rows written up to now."""
        self.flush()
        left = self._path.stat().st_size
        with self._path.open("rb") as file:
            while left > 0:
                chunk = file.read(min(CHUNK_BYTES, left))
                left -= len(chunk)
                if left <= 0:
                    chunk = chunk.removesuffix(b"\n")
                yield chunk.replace(b"\n", b",")

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.flush()
        self._file.close()

    def _flush_later(self) -> None:
        self._timer = None
        try:
            self.flush()
        except OSError:
            logger.exception("journal not written, will be tried again with the next row")


def _drop_torn_line(path: Path) -> None:
    """Cut a last line that a crash left half written, so that the next row starts clean."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        start = max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES)
        file.seek(start)
        tail = file.read()
        if not tail.endswith(b"\n"):
            file.truncate(start + tail.rfind(b"\n") + 1)
