from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.channel import Channel
from messaging.models.contact import Contact
from messaging.models.message import AuthorType, Message


class AmendmentKind(models.TextChoices):
    EDIT = "edit", _("Edit")
    REVOKE = "revoke", _("Revoke")
    REACTION = "reaction", _("Reaction")


class Amendment(models.Model):
    """What was done later to a message: an edit, a revoke, a reaction or its removal.

    One row an event, never changed except to bind it to its message, for which it may wait
    (`message` is null, `targets` are the ids it may have). What counts is the newest by
    `(at, id)`: of edits, and of reactions by the same `author_key`; so order and repetition
    make no difference.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="amendments"
    )
    targets = ArrayField(models.CharField(max_length=255))
    kind = models.CharField(max_length=8, choices=AmendmentKind.choices)
    provider_id = models.CharField(max_length=255)
    author_type = models.CharField(max_length=10, choices=AuthorType.choices)
    author_key = models.CharField(max_length=220)
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    emoji = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    content = models.JSONField(default=dict, blank=True)
    # The message of ours that carries this to the customer; while it has failed, nothing was done.
    sent_as = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Serves deduplication.
            models.UniqueConstraint(
                fields=["channel", "kind", "provider_id"], name="amendment_provider_id_unique"
            ),
        ]
        indexes = [
            # Serves binding what came before its message.
            GinIndex(
                fields=["targets"],
                condition=models.Q(message__isnull=True),
                name="amendment_parked",
            ),
        ]

    def __str__(self) -> str:
        return f"amendment {self.pk} ({self.kind})"
