"""Consent as it is at the last moment: a no that came while the message waited counts."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from messaging import windows
from outbound import consents
from outbound.gates.refusal import Refusal
from outbound.places import Place


def stopped(places: Sequence[Place]) -> dict[int, Refusal]:
    """Messages whose reader has not allowed them, or not any more."""
    now = timezone.now()
    wanted = [
        consents.Wanted(
            organization_id=place.organization_id,
            contact_id=place.contact_id,
            channel_id=place.channel_id,
            message_class=place.message_class,
            is_template=place.kind == "template",
            is_reply=place.kind != "template" and windows.is_open(place.window_expires_at, now=now),
        )
        for place in places
    ]
    verdicts = zip(places, consents.judge(wanted), strict=True)
    return {place.claim.entry_id: Refusal(code=code) for place, code in verdicts if code}
