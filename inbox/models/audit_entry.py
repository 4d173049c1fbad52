from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from messaging.models import Organization


class AuditHead(models.Model):
    """The end of an organisation's chain; its row is the lock of the chain."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True, db_default="")

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.seq}"


class AuditEntry(models.Model):
    """One thing a person (or a command) did that must stay known; only ever added.

    `digest` covers the entry and the digest before it, with a key that is not in the database:
    a changed, removed or inserted row breaks the chain from there on. `subject` is
    `<model>:<id>`. `details` hold codes and numbers, never texts, names or phone numbers.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Kept beside the reference, which may go; 0 is a command or the system itself.
    actor_number = models.BigIntegerField(default=0)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(db_default=Now())
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "audit entries"
        constraints = [
            # Serves the walk along the chain.
            models.UniqueConstraint(fields=["organization", "seq"], name="audit_seq_unique"),
        ]
        indexes = [
            # Serves what was done to one thing.
            models.Index(fields=["organization", "subject"], name="audit_subject"),
        ]

    def __str__(self) -> str:
        return f"audit entry {self.organization_id}/{self.seq} ({self.action})"
