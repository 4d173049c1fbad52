"""Nothing is sent until an operator releases it; everybody has to know, and somebody to act."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from alerts.findings import Finding
from alerts.models import Severity
from messaging.models import Organization
from outbound import quarantine
from outbound.models import Quarantine


def evaluate(now: datetime) -> Iterator[Finding]:
    """What keeps messages back now, for every organisation."""
    del now  # what holds now is in the rows
    for held in quarantine.open_ones():
        for organization_id in Organization.objects.order_by("pk").values_list("pk", flat=True):
            yield _finding(held, organization_id)


def _finding(held: Quarantine, organization_id: int) -> Finding:
    is_stopped = held.reason == quarantine.STOPPED
    return Finding(
        organization_id=organization_id,
        dedup_key=f"quarantine:{held.pk}:{organization_id}",
        severity=Severity.CRITICAL,
        title=_("An operator has stopped sending")
        if is_stopped
        else _("Nothing is sent: the database was restored from a backup"),
        body=_("Messages are kept and leave once an operator runs “manage.py quarantine release”.")
        if is_stopped
        else _(
            "Messages that were open in the backup may have left since, and need review. New ones"
            " are kept and leave once an operator runs “manage.py quarantine release”."
        ),
    )
