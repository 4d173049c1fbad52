"""Statements that are given up in time, even where the server has stopped answering at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Sequence
from typing import Any

import psycopg


async def execute(
    connection: psycopg.AsyncConnection, sql: str, params: Sequence[Any], *, timeout: float
) -> psycopg.AsyncCursor:
    """Run one statement; after `timeout` seconds hang up. Raises psycopg.Error.

    A statement that is cancelled would wait ten seconds for the server's consent, so the
    connection is cut instead. Whether the statement took effect is then unknown.
    """
    loop = asyncio.get_running_loop()
    cut = loop.call_later(timeout, hang_up, connection)
    try:
        return await connection.execute(sql.encode(), params)
    finally:
        cut.cancel()


def hang_up(connection: psycopg.AsyncConnection | psycopg.Connection) -> None:
    """End the connection's stream, so that whoever waits for it hears of it at once.

    Its descriptor stays open until the connection is closed, so that no other can get its number
    while the event loop still watches it.
    """
    with (
        contextlib.suppress(psycopg.Error, OSError),
        socket.socket(fileno=os.dup(connection.fileno())) as stream,
    ):
        stream.shutdown(socket.SHUT_RDWR)
