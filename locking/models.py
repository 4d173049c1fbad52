from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class LeaseQuerySet(models.QuerySet["Lease"]):
    """Leases, by the database clock."""

    def live(self) -> LeaseQuerySet:
        """Those that have not run out."""
        return self.filter(expires_at__gt=Now())


class Lease(models.Model):
    """Who works on a resource for the next seconds, such as `conversation:42`.

    `token` comes from one sequence and grows on every change of holder, so that whoever comes
    back late can be told from whoever holds it now. A row that has run out is as good as none.
    """

    resource = models.CharField(max_length=120, unique=True)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="leases"
    )
    token = models.BigIntegerField()
    expires_at = models.DateTimeField()

    objects = LeaseQuerySet.as_manager()

    class Meta:
        indexes = [
            # Serves the purge of what ran out long ago.
            models.Index(fields=["expires_at"], name="lease_expires_at"),
        ]

    def __str__(self) -> str:
        return f"lease {self.token} on {self.resource}"
