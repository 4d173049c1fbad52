"""The gateway's use of its spool: into it while Postgres fails, out of it in order afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import psycopg
from prometheus_client import Counter

from messaging.failpoints import failpoint
from messaging.ingest import (
    MOST_BATCH_BYTES,
    Batches,
    Delivery,
    NotStored,
    Refused,
    Session,
    Waiting,
    settle,
)
from messaging.spool import Damaged, Spool, SpoolFull, decode

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
INSERT_SECONDS = 10.0
MOST_FILES = 200

spooled_total = Counter("inbox_spooled", "Deliveries answered 200 from the spool.")

T = TypeVar("T")
File = tuple[Path, list[Delivery]]


class Spooling:
    """Writes in groups, and empties the spool whenever Postgres takes it, in one event loop."""

    def __init__(
        self,
        spool: Spool,
        *,
        database_url: str,
        timeout: float,
        committed: Callable[[set[int]], None],
    ) -> None:
        """`timeout` in seconds bounds each `store`; `committed` hears of connection ids."""
        self._spool = spool
        self._committed = committed
        # One thread for each direction, so that neither a slow disk nor anybody else's threads
        # stand between a delivery and its answer.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="spool")
        self._session = Session(database_url, timeout=INSERT_SECONDS)
        self._batches = Batches(self._write, timeout=timeout)
        self._task = asyncio.get_running_loop().create_task(self._keep_empty())
        self.store = self._batches.store

    async def close(self) -> None:
        """Stop at once; what is in the spool waits for the next start."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._batches.close()
        await self._session.close()
        self._threads.shutdown(wait=False)

    async def _write(self, batch: list[Waiting]) -> None:
        try:
            await self._on_disk(lambda: self._spool.write([each.delivery for each in batch]))
        except SpoolFull:
            settle(batch, Refused("the spool is full"))
        except OSError as error:
            logger.error("spool not written", extra={"error": type(error).__name__})
            settle(batch, NotStored(type(error).__name__))
        else:
            settle(batch)
            spooled_total.inc(len(batch))

    async def _keep_empty(self) -> None:
        while True:
            try:
                await self._empty()
            except (psycopg.Error, OSError, TimeoutError):
                await self._session.close()  # still away
            except Exception:
                logger.exception("spool not emptied")
                await self._session.close()
            await asyncio.sleep(LOOK_SECONDS)

    async def _empty(self) -> None:
        """Everything that waits, oldest first. Raises what Postgres or the disk raises."""
        await self._on_disk(self._spool.count)
        with self._spool.alone() as is_ours:
            if not is_ours:
                return
            await self._on_disk(self._spool.forget_abandoned)
            while files := await self._on_disk(self._read_some):
                await self._insert(files)
                await self._on_disk(self._spool.count)

    def _read_some(self) -> list[File]:
        """The oldest files, up to about 8 MB; a damaged one is set aside."""
        files: list[File] = []
        size = 0
        for path in self._spool.waiting()[:MOST_FILES]:
            content = path.read_bytes()
            if files and size + len(content) > MOST_BATCH_BYTES:
                break
            try:
                files.append((path, decode(content)))
            except Damaged:
                self._spool.set_aside(path)
            size += len(content)
        return files

    async def _insert(self, files: list[File]) -> None:
        deliveries = [delivery for _, found in files for delivery in found]
        failpoint("spool.insert")
        try:
            await self._session.insert(deliveries)
        except (psycopg.IntegrityError, psycopg.DataError):
            for path, found in files:
                await self._insert_apart(path, found)
        for path, _ in files:
            self._spool.remove(path)
        self._committed({delivery.connection_id for delivery in deliveries})

    async def _insert_apart(self, path: Path, deliveries: list[Delivery]) -> None:
        """What Postgres will never take (its connection was deleted) is kept for a person."""
        refused = []
        for delivery in deliveries:
            try:
                await self._session.insert([delivery])
            except (psycopg.IntegrityError, psycopg.DataError):
                refused.append(delivery)
        if refused:
            self._spool.set_aside_deliveries(path, refused)

    def _on_disk(self, work: Callable[[], T]) -> Awaitable[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)
