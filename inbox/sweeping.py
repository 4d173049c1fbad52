"""Finding what a lost hint left behind, and doing it with the same functions.

Needs Postgres alone: with Redis, workers and beat gone, messages still appear and replies leave.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from django.db import DatabaseError, InterfaceError, connection

from messaging.inbound import sweep_waiting
from messaging.receipts import sweep_parked
from messaging.sql import execute
from outbound.dispatch import dispatch_due

logger = logging.getLogger(__name__)

# A hint that works is faster than this; what is older was left behind.
LEFT_BEHIND_SECONDS = 2.0
SEND_SECONDS = 5.0


def sweep_once() -> dict[str, int]:
    """One round over everything that must happen; what was done, by name.

    A part that fails is logged and does not stop the others.
    """
    return {
        "deliveries": _part(lambda: sweep_waiting(older_than_seconds=LEFT_BEHIND_SECONDS)),
        "receipts": _part(sweep_parked),
        "sends": _part(lambda: dispatch_due(limit_seconds=SEND_SECONDS)),
    }


def _part(call: Callable[[], int]) -> int:
    try:
        return call()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("sweep waits", extra={"error": type(error).__name__})
        connection.close()
        return 0


def beat(name: str) -> None:
    """Say that the process `name` is alive, by the database's clock."""
    _part(partial(_beat, name))


def _beat(name: str) -> int:
    execute(
        """
        INSERT INTO messaging_heartbeat (name, beat_at) VALUES (%s, now())
        ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at
        """,
        [name],
    )
    return 0
