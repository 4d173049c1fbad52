"""What a loop that comes by every second does less often."""

from __future__ import annotations

import time


class Pace:
    """Says yes to the first who asks, and again whenever `seconds` have passed since."""

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def is_time(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True
