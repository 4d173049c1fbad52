from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Incarnation(models.Model):
    """Which database this was when it last sent: another one than today is a restored backup.

    Sent messages look unsent in a backup, so nothing leaves until somebody has looked.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    system_identifier = models.CharField(max_length=40)
    timeline = models.IntegerField()
    # This table's own; whatever is loaded from a dump has another one.
    table_oid = models.BigIntegerField(default=0, db_default=0)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="incarnation_single"),
        ]

    def __str__(self) -> str:
        return f"{self.system_identifier}/{self.timeline}"


class Quarantine(models.Model):
    """A time in which nothing is sent; over once somebody releases it."""

    reason = models.CharField(max_length=40)
    since = models.DateTimeField(db_default=Now())
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            # Serves the question before each send; there is one at a time.
            models.UniqueConstraint(
                fields=["reason"],
                condition=models.Q(released_at__isnull=True),
                name="quarantine_open_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"quarantine {self.pk} ({self.reason})"
