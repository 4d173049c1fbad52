from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from messaging.models import Channel, Conversation, Organization
from outbound.models.entry import Urgency


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
    # Both are the conversation's own, kept here so that a claim can share out by them.
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    urgency = models.PositiveSmallIntegerField(choices=Urgency.choices, default=Urgency.LIVE)
    due_at = models.DateTimeField(null=True, blank=True)
    claim_token = models.BigIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    # Until when this pair of number and contact is used up; a burst borrows from the future.
    pair_at = models.DateTimeField(null=True, blank=True)

    objects = LaneQuerySet.as_manager()

    class Meta:
        indexes = [
            # Serves the claim: what is due of a channel, live lanes first.
            models.Index(
                fields=["channel", "urgency", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="lane_channel_due",
            ),
            # Serves finding the channels that have something due.
            models.Index(
                fields=["urgency", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="lane_due",
            ),
        ]

    def __str__(self) -> str:
        return f"lane of conversation {self.conversation_id}"
