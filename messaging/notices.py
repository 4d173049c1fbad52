"""News that the drain has kept, for the apps above: each takes its kinds and says when it is done.

The row is the truth: whoever takes notices marks them in the transaction of what they did, and
a sweep finds those that are left.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models.functions import Now

from messaging.models import ProviderNotice

MOST_AT_ONCE = 500
MOST_RECENT = 2000


def waiting(kinds: Collection[str], *, limit: int = MOST_AT_ONCE) -> list[ProviderNotice]:
    """Notices of these kinds that nobody has handled, oldest first, locked for the transaction.

    What another transaction holds is left to it.
    """
    rows = ProviderNotice.objects.filter(kind__in=kinds, handled_at__isnull=True)
    return list(rows.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:limit])


def handled(notice_ids: Collection[int]) -> int:
    """Mark notices as done; how many were not yet."""
    rows = ProviderNotice.objects.filter(pk__in=notice_ids, handled_at__isnull=True)
    return rows.update(handled_at=Now())


def handle_all(kinds: Collection[str], *, until: int) -> int:
    """Mark those of these kinds as done, up to the notice `until`."""
    rows = ProviderNotice.objects.filter(kind__in=kinds, handled_at__isnull=True, pk__lte=until)
    return rows.update(handled_at=Now())


def newest() -> int:
    """The number of the newest notice there is; 0 where there is none."""
    return ProviderNotice.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def recent(kinds: Collection[str], *, since: datetime) -> list[ProviderNotice]:
    """Notices of these kinds, handled or not, oldest first; of too many the newest."""
    rows = ProviderNotice.objects.filter(kind__in=kinds, received_at__gt=since)
    newest = rows.select_related("connection", "channel").order_by("-pk")[:MOST_RECENT]
    return list(reversed(newest))
