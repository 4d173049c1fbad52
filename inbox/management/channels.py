"""Numbers as operators type them."""

from __future__ import annotations

from django.core.management.base import CommandError

from inbox.access import is_number
from messaging.models import Channel


def channel_ids(name: str) -> list[int]:
    """Channels by the provider's id, else by ours. Raises CommandError."""
    found = list(Channel.objects.filter(external_id=name).values_list("pk", flat=True))
    if not found and is_number(name):
        found = list(Channel.objects.filter(pk=int(name)).values_list("pk", flat=True))
    if not found:
        raise CommandError(f"There is no channel {name}.")
    return found
