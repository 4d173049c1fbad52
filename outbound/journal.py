"""Answers on a local disk while Postgres does not take them, so that a crash loses none.

A process has one file, from its first answer that Postgres refused until all of them are
recorded. Each line carries a checksum and what the provider said, in ids and codes: no text, no
phone number, no sentence of the provider's. Lines are synced before the next try. The file is
locked as long as its process lives, so what can be locked was left by a dead one.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
import time
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from uuid import UUID

import msgspec
from django.conf import settings

from messaging.failpoints import failpoint
from messaging.providers.answers import Answer, Failure

logger = logging.getLogger(__name__)

SUFFIX = ".answers"
UNMATCHED = ".unmatched"
DRAFT = ".draft"
ABANDONED_SECONDS = 3600.0  # a draft of a process that died before its first line


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer: what classing it needs."""

    attempt_id: UUID
    provider_id: str = ""
    http_status: int | None = None
    code: int | None = None
    failure: str = ""
    retry_after_seconds: float | None = None

    @property
    def answer(self) -> Answer:
        """The answer, without the provider's own words."""
        return Answer(
            http_status=self.http_status,
            provider_id=self.provider_id,
            code=self.code,
            failure=Failure(self.failure) if self.failure else None,
            retry_after_seconds=self.retry_after_seconds,
        )


def line_of(attempt_id: UUID, answer: Answer) -> Line:
    """What is kept of an answer."""
    return Line(
        attempt_id=attempt_id,
        provider_id=answer.provider_id,
        http_status=answer.http_status,
        code=answer.code,
        failure=answer.failure.value if answer.failure else "",
        retry_after_seconds=answer.retry_after_seconds,
    )


class Journal:
    """This process' own file; made when it is needed, gone when it is not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._descriptor = -1
        self._path = Path()
        self._kept: set[UUID] = set()

    def keep(self, answers: Mapping[UUID, Answer]) -> None:
        """Return once these answers are on disk. Raises OSError; kept ones are not kept again."""
        with self._lock:
            new = {key: answer for key, answer in answers.items() if key not in self._kept}
            if not new:
                return
            failpoint("journal.keep")
            self._append(b"".join(_encode(line_of(*each)) for each in new.items()))
            self._kept.update(new)
        failpoint("journal.kept")

    def forget(self, attempt_ids: Collection[UUID]) -> None:
        """These are recorded; the file goes with the last one. A line too many does no harm."""
        if not self._kept:
            return
        with self._lock:
            self._kept.difference_update(attempt_ids)
            if self._descriptor >= 0 and not self._kept:
                failpoint("journal.forget")
                self._path.unlink(missing_ok=True)
                self._close()

    def leave(self) -> None:
        """Let others record what is on disk: this process does not any more."""
        with self._lock:
            self._kept = set()
            self._close()

    def drop(self) -> None:
        """In a forked child: the file is the parent's, and so is its lock."""
        self._lock = threading.Lock()
        self._kept = set()
        self._close()

    def _append(self, content: bytes) -> None:
        if self._descriptor >= 0:
            _write_synced(self._descriptor, content)
            return
        folder = folder_of_journals()
        name = f"{time.time_ns():020}-{os.getpid()}"
        draft = folder / f".{name}{DRAFT}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_synced(descriptor, content)
            path = draft.rename(folder / f"{name}{SUFFIX}")
            _sync_folder(folder)
        except OSError:
            os.close(descriptor)
            draft.unlink(missing_ok=True)
            raise
        self._descriptor, self._path = descriptor, path

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def journal() -> Journal:
    """This process' journal."""
    return _OWN


def folder_of_journals() -> Path:
    """SEND_JOURNAL_DIR, made on first use, for its owner alone. Raises OSError."""
    folder = Path(settings.SEND_JOURNAL_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def left_behind() -> Iterator[list[Path]]:
    """Files of processes that died, oldest first; nobody else gets them until the context ends."""
    descriptors: dict[Path, int] = {}
    try:
        for path in _files():
            if (descriptor := _lock_alone(path)) is not None:
                descriptors[path] = descriptor
        yield list(descriptors)
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)


def read(path: Path) -> list[Line]:
    """Its whole lines; one that was cut short by the crash is left out."""
    lines = []
    for number, raw in enumerate(path.read_bytes().splitlines(), 1):
        if not raw:
            continue
        try:
            lines.append(_decode(raw))
        except (ValueError, msgspec.DecodeError):
            logger.warning("torn line", extra={"file": path.name, "line": number})
    return lines


def set_aside(path: Path) -> None:
    """Keep a file for a person: it tells of attempts that this database does not know."""
    logger.error("answers of unknown attempts", extra={"file": path.name})
    path.rename(path.with_suffix(UNMATCHED))


def _files() -> list[Path]:
    """Most often none, which costs one look into a folder."""
    try:
        with os.scandir(settings.SEND_JOURNAL_DIR) as entries:
            found = [Path(entry.path) for entry in entries]
    except OSError:
        return []
    for path in found:
        if path.name.endswith(DRAFT):
            _remove_abandoned(path)
    return sorted(path for path in found if path.name.endswith(SUFFIX))


def _remove_abandoned(draft: Path) -> None:
    with contextlib.suppress(OSError):
        if time.time() - draft.stat().st_mtime > ABANDONED_SECONDS:
            draft.unlink(missing_ok=True)


def _lock_alone(path: Path) -> int | None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None  # replayed by somebody else
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    if not os.fstat(descriptor).st_nlink:
        os.close(descriptor)
        return None
    return descriptor


def _encode(line: Line) -> bytes:
    """A line of its own even behind one that was cut short."""
    content = msgspec.json.encode(line)
    return b"\n%08x %s\n" % (zlib.crc32(content), content)


def _decode(raw: bytes) -> Line:
    checksum, _, content = raw.partition(b" ")
    if int(checksum, 16) != zlib.crc32(content):
        raise ValueError
    return msgspec.json.decode(content, type=Line)


def _write_synced(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Without this a file that was renamed into it may be gone after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_OWN = Journal()

os.register_at_fork(after_in_child=_OWN.drop)
