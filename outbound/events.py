"""Facts of sending, told after commit through messaging's signal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakersOpened:
    """Numbers, connections or hosts through which nothing leaves any more."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakersClosed:
    """Breakers that let messages leave again."""

    count: int
