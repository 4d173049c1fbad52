"""Which connection a webhook address names, and the secrets that prove its senders.

Kept in memory for at most ten seconds, so a changed secret is in force everywhere by then.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import psycopg

from messaging import patience
from messaging.failpoints import failpoint
from messaging.ingest import NotStored
from messaging.secrets import ConnectionSecrets, SecretsUnreadable, unseal

KEEP_SECONDS = 10.0
STALE_SECONDS = 1.0  # a Postgres that does not answer is asked again after this
MOST_ENTRIES = 1000
Key = tuple[str, str]
LOOK_UP = """
SELECT id, sealed_secrets FROM messaging_connection
WHERE kind = %s AND slug = %s AND is_active
"""


@dataclass(frozen=True, slots=True)
class Address:
    """A connection's id and what signs its webhooks."""

    connection_id: int
    secrets: ConnectionSecrets


@dataclass(frozen=True, slots=True)
class Kept:
    """An address, and until when nobody asks for it again (by the monotonic clock)."""

    address: Address
    until: float


class Directory:
    """Connections by `(kind, slug)`, read over one database connection of its own."""

    def __init__(self, database_url: str, *, timeout: float, may_be_stale: bool = False) -> None:
        """`may_be_stale`: while Postgres does not answer, what it said last still holds."""
        self._url = database_url
        self._timeout = timeout
        self._may_be_stale = may_be_stale
        self._found: dict[Key, Kept] = {}
        self._absent: dict[Key, float] = {}
        self._asked: set[Key] = set()
        self._lock = asyncio.Lock()
        self._connection: psycopg.AsyncConnection | None = None

    def is_familiar(self, kind: str, slug: str) -> bool:
        """Whether Postgres knew this connection when last asked, or is being asked for it now."""
        return (kind, slug) in self._found or (kind, slug) in self._asked

    async def find(self, kind: str, slug: str) -> Address | None:
        """The address, or None where there is no such connection. Raises NotStored in time."""
        key = (kind, slug)
        if self._is_fresh(key):
            return self._kept(key)
        self._asked.add(key)
        try:
            return await self._find_in_turn(key)
        finally:
            self._asked.discard(key)

    async def _find_in_turn(self, key: Key) -> Address | None:
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(deadline):
                await self._lock.acquire()
        except TimeoutError as error:
            return self._stale(key, NotStored("the look-up waited too long"), error)
        try:
            return await self._find_alone(key, deadline)
        finally:
            self._lock.release()

    async def _find_alone(self, key: Key, deadline: float) -> Address | None:
        """One look-up at a time; whoever waited for the same one finds its answer kept."""
        if self._is_fresh(key):
            return self._kept(key)
        try:
            address = await self._read(*key, deadline)
        except NotStored as error:
            return self._stale(key, error, error.__cause__)
        self._keep(key, address)
        return address

    def _stale(self, key: Key, problem: NotStored, cause: BaseException | None) -> Address:
        """What was known before, for another moment. Raises the problem where it may not be."""
        if not self._may_be_stale or key not in self._found:
            raise problem from cause
        address = self._found[key].address
        self._found[key] = Kept(address, time.monotonic() + STALE_SECONDS)
        return address

    def _keep(self, key: Key, address: Address | None) -> None:
        until = time.monotonic() + KEEP_SECONDS
        if address is None:
            self._found.pop(key, None)
            if len(self._absent) >= MOST_ENTRIES:
                self._absent.clear()
            self._absent[key] = until
            return
        if len(self._found) >= MOST_ENTRIES:
            del self._found[min(self._found, key=lambda each: self._found[each].until)]
        self._found[key] = Kept(address, until)

    def _is_fresh(self, key: Key) -> bool:
        kept = self._found.get(key)
        return (kept.until if kept else self._absent.get(key, 0.0)) > time.monotonic()

    def _kept(self, key: Key) -> Address | None:
        kept = self._found.get(key)
        return kept.address if kept else None

    async def _read(self, kind: str, slug: str, deadline: float) -> Address | None:
        try:
            row = await self._select(kind, slug, deadline)
        except (psycopg.Error, OSError, TimeoutError) as error:
            await self.close()
            raise NotStored(type(error).__name__) from error
        if row is None:
            return None
        try:
            return Address(row[0], unseal(row[1], purpose=f"connection/{kind}/{slug}"))
        except SecretsUnreadable as error:
            raise NotStored("the connection's secrets cannot be read") from error

    async def _select(self, kind: str, slug: str, deadline: float) -> tuple[Any, ...] | None:
        if self._connection is None or self._connection.closed:
            async with asyncio.timeout_at(deadline):
                self._connection = await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, application_name="inbox gateway"
                )
        failpoint("directory.look_up", self._connection)
        left = deadline - asyncio.get_running_loop().time()
        cursor = await patience.execute(self._connection, LOOK_UP, (kind, slug), timeout=left)
        return await cursor.fetchone()

    async def close(self) -> None:
        """Let go of the database; the next look-up connects anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
