from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.channel import Channel
from messaging.models.inbound import InboundEvent
from messaging.models.media import Media
from messaging.models.message import Message
from messaging.models.organization import Organization


class DeadLetterSource(models.TextChoices):
    INBOUND = "inbound", _("Inbound")
    MEDIA = "media", _("Media")
    OUTBOUND = "outbound", _("Outbound")
    AUTOMATION = "automation", _("Automation")
    ALERT = "alert", _("Alert")


class DeadLetterState(models.TextChoices):
    FAILED = "failed", _("Failed")
    RETRYING = "retrying", _("Retrying")
    RESOLVED = "resolved", _("Resolved")
    DISCARDED = "discarded", _("Discarded")


class DeadLetter(models.Model):
    """Work that failed: `retrying` by itself, then `failed` and waiting for a person.

    `failed → retrying → resolved` by a retry that works, `failed → discarded` by a decision.
    `payload` outlives the delivery's raw body.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="dead_letters"
    )
    source = models.CharField(max_length=10, choices=DeadLetterSource.choices)
    event = models.ForeignKey(
        InboundEvent, null=True, blank=True, on_delete=models.SET_NULL, related_name="dead_letters"
    )
    position = models.IntegerField(null=True, blank=True)
    channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    media = models.ForeignKey(
        Media, null=True, blank=True, on_delete=models.SET_NULL, related_name="dead_letters"
    )
    # The message that did not leave.
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="dead_letters"
    )
    code = models.CharField(max_length=60)
    reason = models.TextField()
    stack = models.TextField(blank=True)
    payload = models.JSONField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    state = models.CharField(
        max_length=9, choices=DeadLetterState.choices, default=DeadLetterState.FAILED
    )

    # While `retrying`: when it is tried again.
    due_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    closed_reason = models.TextField(blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "source"],
                condition=models.Q(message__isnull=False),
                name="dead_letter_message_unique",
            ),
            models.UniqueConstraint(
                fields=["media"],
                condition=models.Q(media__isnull=False),
                name="dead_letter_media_unique",
            ),
            # Serves retries: an item that dies again keeps its dead letter.
            models.UniqueConstraint(
                fields=["event", "position"],
                condition=models.Q(event__isnull=False),
                name="dead_letter_item_unique",
            ),
        ]
        indexes = [
            # Serves the failure desk: what waits, by source.
            models.Index(
                fields=["organization", "source", "-last_at"],
                condition=models.Q(state="failed"),
                name="dead_letter_waiting",
            ),
            # Serves retries that are due.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="retrying"),
                name="dead_letter_due",
            ),
        ]

    def __str__(self) -> str:
        return f"dead letter {self.pk} ({self.source}: {self.code})"
