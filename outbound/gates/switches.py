"""What has to be in order before anything can be sent at all."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone

from outbound.gates.refusal import Refusal
from outbound.places import Place
from outbound.retry import late_code


def stopped(places: Sequence[Place]) -> dict[int, Refusal]:
    """Channels that are off, kinds their provider does not carry, contacts without an address."""
    found = {place.claim.entry_id: _first_failing(place) for place in places}
    return {entry_id: Refusal(code=code) for entry_id, code in found.items() if code}


def waiting(places: Sequence[Place]) -> dict[int, Refusal]:
    """The one thing that mends itself, once this process has the right keys."""
    return {
        place.claim.entry_id: Refusal(code="secrets_unreadable", waits=True)
        for place in places
        if place.sender.account is None
    }


def _first_failing(place: Place) -> str:
    sending = place.sender.sending
    if sending is None:
        return "provider_unsupported"
    checks = (
        ("channel_inactive", not (place.is_active and place.sender.is_active)),
        ("kind_unsupported", place.kind not in sending.capabilities.kinds),
        ("no_access_token", place.sender.account is not None and not _can_log_in(place)),
        ("no_recipient", place.recipient is None),
        (
            late_code(place.waits_for),
            place.deadline_at is not None and place.deadline_at <= timezone.now(),
        ),
        # Attempts that only ever died before the fence; the others are counted when recorded.
        ("claim_expired", place.claim.tries.attempts >= settings.SEND_MAX_ATTEMPTS),
    )
    return next((code for code, fails in checks if fails), "")


def _can_log_in(place: Place) -> bool:
    secrets = place.sender.account.secrets if place.sender.account else None
    if secrets is None:
        return False
    keys = {
        "cloud": secrets.access_token,
        "twilio": secrets.auth_token,
        "waha": secrets.api_key,
    }
    return bool(keys[place.sender.kind])
