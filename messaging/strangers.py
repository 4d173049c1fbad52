"""Callers whose signatures are wrong: a few are answered, many are told to go away."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST_ADDRESSES = 10_000
BURST_SECONDS = 2.0


class Strangers:
    """A token bucket for each address; genuine callers never meet it."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`rate` wrongly signed calls a second from one address, two seconds' worth at once."""
        self._rate = rate
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def admit(self, address: str) -> bool:
        """Whether one more wrongly signed call from `address` still gets the ordinary answer."""
        now = self._clock()
        most = max(1.0, self._rate * BURST_SECONDS)
        tokens, since = self._buckets.get(address, (most, now))
        tokens = min(most, tokens + (now - since) * self._rate)
        if len(self._buckets) >= MOST_ADDRESSES and address not in self._buckets:
            self._buckets.clear()
        admitted = tokens >= 1
        self._buckets[address] = (tokens - 1 if admitted else tokens, now)
        return admitted
