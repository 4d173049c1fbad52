from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from messaging.models import Channel, Conversation, Message, Organization
from outbound import protocol


class Urgency(models.IntegerChoices):
    LIVE = 0, _("Live")
    BULK = 1, _("Bulk")


class MessageClass(models.TextChoices):
    """What a message is for: decides its deadline, its consent, and whether it may be repeated."""

    SERVICE = "service", _("Service reply")
    UTILITY = "utility", _("Utility template")
    AUTHENTICATION = "authentication", _("Authentication template")
    MARKETING = "marketing", _("Marketing template")


class OutboxEntry(models.Model):
    """One message to leave, until it is known what became of it.

    `ready_at` gives its place among its conversation's entries, `due_at` says when it is tried
    next; both by the database clock. `attempt_count` are attempts spent, `throttle_count` the
    waits in a row that the provider or a limit asked for. Written only through
    `outbound.outbox`, the dispatch and what people decide; its states and their arrows are
    `outbound.protocol.ENTRY_TRANSITIONS`.
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
    message_class = models.CharField(
        max_length=14, choices=MessageClass.choices, default=MessageClass.SERVICE
    )
    ready_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    attempt_count = models.PositiveIntegerField(default=0)
    throttle_count = models.PositiveIntegerField(default=0)
    # The limit of ours that it waits for, as a code of `outbound.words`.
    waits_for = models.CharField(max_length=20, blank=True, db_default="")
    # An old chat answer is worse than a visible failure: nothing leaves after it.
    deadline_at = models.DateTimeField(null=True, blank=True)
    # Sent again by itself after an unknown outcome; never a second time.
    was_resent = models.BooleanField(default=False, db_default=False)
    # Two of its attempts were accepted under ids of their own: the customer may have it twice.
    sent_twice_at = models.DateTimeField(null=True, blank=True)
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
            # Serves lanes that wait for a person, and the policy's repetition.
            models.Index(
                fields=["conversation"],
                condition=models.Q(state=protocol.EntryState.NEEDS_REVIEW.value),
                name="outbox_entry_review",
            ),
            # Serves the alert about what left twice.
            models.Index(
                fields=["sent_twice_at"],
                condition=models.Q(sent_twice_at__isnull=False),
                name="outbox_entry_sent_twice",
            ),
        ]

    def __str__(self) -> str:
        return f"outbox entry {self.pk} ({self.state})"
