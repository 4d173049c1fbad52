"""What somebody must know, and who has been told."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    INFO = "info", _("Information")
    WARNING = "warning", _("Warning")
    CRITICAL = "critical", _("Critical")


class AlertState(models.TextChoices):
    OPEN = "open", _("Open")
    RESOLVED = "resolved", _("Resolved")


class Alert(models.Model):
    """A finding that holds until its rule no longer finds it; one open alert a dedup key."""

    organization = models.ForeignKey(
        "messaging.Organization", on_delete=models.CASCADE, related_name="alerts"
    )
    kind = models.CharField(max_length=40)
    dedup_key = models.CharField(max_length=120)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    title = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(max_length=8, choices=AlertState.choices, default=AlertState.OPEN)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Serves "is it open already".
            models.UniqueConstraint(
                fields=["dedup_key"], condition=models.Q(state="open"), name="alert_open_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk} ({self.kind})"


class NotificationState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Given up")


class Notification(models.Model):
    """One person to tell by one notifier."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notifications")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    notifier = models.CharField(max_length=20)
    state = models.CharField(
        max_length=8, choices=NotificationState.choices, default=NotificationState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "recipient", "notifier"], name="notification_unique"
            ),
        ]
        indexes = [
            # Serves the task that tells people.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="waiting"),
                name="notification_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"notification {self.pk} ({self.notifier})"
