"""Telling workers that a connection has deliveries waiting, at most one hint outstanding each.

Runs beside the gateway's event loop in a thread of its own, so that a slow Redis never delays
an answer. Lost hints cost the sweeper's two seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import redis
from django.conf import settings
from prometheus_client import Counter

from messaging.failpoints import failpoint
from messaging.hints import HINT_TIMEOUT_SECONDS, send_hint

logger = logging.getLogger(__name__)

DRAIN_TASK = "messaging.tasks.drain_connection"
OUTSTANDING_SECONDS = 5
PAUSE_AFTER_FAILURE_SECONDS = 1.0

nudges_failed = Counter("inbox_nudges_failed", "Times Redis could not be told of new deliveries.")


def outstanding_key(connection_id: int) -> str:
    """Set while a drain hint for the connection is under way; the drain removes it first."""
    return f"inbox:drain:{connection_id}"


def redis_client() -> redis.Redis:
    """A client that gives up fast."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=HINT_TIMEOUT_SECONDS,
        socket_connect_timeout=HINT_TIMEOUT_SECONDS,
        retry=None,
    )


class Nudger:
    """Collects connection ids from the event loop and hints from its thread."""

    def __init__(self) -> None:
        self._waiting: set[int] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._redis = redis_client()
        threading.Thread(target=self._run, name="nudger", daemon=True).start()

    def nudge(self, connection_ids: set[int]) -> None:
        """Say that these connections have something; returns at once."""
        with self._lock:
            self._waiting |= connection_ids
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            with self._lock:
                due, self._waiting = self._waiting, set()
            for connection_id in due:
                if not self._try(connection_id):
                    nudges_failed.inc()
                    time.sleep(PAUSE_AFTER_FAILURE_SECONDS)

    def _try(self, connection_id: int) -> bool:
        try:
            return self._hint(connection_id)
        except Exception:  # the thread outlives whatever one hint meets
            logger.exception("not nudged")
            return False

    def _hint(self, connection_id: int) -> bool:
        failpoint("nudges.flag")
        try:
            fresh = self._redis.set(
                outstanding_key(connection_id), 1, nx=True, ex=OUTSTANDING_SECONDS
            )
        except (redis.RedisError, OSError):
            return False
        failpoint("nudges.hint")
        return send_hint(DRAIN_TASK, connection_id, queue="inbound") if fresh else True


class Outstanding:
    """The sign that a drain is under way, kept up by it; a dead Redis is asked only once."""

    def __init__(self, connection_id: int) -> None:
        self._key = outstanding_key(connection_id)
        self._redis: redis.Redis | None = redis_client()

    def raise_(self) -> None:
        """Tell gateways that this connection is being drained; they need not hint."""
        self._try(lambda client: client.set(self._key, 1, ex=OUTSTANDING_SECONDS))

    def lower(self) -> None:
        """From now on a new delivery needs a hint of its own."""
        self._try(lambda client: client.delete(self._key))

    def _try(self, call: Callable[[redis.Redis], object]) -> None:
        if self._redis is None:
            return
        try:
            call(self._redis)
        except (redis.RedisError, OSError):
            nudges_failed.inc()
            self._redis = None
