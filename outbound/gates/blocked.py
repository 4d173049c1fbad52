"""Nothing leaves to somebody whom the team has blocked, not even what was queued before."""

from __future__ import annotations

from collections.abc import Sequence

from outbound.gates.refusal import Refusal
from outbound.places import Place

CODE = "blocked"


def stopped(places: Sequence[Place]) -> dict[int, Refusal]:
    """Messages to people who are blocked, by themselves or as the person they were merged into."""
    return {place.claim.entry_id: Refusal(code=CODE) for place in places if place.is_blocked}
