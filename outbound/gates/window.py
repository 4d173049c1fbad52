"""Free messages leave only while the window is open, checked again at the last moment."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from messaging import windows
from outbound.gates.refusal import Refusal
from outbound.places import Place


def stopped(places: Sequence[Place]) -> dict[int, Refusal]:
    """Free messages whose window closed while they waited."""
    now = timezone.now()
    return {
        place.claim.entry_id: Refusal(code="window_closed")
        for place in places
        if _needs_window(place) and not windows.is_open(place.window_expires_at, now=now)
    }


def _needs_window(place: Place) -> bool:
    sending = place.sender.sending
    return place.kind != "template" and sending is not None and sending.capabilities.has_window
