"""What is held back now, as this process knew it at most a second ago."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from messaging.sql import execute
from outbound.models import BreakerState

FRESH_SECONDS = 1.0


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


def held_channels() -> list[int]:
    """Numbers through which nothing may leave now, for whoever claims lanes.

    A claim that leaves them out must still look at their lanes when a deadline passes.
    """
    holding = [scope for scope, seen in now().items() if seen.holds]
    return [channel_id for (channel_id,) in execute(HELD, {"scopes": holding})] if holding else []


READ = """
SELECT scope, state, override, retry_at FROM outbound_breaker
WHERE state <> 'closed' OR override <> '' OR failures > 0
"""
HELD = """
SELECT channel.id FROM messaging_channel AS channel
WHERE 'channel:' || channel.id = ANY(%(scopes)s::text[])
   OR 'connection:' || channel.connection_id = ANY(%(scopes)s::text[])
"""
