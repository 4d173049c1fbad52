from __future__ import annotations

from django.db import models

from messaging.models.channel import Channel
from messaging.models.message import Message


class Receipt(models.Model):
    """One status heard of one of our messages, bound to it or parked until it is known.

    Statuses repeat, arrive in any order, before the answer of the send, and for messages other
    programs sent; all are kept. `opaque` is the callback data we sent along.
    Source: Cloud API, "Webhooks › statuses object".
    """

    channel = models.ForeignKey(
        Channel, on_delete=models.CASCADE, related_name="receipts", db_index=False
    )
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="receipts"
    )
    provider_id = models.CharField(max_length=255)
    status = models.CharField(max_length=20)
    recipient = models.CharField(max_length=200, blank=True)
    provider_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    opaque = models.CharField(max_length=512, blank=True)
    error_code = models.CharField(max_length=20, blank=True)
    error_title = models.TextField(blank=True)
    pricing = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            # Serves deduplication and finding what is parked for a wamid.
            models.UniqueConstraint(
                fields=["channel", "provider_id", "status", "recipient"], name="receipt_unique"
            ),
        ]
        indexes = [
            # Serves the search for evidence about sends whose answer was never read.
            models.Index(
                fields=["received_at"],
                condition=models.Q(message__isnull=True) & ~models.Q(opaque=""),
                name="receipt_evidence",
            ),
            # Serves the attempts whose outcome is not known: has one of them been heard of?
            models.Index(
                fields=["opaque"],
                condition=models.Q(message__isnull=True) & ~models.Q(opaque=""),
                name="receipt_opaque",
            ),
            # Serves finding failures that came after the provider's acceptance.
            models.Index(
                fields=["received_at"],
                condition=models.Q(status="failed"),
                name="receipt_failed",
            ),
            # Serves the sweep that binds receipts which met their message too early.
            models.Index(
                fields=["received_at"],
                condition=models.Q(message__isnull=True),
                name="receipt_parked",
            ),
        ]

    def __str__(self) -> str:
        return f"receipt {self.pk} ({self.status})"
