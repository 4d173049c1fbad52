"""Deliveries on a local disk while Postgres does not take them.

One file holds what had to be kept at one moment: it is written under another name, synced,
renamed, and the folder synced, before anybody hears 200. Files are named by time, so their order
is the order of arrival. A file that is read twice, because a process died between its commit and
its removal, adds deliveries whose items are known: permanent unique keys absorb them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from prometheus_client import Gauge

from messaging.failpoints import failpoint
from messaging.ingest import Delivery

logger = logging.getLogger(__name__)

SUFFIX = ".deliveries"
SET_ASIDE = ".refused"
DRAFT = ".draft"
LOCK = ".lock"
MEASURE_SECONDS = 1.0
ABANDONED_SECONDS = 3600.0  # a draft of a process that died; nobody was told 200 for it
DIGEST_BYTES = hashlib.sha256().digest_size

spool_files = Gauge(
    "inbox_spool_files",
    "Files in the spool, each with deliveries that wait for Postgres.",
    multiprocess_mode="mostrecent",
)
spool_bytes = Gauge(
    "inbox_spool_bytes",
    "Size of the spool, with what was set aside.",
    multiprocess_mode="mostrecent",
)

_numbers = itertools.count()


class SpoolFull(Exception):
    """SPOOL_MAX_BYTES would be exceeded."""


class Damaged(Exception):
    """The file is not what was written."""


class Spool:
    """One folder on a local disk, which several gateways may share."""

    def __init__(self, folder: str, *, most_bytes: int) -> None:
        self.folder = Path(folder)
        self._most_bytes = most_bytes
        self._size_bytes = 0
        self._measured_until = 0.0

    def write(self, deliveries: Sequence[Delivery]) -> None:
        """Return once they are safely on disk. Raises SpoolFull, OSError."""
        content = encode(deliveries)
        self._reserve(len(content))
        name = f"{time.time_ns():020}-{next(_numbers):08}-{os.getpid()}"
        draft = self.folder / f".{name}{DRAFT}"
        failpoint("spool.write")
        try:
            _write_synced(draft, content)
            failpoint("spool.written")
            draft.rename(self.folder / f"{name}{SUFFIX}")
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        failpoint("spool.renamed")
        _sync_folder(self.folder)
        failpoint("spool.synced")

    def _reserve(self, size_bytes: int) -> None:
        """Others write here too, and many files take long to measure: once a second will do."""
        if time.monotonic() >= self._measured_until:
            self._size_bytes = self.size_bytes()
            self._measured_until = time.monotonic() + MEASURE_SECONDS
        if self._size_bytes + size_bytes > self._most_bytes:
            raise SpoolFull
        self._size_bytes += size_bytes

    def waiting(self) -> list[Path]:
        """Files that wait, oldest first; none where the folder cannot be read."""
        return sorted(Path(entry.path) for entry in self._entries() if entry.name.endswith(SUFFIX))

    def size_bytes(self) -> int:
        """What the folder holds, drafts and files set aside too."""
        return sum(_size_bytes(entry) for entry in self._entries())

    def is_writable(self) -> bool:
        """Whether the folder is there and takes files, as far as its permissions say."""
        return os.access(self.folder, os.W_OK | os.X_OK)

    def count(self) -> None:
        """Bring the figures up to date."""
        spool_files.set(len(self.waiting()))
        spool_bytes.set(self.size_bytes())

    def remove(self, path: Path) -> None:
        """Its deliveries are committed; the removal itself need not be durable."""
        failpoint("spool.remove")
        path.unlink(missing_ok=True)

    def set_aside(self, path: Path) -> None:
        """Keep a file for a person, out of the way of the others."""
        logger.error("spool file set aside", extra={"file": path.name})
        path.rename(path.with_suffix(SET_ASIDE))

    def set_aside_deliveries(self, path: Path, deliveries: Sequence[Delivery]) -> None:
        """Keep these of the file's deliveries for a person."""
        rest = path.with_suffix(SET_ASIDE)
        logger.error("deliveries set aside", extra={"file": rest.name, "count": len(deliveries)})
        _write_synced(rest, encode(deliveries))

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether this process alone empties the spool, until the context ends or it dies."""
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(descriptor)

    def forget_abandoned(self) -> None:
        """Remove drafts of processes that died long ago."""
        for entry in self._entries():
            is_draft = entry.name.endswith(DRAFT)
            with contextlib.suppress(OSError):
                if is_draft and time.time() - entry.stat().st_mtime > ABANDONED_SECONDS:
                    Path(entry.path).unlink(missing_ok=True)

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.folder) as entries:
                return list(entries)
        except OSError:
            return []


def encode(deliveries: Sequence[Delivery]) -> bytes:
    """Deliveries as one file's content, with a checksum in front."""
    content = msgspec.msgpack.encode(deliveries)
    return hashlib.sha256(content).digest() + content


def decode(content: bytes) -> list[Delivery]:
    """What `encode` was given. Raises Damaged."""
    digest, rest = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    if hashlib.sha256(rest).digest() != digest:
        raise Damaged
    try:
        return msgspec.msgpack.decode(rest, type=list[Delivery])
    except msgspec.DecodeError as error:
        raise Damaged from error


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Without this a file that was renamed into it may be gone after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size_bytes(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return 0
