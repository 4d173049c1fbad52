from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from messaging.models.channel import Channel
from messaging.models.connection import Connection
from messaging.models.message import Message


class EventState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    FINISHED = "finished", _("Finished")


class InboundEvent(models.Model):
    """One delivery as it came: the raw body that was acknowledged, and nothing of our own in it."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="events", db_index=False
    )
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())
    state = models.CharField(
        max_length=8,
        choices=EventState.choices,
        default=EventState.PENDING,
        db_default=EventState.PENDING,
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    # Retention: from then on the body is empty; lines and dead letters stay.
    pruned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # Serves balances by hour, replays by time and retention.
            BrinIndex(fields=["received_at"], autosummarize=True, name="inbound_event_received"),
            # Serves the drain: what waits on a connection, in order.
            models.Index(
                fields=["connection", "id"],
                condition=models.Q(state="pending"),
                name="inbound_event_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"inbound event {self.pk}"


class Outcome(models.TextChoices):
    APPLIED = "applied", _("Applied")
    DUPLICATE = "duplicate", _("Duplicate")
    IGNORED = "ignored", _("Ignored")
    DEAD = "dead", _("Dead")


class InboundItem(models.Model):
    """The ledger's line: what became of one message, status or notice inside a delivery."""

    event = models.ForeignKey(
        InboundEvent, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    position = models.PositiveIntegerField()
    channel = models.ForeignKey(
        Channel, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=255, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    reason = models.CharField(max_length=200, blank=True)
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="items")
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Serves replays: an item keeps its line.
            models.UniqueConstraint(fields=["event", "position"], name="inbound_item_unique"),
            models.CheckConstraint(
                condition=~models.Q(outcome__in=["ignored", "dead"], reason=""),
                name="inbound_item_reason_given",
            ),
        ]
        indexes = [
            # Serves balances by hour.
            BrinIndex(fields=["received_at"], autosummarize=True, name="inbound_item_received"),
            # Serves `ledger trace <wamid>`.
            models.Index(fields=["key"], name="inbound_item_key"),
        ]

    def __str__(self) -> str:
        return f"inbound item {self.pk} ({self.outcome})"


class ProviderNotice(models.Model):
    """News of templates, numbers, accounts or consent, kept for the apps that act on them."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=64)
    payload = models.JSONField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Serves deduplication: `key` is the hash of the value.
            models.UniqueConstraint(fields=["connection", "key"], name="provider_notice_unique"),
        ]
        indexes = [
            # Serves the apps that pick up what is not handled yet.
            models.Index(
                fields=["kind", "id"],
                condition=models.Q(handled_at__isnull=True),
                name="provider_notice_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk} ({self.kind})"
