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
from messaging.ingest import NotStored
from messaging.secrets import ConnectionSecrets, SecretsUnreadable, unseal

KEEP_SECONDS = 10.0
MOST_ENTRIES = 1000
LOOK_UP = """
SELECT id, sealed_secrets FROM messaging_connection
WHERE kind = %s AND slug = %s AND is_active
"""


@dataclass(frozen=True, slots=True)
class Address:
    """A connection's id and what signs its webhooks."""

    connection_id: int
    secrets: ConnectionSecrets


class Directory:
    """Connections by `(kind, slug)`, read over one database connection of its own."""

    def __init__(self, database_url: str, *, timeout: float) -> None:
        self._url = database_url
        self._timeout = timeout
        self._known: dict[tuple[str, str], tuple[float, Address | None]] = {}
        self._lock = asyncio.Lock()
        self._connection: psycopg.AsyncConnection | None = None

    async def find(self, kind: str, slug: str) -> Address | None:
        """The address, or None where there is no such connection. Raises NotStored in time."""
        key = (kind, slug)
        if (kept := self._kept(key)) is not None:
            return kept[1]
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(deadline):
                await self._lock.acquire()
        except TimeoutError as error:
            raise NotStored("the look-up waited too long") from error
        try:
            return await self._find_alone(key, deadline)
        finally:
            self._lock.release()

    async def _find_alone(self, key: tuple[str, str], deadline: float) -> Address | None:
        """One look-up at a time; whoever waited for the same one finds its answer kept."""
        if (kept := self._kept(key)) is not None:
            return kept[1]
        address = await self._read(*key, deadline)
        if len(self._known) >= MOST_ENTRIES:
            self._known.clear()
        self._known[key] = (time.monotonic() + KEEP_SECONDS, address)
        return address

    def _kept(self, key: tuple[str, str]) -> tuple[float, Address | None] | None:
        kept = self._known.get(key)
        return kept if kept is not None and kept[0] > time.monotonic() else None

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
        left = deadline - asyncio.get_running_loop().time()
        cursor = await patience.execute(self._connection, LOOK_UP, (kind, slug), timeout=left)
        return await cursor.fetchone()

    async def close(self) -> None:
        """Let go of the database; the next look-up connects anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
