from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from messaging.models import Channel
from outbound import protocol
from outbound.models.entry import OutboxEntry


class SendAttempt(models.Model):
    """One try to send an entry's message, written before it is made; never deleted.

    `attempt_id` travels to the provider and comes back in statuses. `token` is the lane's at
    the claim. States only follow `outbound.protocol.ATTEMPT_TRANSITIONS`.
    """

    entry = models.ForeignKey(OutboxEntry, on_delete=models.CASCADE, related_name="attempts")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    attempt_id = models.UUIDField()
    token = models.BigIntegerField()
    state = models.CharField(
        max_length=12,
        choices=[(state.value, state.value) for state in protocol.AttemptState],
        default=protocol.AttemptState.INTENT.value,
    )
    started_at = models.DateTimeField(db_default=Now())
    dispatched_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=20, blank=True, db_default="")
    error_title = models.TextField(blank=True, db_default="")
    error_details = models.TextField(blank=True, db_default="")
    provider_id = models.CharField(max_length=255, blank=True, db_default="")

    class Meta:
        constraints = [
            # Serves the statuses that carry it.
            models.UniqueConstraint(fields=["attempt_id"], name="send_attempt_id_unique"),
            # Serves the recovery of what a dead claim left open; an entry has one at a time.
            models.UniqueConstraint(
                fields=["entry"],
                condition=models.Q(
                    state__in=sorted(state.value for state in protocol.OPEN_ATTEMPTS)
                ),
                name="send_attempt_open_unique",
            ),
            # Serves the trace of a wamid; two attempts never share one.
            models.UniqueConstraint(
                fields=["channel", "provider_id"],
                condition=~models.Q(provider_id=""),
                name="send_attempt_provider_id_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(dispatched_at__isnull=False)
                | models.Q(
                    state__in=[
                        protocol.AttemptState.INTENT.value,
                        protocol.AttemptState.NOT_SENT.value,
                    ]
                ),
                name="send_attempt_fenced",
            ),
        ]
        indexes = [
            # Serves the search for evidence of what may have left.
            models.Index(
                fields=["dispatched_at"],
                condition=models.Q(
                    state__in=sorted(state.value for state in protocol.DOUBTFUL_ATTEMPTS)
                ),
                name="send_attempt_doubtful",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt_id} ({self.state})"
