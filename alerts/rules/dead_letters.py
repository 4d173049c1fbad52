"""Work that was given up waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.findings import Finding
from alerts.models import Severity
from messaging.models import DeadLetter, DeadLetterState


def evaluate(now: datetime) -> Iterator[Finding]:
    """Organisations with dead letters, by source."""
    waiting = DeadLetter.objects.filter(state=DeadLetterState.FAILED, first_at__lte=now)
    rows = waiting.values_list("organization_id", "source").annotate(count=Count("pk"))
    for organization_id, source, count in rows:
        yield Finding(
            organization_id=organization_id,
            dedup_key=f"dead_letters:{organization_id}:{source}",
            severity=Severity.WARNING,
            title=ngettext(
                "%(count)d item could not be processed",
                "%(count)d items could not be processed",
                count,
            )
            % {"count": count},
            body=_(
                "Nothing is lost: the deliveries are kept as they came. Review the dead letters"
                " in the admin site."
            ),
        )
