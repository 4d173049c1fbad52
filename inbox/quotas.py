"""An organisation's quota as people see and change it; audited, since it decides who is silent."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from inbox import audit
from messaging.models import Membership
from outbound import limits
from outbound.limits import quotas
from outbound.limits.quotas import Usage
from outbound.models import QuotaPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One period of an organisation, and which store counts permits now."""

    usage: Usage
    backend: str


def read(membership: Membership, *, period: str | None) -> Quota:
    """The asked period; without one, the only one that has a limit, else the month."""
    return Quota(usage=_choose(membership.organization_id, period), backend=limits.backend())


def change(membership: Membership, *, period: str | None, limit: int | None) -> Quota:
    """Set a limit, or take it away with None; what waited for it leaves at once."""
    organization_id = membership.organization_id
    with transaction.atomic():
        before = _choose(organization_id, period)
        quotas.set_limit(organization_id, period=before.period, limit=limit)
        audit.record(
            organization_id,
            "change_quota",
            f"organization:{organization_id}",
            by=membership.user,
            details={"period": before.period, "from": before.limit, "to": limit},
        )
    return read(membership, period=before.period)


def _choose(organization_id: int, period: str | None) -> Usage:
    found = quotas.usage(organization_id)
    if period:
        return found[period]
    limited = [usage for usage in found.values() if usage.limit is not None]
    return limited[0] if len(limited) == 1 else found[QuotaPeriod.MONTH]
