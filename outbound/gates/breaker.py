"""Nothing leaves through a number, connection or host that does not work; it waits instead.

A claim leaves such messages where they are (`outbound.plans`); this is for breakers that have
opened since.
"""

from __future__ import annotations

from collections.abc import Sequence

from outbound.breakers import board, scopes
from outbound.breakers.board import WAIT_SECONDS
from outbound.deadlines import seconds_left
from outbound.gates.refusal import Refusal
from outbound.places import Place

LEAST_SECONDS = 1.0


def stopped(places: Sequence[Place]) -> dict[int, Refusal]:
    """Messages whose breaker is open; no attempt is spent, their order stays."""
    if not any(each.holds for each in board.now().values()):
        return {}
    found = {place.claim.entry_id: board.code_of(_guarding(place)) for place in places}
    waits = {place.claim.entry_id: _seconds(place) for place in places}
    return {
        entry_id: Refusal(code=code, waits=True, seconds=waits[entry_id])
        for entry_id, code in found.items()
        if code
    }


def _guarding(place: Place) -> tuple[str, ...]:
    return (
        scopes.of_connection(place.connection_id),
        scopes.of_channel(place.channel_id),
        scopes.of_host(place.sender),
    )


def _seconds(place: Place) -> float:
    """Half of what is left, so that it is looked at again before its deadline fails it."""
    left = seconds_left(place.deadline_at)
    return WAIT_SECONDS if left is None else min(WAIT_SECONDS, max(left / 2, LEAST_SECONDS))
