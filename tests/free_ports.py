"""Ports for whole installations: web, gateway and simulator stand side by side."""

from __future__ import annotations

from inbox.processes import ports

TRIES = 100
LAST = 65_533


def three_in_a_row() -> int:
    """The first of three neighbouring ports that nobody uses now."""
    for _ in range(TRIES):
        first = ports.choose()
        if first <= LAST and all(ports.is_free(first + offset) for offset in range(3)):
            return first
    raise AssertionError("no three free ports in a row")
