"""A customer may have got the same message twice: somebody should know, and perhaps say sorry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from alerts.findings import Finding
from alerts.models import Severity
from outbound.models import OutboxEntry

TOLD_FOR = timedelta(days=1)


def evaluate(now: datetime) -> Iterator[Finding]:
    """Messages of the last day that the provider took twice."""
    rows = OutboxEntry.objects.filter(sent_twice_at__gt=now - TOLD_FOR)
    for entry in rows.select_related("channel").order_by("pk"):
        yield Finding(
            organization_id=entry.organization_id,
            dedup_key=f"sent_twice:{entry.pk}",
            severity=Severity.WARNING,
            title=_("A message of %(channel)s left twice") % {"channel": entry.channel.name},
            body=_(
                "It was sent again while nobody knew whether it had left, and by now WhatsApp has"
                " confirmed both. The message is number %(message)d, in conversation"
                " %(conversation)d; its bubble says so too."
            )
            % {"message": entry.message_id, "conversation": entry.conversation_id},
        )
