"""What is held back now, as this process knew it at most a second ago."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from messaging.sql import execute
from outbound.breakers import scopes
from outbound.models import BreakerState

FRESH_SECONDS = 1.0
# Closing makes everything due that waits for it, so this is only how often waiting is looked at.
WAIT_SECONDS = 120.0
CODES = {"connection": "access_lost", "channel": "number_down", "host": "host_down"}
PAUSED = "paused"
WAITING_CODES = (*CODES.values(), PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A breaker that is not simply closed."""

    state: str
    override: str
    retry_at: datetime | None

    @property
    def holds(self) -> bool:
        """Whether nothing may leave: a person's word, else what was observed."""
        return (self.override or self.state) != BreakerState.CLOSED


class _Board:
    rows: ClassVar[Mapping[str, Seen]] = {}
    read_at: ClassVar[float] = float("-inf")


def now() -> Mapping[str, Seen]:
    """By scope, every breaker that holds something back, is overridden, or counts failures."""
    if time.monotonic() - _Board.read_at >= FRESH_SECONDS:
        _Board.rows = {
            scope: Seen(state=state, override=override, retry_at=retry_at)
            for scope, state, override, retry_at in execute(READ)
        }
        _Board.read_at = time.monotonic()
    return _Board.rows


def forget() -> None:
    """Read anew at the next look: this process has changed a row."""
    _Board.read_at = float("-inf")


def code_of(guarding: Collection[str]) -> str:
    """Why nothing may leave that these scopes guard, as a code of `outbound.words`; "" where it
    may. The first that holds counts.
    """
    seen = now()
    for scope in guarding:
        if scope in seen and seen[scope].holds:
            is_decided = seen[scope].override == BreakerState.OPEN
            return PAUSED if is_decided else CODES[scopes.kind_of(scope)]
    return ""


def held_channels(channel_ids: Collection[int]) -> dict[int, str]:
    """Numbers through which nothing may leave now, with the code of what holds them back."""
    if not channel_ids or not any(each.holds for each in now().values()):
        return {}
    found = {
        channel_id: code_of(_guarding(channel_id, connection_id, base_url, kind))
        for channel_id, connection_id, base_url, kind in execute(GUARDED, [list(channel_ids)])
    }
    return {channel_id: code for channel_id, code in found.items() if code}


def _guarding(channel_id: int, connection_id: int, base_url: str, kind: str) -> tuple[str, ...]:
    return (
        scopes.of_connection(connection_id),
        scopes.of_channel(channel_id),
        scopes.of_stored(base_url, kind),
    )


READ = """
SELECT scope, state, override, retry_at FROM outbound_breaker
WHERE state <> 'closed' OR override <> '' OR failures > 0
"""
GUARDED = """
SELECT channel.id, connection.id, connection.base_url, connection.kind
FROM messaging_channel AS channel
JOIN messaging_connection AS connection ON connection.id = channel.connection_id
WHERE channel.id = ANY(%s::bigint[])
"""
