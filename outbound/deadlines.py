"""How long a message may wait before it is not worth sending any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone


def deadline_for(message_class: str, *, ready_at: datetime | None = None) -> datetime:
    """When a message of this class that may leave from `ready_at` (now) on is given up.

    Source: Cloud API, "Error codes": free messages are repeated for at most 15 minutes.
    """
    seconds = settings.SEND_DEADLINES[message_class]
    return (ready_at or timezone.now()) + timedelta(seconds=seconds)


def seconds_left(deadline_at: datetime | None) -> float | None:
    """Until the deadline; None where there is none."""
    return None if deadline_at is None else (deadline_at - timezone.now()).total_seconds()
