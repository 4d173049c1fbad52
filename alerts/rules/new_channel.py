"""A number that nobody entered became a channel: somebody should know whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from alerts.findings import Finding
from alerts.models import Severity
from messaging.models import Channel

TOLD_FOR = timedelta(days=1)


def evaluate(now: datetime) -> Iterator[Finding]:
    """Channels of the last day that came from a webhook rather than from a person."""
    rows = Channel.objects.filter(
        appeared_by_itself=True, created_at__gt=now - TOLD_FOR
    ).select_related("connection")
    for channel in rows:
        yield Finding(
            organization_id=channel.organization_id,
            dedup_key=f"new_channel:{channel.pk}",
            severity=Severity.INFO,
            title=_("A new number writes to your inbox: %(name)s") % {"name": channel.name},
            body=_(
                "A webhook of %(connection)s was for a number the inbox did not know. It is a"
                " channel now and its messages are kept. If it is not yours, switch off “adds"
                " channels” on the connection."
            )
            % {"connection": channel.connection.name},
        )
