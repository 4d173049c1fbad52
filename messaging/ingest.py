"""The insert behind every 200: raw deliveries into `inbound_event`, many in one commit.

A delivery is acknowledged only after its commit has returned, with synchronous commit. What
waits while one commit runs shares the next one, so a slow disk costs latency, not throughput.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from messaging import patience
from messaging.failpoints import failpoint

logger = logging.getLogger(__name__)

INSERT = """
INSERT INTO messaging_inboundevent (connection_id, body, headers, received_at)
SELECT row.connection_id, row.body, row.headers, coalesce(row.received_at, statement_timestamp())
FROM unnest(%s::bigint[], %b::bytea[], %s::jsonb[], %s::timestamptz[])
  AS row(connection_id, body, headers, received_at)
"""
DURABILITY = "-c synchronous_commit=on -c statement_timeout={0}ms -c lock_timeout={0}ms"
MOST_BATCH_BYTES = 8 * 1024 * 1024
MOST_BATCH_COUNT = 1000
MOST_IN_FLIGHT_BYTES = 64 * 1024 * 1024


class NotStored(Exception):
    """The delivery is not known to be durable; the provider must repeat it."""


class Refused(NotStored):
    """There is no room for it, or Postgres would not take it later either."""


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One webhook on its way into the database; `received_at` only if that was not just now."""

    connection_id: int
    body: bytes
    headers: dict[str, str]
    received_at: datetime | None = None


class Room:
    """Bytes of bodies in memory, from their first piece to their answer, of one gateway."""

    def __init__(self) -> None:
        self._taken_bytes = 0

    def take(self, size_bytes: int) -> None:
        """Count a piece of a body. Raises Refused where it is too much, and counts nothing."""
        if self._taken_bytes + size_bytes > MOST_IN_FLIGHT_BYTES:
            raise Refused("too much is in flight")
        self._taken_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        """The pieces are gone from memory."""
        self._taken_bytes -= size_bytes


class Session:
    """The insert, over one database connection of its own that is made anew when it breaks."""

    def __init__(self, database_url: str, *, timeout: float) -> None:
        """`timeout` in seconds bounds each connect and each insert."""
        self._url = database_url
        self._timeout = timeout
        self._connection: psycopg.AsyncConnection | None = None

    async def insert(self, deliveries: Sequence[Delivery]) -> None:
        """One statement, one commit: autocommit returns when both are done.

        After any error the connection has to be closed, and the outcome may be unknown.
        """
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
        columns = (
            [delivery.connection_id for delivery in deliveries],
            [delivery.body for delivery in deliveries],
            [Jsonb(delivery.headers) for delivery in deliveries],
            [delivery.received_at for delivery in deliveries],
        )
        failpoint("ingest.insert", self._connection)
        await patience.execute(self._connection, INSERT, columns, timeout=self._timeout)
        failpoint("ingest.committed", self._connection)

    async def _connect(self) -> psycopg.AsyncConnection:
        failpoint("ingest.connect")
        async with asyncio.timeout(self._timeout):
            return await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                options=DURABILITY.format(int(self._timeout * 1000)),
                application_name="inbox gateway",
            )

    async def close(self) -> None:
        """Let go of the database; the next insert connects anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()


@dataclass(slots=True)
class Waiting:
    """A delivery and who waits until it is safe."""

    delivery: Delivery
    stored: asyncio.Future[None] = field(repr=False)


class Batches:
    """What comes in while one batch is being made safe forms the next one."""

    def __init__(self, keep: Callable[[list[Waiting]], Awaitable[None]], *, timeout: float) -> None:
        """`keep` settles every one of a batch; `timeout` in seconds bounds each delivery."""
        self._keep = keep
        self._timeout = timeout
        self._waiting: deque[Waiting] = deque()
        self._wake = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def store(self, delivery: Delivery) -> None:
        """Return once the delivery is safe. Raises NotStored, after `timeout` at most."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(delivery, stored))
        self._wake.set()
        try:
            async with asyncio.timeout(self._timeout):
                await stored
        except TimeoutError as error:
            raise NotStored("it took too long") from error

    async def close(self) -> None:
        """Stop at once: what is not known to be stored is refused, and comes again."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        settle(self._waiting, NotStored("stopping"))

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._next():
                try:
                    await self._keep(batch)
                except Exception as error:
                    # This task serves every webhook; whatever it was, they come again.
                    logger.exception("deliveries not stored")
                    settle(batch, NotStored(type(error).__name__))
                finally:
                    settle(batch, NotStored("stopping"))

    def _next(self) -> list[Waiting]:
        """What waits, up to 8 MB; nobody waits any more for what has timed out."""
        batch: list[Waiting] = []
        size = 0
        while self._waiting and len(batch) < MOST_BATCH_COUNT:
            waiting = self._waiting[0]
            if batch and size + len(waiting.delivery.body) > MOST_BATCH_BYTES:
                break
            self._waiting.popleft()
            if not waiting.stored.done():
                batch.append(waiting)
                size += len(waiting.delivery.body)
        return batch


def settle(batch: Iterable[Waiting], error: NotStored | None = None) -> None:
    """Tell those who still wait."""
    for waiting in batch:
        if waiting.stored.done():
            continue
        if error is None:
            waiting.stored.set_result(None)
        else:
            waiting.stored.set_exception(error)


class Committer:
    """Group commit of what webhooks bring, inside one event loop."""

    def __init__(
        self, database_url: str, *, timeout: float, committed: Callable[[set[int]], None]
    ) -> None:
        """`timeout` in seconds bounds each delivery; `committed` hears of connection ids."""
        self._committed = committed
        self._session = Session(database_url, timeout=timeout)
        self._batches = Batches(self._commit, timeout=timeout)
        self.store = self._batches.store

    async def close(self) -> None:
        """Stop at once, and let go of the database."""
        await self._batches.close()
        await self._session.close()

    async def _commit(self, batch: list[Waiting]) -> None:
        try:
            await self._session.insert([waiting.delivery for waiting in batch])
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            await self._commit_apart(batch, error)
        except (psycopg.Error, OSError, TimeoutError) as error:
            await self._session.close()
            settle(batch, NotStored(type(error).__name__))
        else:
            settle(batch)
            failpoint("ingest.settled")
            self._committed({waiting.delivery.connection_id for waiting in batch})

    async def _commit_apart(self, batch: list[Waiting], error: psycopg.Error) -> None:
        """A connection that was just deleted spoils the statement; its neighbours do not suffer."""
        if len(batch) == 1:
            settle(batch, Refused(type(error).__name__))
            return
        for waiting in batch:
            await self._commit([waiting])
