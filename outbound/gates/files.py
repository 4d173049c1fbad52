"""A message with a file leaves once its provider has the file."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from messaging.providers.values import mapping, text
from outbound.gates.refusal import Refusal
from outbound.models import ProviderFileState
from outbound.places import Place

# Kinds that are nothing without their file.
FILES = frozenset({"image", "video", "audio", "voice", "document", "sticker"})
# A file that travels along is held in memory, and is a third larger as it leaves.
LARGEST_ALONG_BYTES = 16 << 20


def stopped(places: Sequence[Place]) -> dict[int, Refusal]:
    """Files that were given up, for the reason that is kept with them; and files that their
    provider has no way to get at.
    """
    out_of_reach = {
        place.claim.entry_id: Refusal(code=code)
        for place in places
        if place.kind in FILES and not _uploads(place) and (code := _lacks(place))
    }
    return out_of_reach | {
        place.claim.entry_id: Refusal(code=place.file.error_code or "file_refused")
        for place in places
        if place.file is not None and place.file.state == ProviderFileState.FAILED
    }


def waiting(places: Sequence[Place]) -> dict[int, Refusal]:
    """Files still on their way; whoever uploads them wakes the message."""
    return {
        place.claim.entry_id: Refusal(code="file_waiting", waits=True)
        for place in places
        if _uploads(place) and place.file is not None and not place.file.provider_id
    }


def _uploads(place: Place) -> bool:
    return place.sender.sending is not None and place.sender.sending.capabilities.uploads


def _lacks(place: Place) -> str:
    """Why a provider that takes no uploads cannot have the file; "" where it can."""
    if place.file is None:
        given = (mapping(each) for each in place.content.values())
        return "" if any(text(each.get("link")) for each in given) else "file_missing"
    if settings.PUBLIC_URL:
        return ""
    sending = place.sender.sending
    takes_it = sending is not None and sending.capabilities.takes_bytes
    return "" if takes_it and place.file.size_bytes <= LARGEST_ALONG_BYTES else "file_unreachable"
