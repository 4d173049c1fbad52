"""The insert behind every 200: raw deliveries into `inbound_event`, many in one commit.

A delivery is acknowledged only after its commit has returned, with synchronous commit. What
waits while one commit runs shares the next one, so a slow disk costs latency, not throughput.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
from psycopg.types.json import Jsonb

from messaging import patience

logger = logging.getLogger(__name__)

INSERT = """
INSERT INTO messaging_inboundevent (connection_id, body, headers)
SELECT * FROM unnest(%s::bigint[], %b::bytea[], %s::jsonb[])
"""
DURABILITY = "-c synchronous_commit=on -c statement_timeout={0}ms -c lock_timeout={0}ms"
MOST_BATCH_BYTES = 8 * 1024 * 1024
MOST_BATCH_COUNT = 1000
MOST_IN_FLIGHT_BYTES = 64 * 1024 * 1024


class NotStored(Exception):
    """The delivery is not known to be durable; the provider must repeat it."""


@dataclass(slots=True)
class Delivery:
    """One webhook on its way into the database."""

    connection_id: int
    body: bytes
    headers: dict[str, str]
    stored: asyncio.Future[None] = field(repr=False)


class Committer:
    """Group commit on one database connection of its own, inside one event loop."""

    def __init__(
        self, database_url: str, *, timeout: float, committed: Callable[[set[int]], None]
    ) -> None:
        """`timeout` in seconds bounds each delivery; `committed` hears of connection ids."""
        self._url = database_url
        self._timeout = timeout
        self._committed = committed
        self._waiting: deque[Delivery] = deque()
        self._in_flight_bytes = 0
        self._wake = asyncio.Event()
        self._connection: psycopg.AsyncConnection | None = None
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def store(self, connection_id: int, body: bytes, headers: dict[str, str]) -> None:
        """Return once the delivery is committed. Raises NotStored after `timeout` or when full."""
        if self._in_flight_bytes + len(body) > MOST_IN_FLIGHT_BYTES:
            raise NotStored("too much is waiting")
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Delivery(connection_id, body, headers, stored))
        self._in_flight_bytes += len(body)
        self._wake.set()
        try:
            async with asyncio.timeout(self._timeout):
                await stored
        except TimeoutError as error:
            raise NotStored("the commit took too long") from error
        finally:
            self._in_flight_bytes -= len(body)

    async def close(self) -> None:
        """Stop at once: what is not known to be stored is refused, and comes again."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._disconnect()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._next_batch():
                await self._commit(batch)

    def _next_batch(self) -> list[Delivery]:
        """What waits, up to 8 MB; nobody waits any more for what has timed out."""
        batch: list[Delivery] = []
        size = 0
        while self._waiting and len(batch) < MOST_BATCH_COUNT:
            delivery = self._waiting[0]
            if batch and size + len(delivery.body) > MOST_BATCH_BYTES:
                break
            self._waiting.popleft()
            if not delivery.stored.done():
                batch.append(delivery)
                size += len(delivery.body)
        return batch

    async def _commit(self, batch: list[Delivery]) -> None:
        try:
            await self._insert(batch)
        except psycopg.IntegrityError as error:
            await self._commit_apart(batch, error)
        except Exception as error:
            # This task serves every webhook: whatever it was, they are refused and come again.
            if not isinstance(error, psycopg.Error | OSError | TimeoutError):
                logger.exception("commit failed")
            await self._disconnect()
            _settle(batch, NotStored(type(error).__name__))
        else:
            _settle(batch, None)
            self._committed({delivery.connection_id for delivery in batch})

    async def _commit_apart(self, batch: list[Delivery], error: psycopg.IntegrityError) -> None:
        """A connection that was just deleted spoils the statement; its neighbours do not suffer."""
        if len(batch) == 1:
            _settle(batch, NotStored(type(error).__name__))
            return
        for delivery in batch:
            await self._commit([delivery])

    async def _insert(self, batch: list[Delivery]) -> None:
        """One statement, one commit: autocommit returns when both are done."""
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
        columns = (
            [delivery.connection_id for delivery in batch],
            [delivery.body for delivery in batch],
            [Jsonb(delivery.headers) for delivery in batch],
        )
        await patience.execute(self._connection, INSERT, columns, timeout=self._timeout)

    async def _connect(self) -> psycopg.AsyncConnection:
        async with asyncio.timeout(self._timeout):
            return await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                options=DURABILITY.format(int(self._timeout * 1000)),
                application_name="inbox gateway",
            )

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()


def _settle(batch: list[Delivery], error: NotStored | None) -> None:
    for delivery in batch:
        if delivery.stored.done():
            continue
        if error is None:
            delivery.stored.set_result(None)
        else:
            delivery.stored.set_exception(error)
