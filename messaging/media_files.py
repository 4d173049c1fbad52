"""Where files are kept: Django's `default` storage, local disk or a bucket.

A file is written under a name of its own among the incoming, made durable, and then takes its
place in one step, so nothing under a final name is ever half a file. A name begins with the id
of its row, which is how what no row knows is found.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.utils import timezone

from messaging.media_failures import NotFetched
from messaging.models import Media, Organization
from messaging.thumbnails import Thumbnail

logger = logging.getLogger(__name__)

# Far longer than a claim can last, so nobody is writing what is this old.
ORPHAN_SECONDS = 3600.0
SWEEP_BATCH = 500


def incoming_folder() -> Path:
    """Where files are written before they have a place."""
    return Path(settings.MEDIA_ROOT) / ".incoming"


class Incoming:
    """A file on its way in. Everything raises NotFetched where the disk refuses."""

    def __init__(self) -> None:
        self.path = incoming_folder() / f"{uuid.uuid4().hex}.part"
        with _disk():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            self._file = os.fdopen(descriptor, "wb")

    def write(self, chunk: bytes) -> None:
        with _disk():
            self._file.write(chunk)

    def finish(self) -> None:
        """All bytes are on the disk from here on."""
        with _disk():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def discard(self) -> None:
        """Leave nothing behind; harmless where the file has moved to its place."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def new_name(*, organization_id: int, media_id: int | str, extension: str) -> str:
    """A name nobody can guess and no other try has; nothing of it comes from outside."""
    now = timezone.now()
    unique = uuid.uuid4().hex
    return f"{organization_id}/{now:%Y/%m}/{media_id}-{unique}.{extension}"


def keep(incoming: Incoming, name: str) -> str:
    """Give a finished file its place; the name it has there. Raises NotFetched."""
    if isinstance(storages["default"], FileSystemStorage):
        _move(incoming.path, Path(default_storage.path(name)))
        return name
    try:
        with incoming.path.open("rb") as content:
            return default_storage.save(name, File(content))
    except Exception as error:  # every storage has errors of its own
        logger.warning("file not stored", extra={"error": type(error).__name__})
        raise NotFetched("not_written") from error


def keep_bytes(content: bytes, name: str) -> str:
    """Keep a small file made by ourselves; its name. Raises NotFetched."""
    incoming = Incoming()
    try:
        incoming.write(content)
        incoming.finish()
        return keep(incoming, name)
    finally:
        incoming.discard()


def keep_thumbnail(name: str, small: Thumbnail | None) -> str:
    """Its name beside the file `name`; "" where there is none, or no room for it."""
    if small is None:
        return ""
    try:
        stem = name.rpartition(".")[0]
        return keep_bytes(small.content, f"{stem}-small.{small.extension}")
    except NotFetched:
        return ""


def remove(names: Iterable[str]) -> None:
    """Delete files that no row names; one that cannot be is found again by the sweep."""
    for name in names:
        try:
            default_storage.delete(name)
        except Exception as error:  # every storage has errors of its own
            logger.warning("file not deleted", extra={"error": type(error).__name__})


def sweep_orphans() -> int:
    """Delete what killed processes left behind; how many files.

    Half-written ones among the incoming, and files of this month and the last that no row names.
    """
    return _sweep_incoming(before=time.time() - ORPHAN_SECONDS) + sweep_strays(_media_id, _known)


def sweep_strays(number_of: Callable[[str], int], known: Callable[[list[str]], set[str]]) -> int:
    """Delete old files that no row knows; how many.

    `number_of` is the row's id in a name, 0 where the name is of another kind; `known` are those
    of some names that a row has.
    """
    count = 0
    for folder in _folders(timezone.now()):
        before = timezone.now() - timedelta(seconds=ORPHAN_SECONDS)
        names = [name for name in _names(folder) if number_of(name)]
        for start in range(0, len(names), SWEEP_BATCH):
            batch = names[start : start + SWEEP_BATCH]
            rows = known(batch)
            strays = [name for name in batch if name not in rows and _is_older(name, before)]
            remove(strays)
            count += len(strays)
    return count


def _move(path: Path, target: Path) -> None:
    with _disk():
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        logger.warning("file not written", extra={"error": type(error).__name__})
        raise NotFetched("not_written") from error


def _sweep_incoming(*, before: float) -> int:
    count = 0
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(incoming_folder()):
            with contextlib.suppress(OSError):
                if entry.stat().st_mtime < before:
                    Path(entry.path).unlink()
                    count += 1
    return count


def _folders(now: datetime) -> Iterator[str]:
    months = {f"{now:%Y/%m}", f"{now.replace(day=1) - timedelta(days=1):%Y/%m}"}
    for organization_id in Organization.objects.order_by("pk").values_list("pk", flat=True):
        for month in sorted(months):
            yield f"{organization_id}/{month}"


def _names(folder: str) -> list[str]:
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    return [f"{folder}/{name}" for name in names]


def _media_id(name: str) -> int:
    number = name.rpartition("/")[2].partition("-")[0]
    return int(number) if number.isascii() and number.isdigit() else 0


def _known(names: list[str]) -> set[str]:
    rows = Media.objects.filter(pk__in={_media_id(name) for name in names})
    return {name for pair in rows.values_list("file", "thumbnail") for name in pair}


def _is_older(name: str, before: datetime) -> bool:
    try:
        return default_storage.get_modified_time(name) < before
    except FileNotFoundError:
        return False
