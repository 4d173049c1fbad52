"""Work that could not be done, decided on by a person or a command; every decision is audited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import transaction

from inbox import audit
from messaging import dead_letters
from messaging.models import DeadLetter, User

# Ids in one entry of the audit trail.
AT_ONCE = 500


def retry(
    ids: Iterable[int], *, by: User | None, seconds: float = dead_letters.RETRY_SECONDS
) -> int:
    """Try again what is open among dead letters; how many. What is not done in time follows."""
    wanted = _open(ids)
    _record("retry_dead_letters", wanted, by)
    return dead_letters.retry(_all(wanted), seconds=seconds)


def discard(ids: Iterable[int], *, by: User | None, reason: str) -> int:
    """Close what is open among dead letters for good; how many."""
    wanted = _open(ids)
    _record("discard_dead_letters", wanted, by)
    return dead_letters.discard(_all(wanted), by=by, reason=reason)


def _open(ids: Iterable[int]) -> dict[int, list[int]]:
    """Those that are open, by organisation."""
    rows = DeadLetter.objects.filter(pk__in=list(ids), state__in=dead_letters.OPEN)
    found: dict[int, list[int]] = defaultdict(list)
    for organization_id, letter_id in rows.order_by("pk").values_list("organization_id", "pk"):
        found[organization_id].append(letter_id)
    return found


def _all(wanted: Mapping[int, list[int]]) -> list[int]:
    return [letter_id for ids in wanted.values() for letter_id in ids]


def _record(action: str, wanted: Mapping[int, list[int]], by: User | None) -> None:
    """Before anything is done, so that what was done is known even where we die half-way."""
    for organization_id in sorted(wanted):
        ids = wanted[organization_id]
        with transaction.atomic():
            for start in range(0, len(ids), AT_ONCE):
                some = ids[start : start + AT_ONCE]
                details = {"ids": some, "count": len(some)}
                subject = f"deadletter:{some[0]}"
                audit.record(organization_id, action, subject, by=by, details=details)
