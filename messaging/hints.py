"""Hints to workers: an id that says "look here", and nothing that could be lost with it.

The row is the truth and the sweeper finds it anyway, so a hint goes out after commit, waits at
most 100 ms for Redis, is not repeated, and never turns a committed write into an error.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

import redis
from celery import Task, current_app
from django.conf import settings
from django.db import transaction
from kombu import Connection
from kombu.exceptions import KombuError, OperationalError
from prometheus_client import Counter

from messaging.failpoints import failpoint

hints_failed = Counter("inbox_hints_failed", "Hints that did not reach the broker.", ["task"])

HINT_TIMEOUT_SECONDS = 0.1
REST_SECONDS = 1.0  # a dead Redis is asked once a second, not once a hint
FAILURES = (redis.RedisError, KombuError, OperationalError, OSError)

_kept = threading.local()


def hint(task: Task[..., Any], *args: int, queue: str) -> None:
    """Ask a worker to run `task(*args)` soon, once the running transaction has committed."""
    transaction.on_commit(partial(send_hint, task.name, *args, queue=queue), robust=True)


def send_hint(task_name: str, *args: int, queue: str) -> bool:
    """Publish now. False, and a count, when Redis did not take it in time."""
    failpoint("hints.send")
    if time.monotonic() < getattr(_kept, "rest_until", 0.0):
        hints_failed.labels(task_name).inc()
        return False
    try:
        current_app.send_task(task_name, args=args, queue=queue, retry=False, connection=_open())
    except FAILURES:
        _kept.connection = None
        _kept.rest_until = time.monotonic() + REST_SECONDS
        hints_failed.labels(task_name).inc()
        return False
    return True


def _open() -> Connection:
    """This thread's own connection: impatient, unlike the one workers listen on."""
    connection = getattr(_kept, "connection", None)
    if connection is None:
        connection = _kept.connection = Connection(
            settings.REDIS_URL,
            connect_timeout=HINT_TIMEOUT_SECONDS,
            transport_options={
                "socket_timeout": HINT_TIMEOUT_SECONDS,
                "socket_connect_timeout": HINT_TIMEOUT_SECONDS,
                "max_retries": 0,
                "retry_on_timeout": False,
            },
        )
    return connection
