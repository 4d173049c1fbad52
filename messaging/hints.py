"""Hints to workers: an id that says "look here", and nothing that could be lost with it.

The row is the truth and the sweeper finds it anyway, so a hint goes out after commit, waits at
most 100 ms for Redis, is not repeated, and never turns a committed write into an error.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import redis
from celery import Task, current_app
from django.conf import settings
from django.db import transaction
from prometheus_client import Counter

logger = logging.getLogger(__name__)

hints_failed = Counter("inbox_hints_failed_total", "Hints that did not reach the broker.", ["task"])

HINT_TIMEOUT_SECONDS = 0.1


def hint(task: Task[..., Any], *args: int, queue: str) -> None:
    """Ask a worker to run `task(*args)` soon, once the running transaction has committed."""
    transaction.on_commit(partial(send_hint, task.name, *args, queue=queue), robust=True)


def send_hint(task_name: str, *args: int, queue: str) -> bool:
    """Publish now. False, and a count, when Redis did not take it in time."""
    try:
        with current_app.connection_for_write(
            connect_timeout=HINT_TIMEOUT_SECONDS,
            transport_options={
                **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
                "socket_timeout": HINT_TIMEOUT_SECONDS,
                "socket_connect_timeout": HINT_TIMEOUT_SECONDS,
                "max_retries": 0,
            },
        ) as connection:
            current_app.send_task(
                task_name, args=args, queue=queue, retry=False, connection=connection
            )
    except (redis.RedisError, OSError, current_app.connection_for_write().connection_errors):
        hints_failed.labels(task_name).inc()
        return False
    return True
