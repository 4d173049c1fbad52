"""Notifications that are due → people; each has its own retries."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from alerts.models import Notification, NotificationState
from alerts.notifiers import NOTIFIERS

logger = logging.getLogger(__name__)

RETRY_AFTER = timedelta(minutes=1)
MOST_ATTEMPTS = 5
BATCH = 50


def tell_due() -> int:
    """Tell who is due to be told; how many notifications were sent."""
    return sum(_tell(pk) for pk in _claim())


def _claim() -> list[int]:
    """Take due notifications by moving their next try ahead, so that nobody else takes them."""
    now = timezone.now()
    with transaction.atomic():
        due = Notification.objects.filter(state=NotificationState.WAITING, due_at__lte=now)
        claimed = list(
            due.order_by("due_at").select_for_update(skip_locked=True).values_list("pk", flat=True)
        )[:BATCH]
        Notification.objects.filter(pk__in=claimed).update(
            due_at=now + RETRY_AFTER, attempts=F("attempts") + 1
        )
    return claimed


def _tell(pk: int) -> bool:
    notification = Notification.objects.select_related("alert__organization", "recipient").get(
        pk=pk
    )
    try:
        NOTIFIERS[notification.notifier](notification)
    except Exception as error:  # one that cannot be told must not keep the others waiting
        logger.warning(
            "notification failed",
            extra={"notification": pk, "error": type(error).__name__},
        )
        if notification.attempts >= MOST_ATTEMPTS:
            _close(pk, NotificationState.FAILED)
        return False
    _close(pk, NotificationState.SENT)
    return True


def _close(pk: int, state: NotificationState) -> None:
    Notification.objects.filter(pk=pk).update(state=state)
