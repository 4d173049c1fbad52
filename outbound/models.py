from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from messaging.models import Channel, Connection, Conversation, Message, Organization
from outbound import protocol


class Urgency(models.IntegerChoices):
    LIVE = 0, _("Live")
    BULK = 1, _("Bulk")


class OutboxEntry(models.Model):
    """One message to leave, until it is known what became of it.

    `ready_at` gives its place among its conversation's entries, `due_at` says when it is tried
    next; both by the database clock. `attempt_count` are attempts spent, `throttle_count` the
    waits in a row that the provider asked for. Written only through `outbound.outbox` and the
    dispatch; its states and their arrows are `outbound.protocol.ENTRY_TRANSITIONS`.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="outbox_entries", db_index=False
    )
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="outbox_entry")
    urgency = models.PositiveSmallIntegerField(choices=Urgency.choices, default=Urgency.LIVE)
    state = models.CharField(
        max_length=12,
        choices=[(state.value, state.value) for state in protocol.EntryState],
        default=protocol.EntryState.WAITING.value,
    )
    ready_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    attempt_count = models.PositiveIntegerField(default=0)
    throttle_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "outbox entries"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    finished_at__isnull=True,
                    state__in=sorted(state.value for state in protocol.OPEN_ENTRIES),
                )
                | models.Q(
                    finished_at__isnull=False,
                    state__in=sorted(
                        state.value for state in set(protocol.EntryState) - protocol.OPEN_ENTRIES
                    ),
                ),
                name="outbox_entry_finished",
            ),
        ]
        indexes = [
            # Serves the head of a lane, and how deep the queue is.
            models.Index(
                fields=["conversation", "urgency", "ready_at", "id"],
                condition=models.Q(finished_at__isnull=True),
                name="outbox_entry_lane",
            ),
        ]

    def __str__(self) -> str:
        return f"outbox entry {self.pk} ({self.state})"


class LaneQuerySet(models.QuerySet["Lane"]):
    """Lanes, by the database clock."""

    def due(self) -> LaneQuerySet:
        """Those that somebody may claim now."""
        return self.filter(due_at__lte=Now())


class Lane(models.Model):
    """The way out of one conversation: claimed as a whole, so that its order is kept.

    `due_at` is when it is looked at next, null where nothing is left. A claim sets it to
    `claimed_until`, so a claim whose owner died becomes due by itself. Locked after the
    conversation and before the organisation's counter.
    """

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="lane"
    )
    urgency = models.PositiveSmallIntegerField(choices=Urgency.choices, default=Urgency.LIVE)
    due_at = models.DateTimeField(null=True, blank=True)
    claim_token = models.BigIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)

    objects = LaneQuerySet.as_manager()

    class Meta:
        indexes = [
            # Serves the claim: what is due, live lanes first.
            models.Index(
                fields=["urgency", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="lane_due",
            ),
        ]

    def __str__(self) -> str:
        return f"lane of conversation {self.conversation_id}"


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

    def __str__(self) -> str:
        return f"attempt {self.attempt_id} ({self.state})"


class MessageTemplate(models.Model):
    """A text that the provider has approved, or not: its cache of what the provider says.

    Statuses, qualities and categories are the provider's own words. `is_stale`: only a part is
    known, or something changed that news do not carry, so it is to be fetched again.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="templates")
    provider_id = models.CharField(max_length=64)
    name = models.CharField(max_length=512, blank=True, db_default="")
    language = models.CharField(max_length=20, blank=True, db_default="")
    category = models.CharField(max_length=40, blank=True, db_default="")
    status = models.CharField(max_length=40, blank=True, db_default="")
    quality = models.CharField(max_length=20, blank=True, db_default="")
    reason = models.TextField(blank=True, db_default="")
    components = models.JSONField(default=list, blank=True)
    is_stale = models.BooleanField(default=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Serves news, which name a template by its id at the provider.
            models.UniqueConstraint(
                fields=["connection", "provider_id"], name="message_template_unique"
            ),
        ]
        indexes = [
            # Serves what is sent, which names a template by name and language.
            models.Index(fields=["connection", "name", "language"], name="message_template_name"),
        ]

    def __str__(self) -> str:
        return f"template {self.name} ({self.language})"
