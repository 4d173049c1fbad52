"""Tells open pages that something changed. What changed, they ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Hints:
    """Nobody listening costs nothing; many changes at once are one hint."""

    def __init__(self) -> None:
        self.is_closed = False
        self._listeners: set[asyncio.Event] = set()

    def changed(self) -> None:
        for listener in self._listeners:
            listener.set()

    def close(self) -> None:
        """Send every listener home."""
        self.is_closed = True
        self.changed()

    @contextmanager
    def listen(self) -> Iterator[asyncio.Event]:
        """An event that is set with every change; the listener clears it."""
        listener = asyncio.Event()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
