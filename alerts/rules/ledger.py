"""Every delivery must be accounted for: the sums of the ledger close, or somebody must look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from alerts.findings import Finding
from alerts.models import Severity
from messaging import ledger

LOOKED_AT = timedelta(hours=24)


def evaluate(now: datetime) -> Iterator[Finding]:
    """Organisations whose sums of the last day do not close."""
    for gap in ledger.gaps(since=now - LOOKED_AT):
        yield Finding(
            organization_id=gap.organization_id,
            dedup_key=f"ledger:{gap.organization_id}",
            severity=Severity.CRITICAL,
            title=_("The ledger does not close: what became of some deliveries is not known"),
            body=_(
                "In the last 24 hours %(lineless)d finished deliveries have no line in the ledger"
                " and %(odd)d lines have no known outcome. The deliveries are kept. Run"
                " “manage.py ledger balance --by hour --since 24h” to see where, and"
                " “manage.py replay --since 24h” to process them again."
            )
            % {"lineless": gap.lineless, "odd": gap.odd},
        )
