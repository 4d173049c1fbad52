from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.db.models.functions import Now

from locking.models import Lease

KEPT_AFTER_EXPIRY = timedelta(days=1)


@shared_task
def purge_expired_leases() -> None:
    """Delete leases that ran out long ago; a late heartbeat may still renew a fresh one."""
    Lease.objects.filter(expires_at__lt=Now() - KEPT_AFTER_EXPIRY).delete()
