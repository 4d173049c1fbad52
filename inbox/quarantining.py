"""An operator keeps messages back, or lets them leave again after a restore; audited."""

from __future__ import annotations

from django.db import transaction

from inbox import audit
from messaging.hints import hint
from messaging.models import Organization, User
from outbound import quarantine
from outbound.models import Quarantine
from outbound.tasks import dispatch_due_entries


def start(*, is_restored: bool, by: User | None = None) -> Quarantine:
    """Keep everything back; `is_restored` hands over what was open, as after a restore."""
    started = quarantine.start(is_restored=is_restored)
    with transaction.atomic():
        _record("start_quarantine", started, by=by)
    return started


def release_all(*, by: User | None = None) -> list[Quarantine]:
    """Let messages leave again; what was ended. Nobody in `by` is a command."""
    held = list(quarantine.open_ones())
    for each in held:
        # Before the gate opens, everything that may have left must be with people.
        quarantine.hand_over(each)
        with transaction.atomic():
            _record("release_quarantine", each, by=by)
            quarantine.release(each, by=by)
            hint(dispatch_due_entries, queue="send")
    return held


def _record(action: str, subject: Quarantine, *, by: User | None) -> None:
    """It concerns every organisation, so each one's chain tells of it."""
    for organization_id in Organization.objects.order_by("pk").values_list("pk", flat=True):
        audit.record(
            organization_id,
            action,
            f"quarantine:{subject.pk}",
            by=by,
            details={"reason": subject.reason},
        )
