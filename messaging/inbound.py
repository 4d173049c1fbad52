"""Keeping a connection drained: until nothing waits, through errors that pass."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from django.conf import settings
from django.db import connection as database

from messaging import drain
from messaging.failpoints import failpoint
from messaging.hints import send_hint
from messaging.models import Connection

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 45.0
# The sweeper has more to do than this: replies must leave too while webhooks pour in.
SWEEP_SECONDS = 2.0
T = TypeVar("T")


class Flag(Protocol):
    """Says to others that this connection is being looked after."""

    def raise_(self) -> None: ...
    def lower(self) -> None: ...


def drain_connection(
    connection_id: int, *, outstanding: Flag | None = None, seconds: float = DRAIN_SECONDS
) -> int:
    """Apply what waits on the connection, for `seconds`; how many deliveries were finished.

    The flag is lowered before the last look, so a delivery committed after that look sends a
    hint of its own; what is left when time is up gets a hint from here.
    """
    connection = Connection.objects.get(pk=connection_id)
    deadline = time.monotonic() + seconds
    finished = 0
    while time.monotonic() < deadline:
        if outstanding:
            outstanding.raise_()
        failpoint("inbound.drain")
        if done := patiently(connection, drain.drain_batch):
            finished += done
            continue
        if outstanding:
            outstanding.lower()
        if not (done := patiently(connection, drain.drain_batch)):
            return finished
        finished += done
    failpoint("inbound.hint")
    send_hint("messaging.tasks.drain_connection", connection_id, queue="inbound")
    return finished


def patiently(connection: Connection, call: Callable[[Connection], T]) -> T:
    """`call(connection)`; after errors that may pass it is tried again.

    It waits for PROCESSING_RETRY_DELAYS, then raises what the last try raised.
    """
    for delay in settings.PROCESSING_RETRY_DELAYS:
        try:
            return call(connection)
        except drain.PASSING_ERRORS as error:
            logger.warning("drain waits", extra={"connection": connection.pk, **drain.blame(error)})
            database.close()
            time.sleep(delay)
    return call(connection)


def sweep_waiting(*, older_than_seconds: float) -> int:
    """Drain every connection whose hint was lost; how many deliveries were finished."""
    waiting = drain.waiting_connections(older_than_seconds=older_than_seconds)
    return sum(_sweep(each) for each in waiting)


def _sweep(connection_id: int) -> int:
    """One connection's turn; whatever is wrong with it must not stop the others'."""
    connection = Connection.objects.get(pk=connection_id)
    deadline = time.monotonic() + SWEEP_SECONDS
    finished = 0
    try:
        while time.monotonic() < deadline and (done := drain.drain_batch(connection)):
            finished += done
    except Exception as error:
        logger.warning("sweep waits", extra={"connection": connection_id, **drain.blame(error)})
        database.close()
    return finished
