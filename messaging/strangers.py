"""Callers who prove nothing: a few are answered, many are told to go away."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST_ADDRESSES = 10_000
BURST_SECONDS = 2.0


class Strangers:
    """A token bucket for each address; whoever proves to be genuine never meets it."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`rate` unproven calls a second from one address, two seconds' worth at once."""
        self._rate = rate
        self._most = max(1.0, rate * BURST_SECONDS)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def admit(self, address: str) -> bool:
        """Whether one more unproven call from `address` still gets the ordinary answer."""
        now = self._clock()
        tokens, since = self._buckets.get(address, (self._most, now))
        tokens = min(self._most, tokens + (now - since) * self._rate)
        if len(self._buckets) >= MOST_ADDRESSES and address not in self._buckets:
            self._buckets.clear()
        admitted = tokens >= 1
        self._buckets[address] = (tokens - 1 if admitted else tokens, now)
        return admitted

    def forgive(self, address: str) -> None:
        """The call that was admitted last from `address` was no stranger's."""
        if address in self._buckets:
            tokens, since = self._buckets[address]
            self._buckets[address] = (min(self._most, tokens + 1), since)
