"""Nothing leaves through a number, connection or host that does not work; it waits instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outbound.breakers import board, scopes
from outbound.breakers.board import Seen
from outbound.deadlines import seconds_left
from outbound.gates.refusal import Refusal
from outbound.models import BreakerState
from outbound.places import Place

# Closing makes everything due that waits for it, so this only has to be short of a deadline.
WAIT_SECONDS = 120.0
LEAST_SECONDS = 1.0
CODES = {"connection": "access_lost", "channel": "number_down", "host": "host_down"}
PAUSED = "paused"
WAITING_CODES = (*CODES.values(), PAUSED)


def stopped(places: Sequence[Place]) -> dict[int, Refusal]:
    """Messages whose breaker is open; no attempt is spent, their order stays."""
    seen = board.now()
    if not any(each.holds for each in seen.values()):
        return {}
    found = {place.claim.entry_id: _code(place, seen) for place in places}
    waits = {place.claim.entry_id: _seconds(place) for place in places}
    return {
        entry_id: Refusal(code=code, waits=True, seconds=waits[entry_id])
        for entry_id, code in found.items()
        if code
    }


def _code(place: Place, seen: Mapping[str, Seen]) -> str:
    guarding = (
        scopes.of_connection(place.connection_id),
        scopes.of_channel(place.channel_id),
        scopes.of_host(place.sender),
    )
    for scope in guarding:
        if scope in seen and seen[scope].holds:
            is_decided = seen[scope].override == BreakerState.OPEN
            return PAUSED if is_decided else CODES[scopes.kind_of(scope)]
    return ""


def _seconds(place: Place) -> float:
    """Half of what is left, so that it is looked at again before its deadline fails it."""
    left = seconds_left(place.deadline_at)
    return WAIT_SECONDS if left is None else min(WAIT_SECONDS, max(left / 2, LEAST_SECONDS))
