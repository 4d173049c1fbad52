"""Pushes between processes: group names, and the only code that touches the channel layer.

A push is a hint of ids and numbers, at most once: it waits 300 ms at most, is not repeated, and
a failure is counted, never raised. Whoever needs certainty compares heads.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import redis
from asgiref.sync import async_to_sync
from channels.layers import BaseChannelLayer, get_channel_layer
from django.core.exceptions import ImproperlyConfigured
from prometheus_client import Counter

pushes_failed = Counter("inbox_pushes_failed_total", "Pushes that the channel layer did not take.")

PUSH_TIMEOUT_SECONDS = 0.3
REST_SECONDS = 1.0
UNREACHABLE = (redis.RedisError, OSError, TimeoutError)

_tasks: set[asyncio.Task[bool]] = set()
_resting_until = 0.0


def organization_group(organization_id: int) -> str:
    """The group that hears of an organisation's list."""
    return f"organization.{organization_id}"


def conversation_group(conversation_id: int) -> str:
    """The group of those who have a conversation open."""
    return f"conversation.{conversation_id}"


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, as frames say it."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def push(group: str, frame: dict[str, Any]) -> None:
    """Tell every process that joined `group`; from any thread, with or without a running loop.

    After a failure pushes rest for a second, so that a hanging Redis costs a writer next to
    nothing.
    """
    if time.monotonic() < _resting_until:
        pushes_failed.inc()
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        async_to_sync(_deliver)(group, frame)
        return
    task = loop.create_task(_deliver(group, frame))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def _layer() -> BaseChannelLayer:
    layer = get_channel_layer()
    if layer is None:
        raise ImproperlyConfigured("CHANNEL_LAYERS has no default.")
    return layer


async def _deliver(group: str, frame: dict[str, Any]) -> bool:
    global _resting_until  # noqa: PLW0603 - one breaker for the process
    try:
        async with asyncio.timeout(PUSH_TIMEOUT_SECONDS):
            await _layer().group_send(group, frame)
    except UNREACHABLE:
        pushes_failed.inc()
        _resting_until = time.monotonic() + REST_SECONDS
        return False
    return True


class Feed:
    """One process's ear: a channel of its own, joined to the groups that somebody here needs."""

    def __init__(self) -> None:
        self._channel = ""
        self._groups: set[str] = set()

    async def open(self) -> None:
        """Get a channel. Raises one of UNREACHABLE."""
        async with asyncio.timeout(PUSH_TIMEOUT_SECONDS * 3):
            self._channel = await _layer().new_channel()

    @property
    def is_open(self) -> bool:
        return bool(self._channel)

    async def join(self, group: str) -> None:
        """Hear `group` from now on. Raises one of UNREACHABLE."""
        if group not in self._groups:
            async with asyncio.timeout(PUSH_TIMEOUT_SECONDS * 3):
                await _layer().group_add(group, self._channel)
            self._groups.add(group)

    async def leave(self, group: str) -> None:
        """Hear it no more. Raises one of UNREACHABLE."""
        if group in self._groups:
            self._groups.discard(group)
            async with asyncio.timeout(PUSH_TIMEOUT_SECONDS):
                await _layer().group_discard(group, self._channel)

    async def receive(self) -> dict[str, Any]:
        """The next frame, however long it takes."""
        return await _layer().receive(self._channel)

    async def echo(self, number: int) -> None:
        """Send a frame to ourselves: hearing it proves both ways. Raises one of UNREACHABLE."""
        async with asyncio.timeout(PUSH_TIMEOUT_SECONDS):
            await _layer().send(self._channel, {"type": "echo", "number": number})
