from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.channel import Channel
from messaging.models.contact import Contact
from messaging.models.organization import Label, Organization, Team
from messaging.querysets import ConversationQuerySet

if TYPE_CHECKING:
    from messaging.models.amendment import Amendment
    from messaging.models.message import Message


class ConversationState(models.TextChoices):
    OPEN = "open", _("Open")
    SNOOZED = "snoozed", _("Snoozed")
    RESOLVED = "resolved", _("Resolved")


class Priority(models.TextChoices):
    NONE = "none", _("None")
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


class Conversation(models.Model):
    """The exchange with one contact on one channel, for ever.

    Its row is the lock of its timeline: whoever births or changes a message holds it and takes
    the next `head_seq`. `changed_seq` is its place in the organisation's own sequence, by which
    lists stay in step (docs/decisions/0003). `inbound_count` counts genuine customer messages;
    an agent's unread is the difference to the count at their last look.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="conversations"
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="conversations")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations")
    state = models.CharField(
        max_length=10, choices=ConversationState.choices, default=ConversationState.OPEN
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, db_index=False
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, db_index=False)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.NONE)
    # When a snoozed conversation opens by itself; a customer's message opens it before.
    snoozed_until = models.DateTimeField(null=True, blank=True)
    labels = models.ManyToManyField(Label, blank=True, related_name="conversations")
    head_seq = models.BigIntegerField(default=0)
    changed_seq = models.BigIntegerField(default=0)
    inbound_count = models.BigIntegerField(default=0)
    window_expires_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    last_activity_at = models.DateTimeField(auto_now_add=True)
    last_message: models.ForeignKey[Message | None, Message | None] = models.ForeignKey(
        "messaging.Message",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    last_message_at = models.DateTimeField(null=True, blank=True)
    # A reaction may be the customer's only answer: the list shows it where it is the newest.
    last_reaction: models.ForeignKey[Amendment | None, Amendment | None] = models.ForeignKey(
        "messaging.Amendment",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    last_reaction_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # `head_seq` when this transaction locked the row; only then does it mean something.
    locked_seq: int = 0
    # Whether the contact is blocked; known only where `blocking.mark` was asked.
    is_blocked: bool = False

    objects = ConversationQuerySet.as_manager()

    class Meta:
        constraints = [
            # Serves finding the conversation of an inbound item; one for ever.
            models.UniqueConstraint(
                fields=["channel", "contact"], name="conversation_channel_contact_unique"
            ),
        ]
        indexes = [
            # Serves the list, newest activity first.
            models.Index(
                fields=["organization", "state", "-last_activity_at", "-id"],
                name="conversation_list",
            ),
            # Serves "all states", newest activity first.
            models.Index(
                fields=["organization", "-last_activity_at", "-id"], name="conversation_all"
            ),
            # Serves an agent's and a team's own lists.
            models.Index(
                fields=["assignee", "state", "-last_activity_at", "-id"],
                name="conversation_assigned",
            ),
            models.Index(
                fields=["team", "state", "-last_activity_at", "-id"], name="conversation_team"
            ),
            # Serves one channel's list.
            models.Index(
                fields=["channel", "state", "-last_activity_at", "-id"],
                name="conversation_channel",
            ),
            # Serves "nobody's".
            models.Index(
                fields=["organization", "-last_activity_at", "-id"],
                condition=models.Q(state="open", assignee__isnull=True),
                name="conversation_unassigned",
            ),
            # Serves "needs reply", longest waiting first.
            models.Index(
                fields=["organization", "waiting_since", "id"],
                condition=models.Q(state="open", waiting_since__isnull=False),
                name="conversation_waiting",
            ),
            # Serves "closing within two hours".
            models.Index(
                fields=["organization", "window_expires_at", "id"],
                condition=models.Q(state="open"),
                name="conversation_closing",
            ),
            # Serves waking who slept long enough, and "snoozed", the next to wake first.
            models.Index(
                fields=["snoozed_until", "id"],
                condition=models.Q(state="snoozed"),
                name="conversation_snoozed",
            ),
            # Serves "what changed since N" of lists.
            models.Index(fields=["organization", "changed_seq"], name="conversation_changed"),
        ]

    def __str__(self) -> str:
        return f"conversation {self.pk}"


class Episode(models.Model):
    """One period from open to resolved, for times and reports."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="episodes"
    )
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Serves "the running one"; a conversation has at most one.
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(resolved_at__isnull=True),
                name="episode_open_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"episode {self.pk} of conversation {self.conversation_id}"
