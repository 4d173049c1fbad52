from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DraftMode(models.TextChoices):
    REPLY = "reply", _("Reply")
    NOTE = "note", _("Internal note")


class Draft(models.Model):
    """What one agent typed in one conversation and did not send; it goes when it is sent.

    `version` grows with every save, so that an older tab does not undo a newer one.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts", db_index=False
    )
    conversation = models.ForeignKey(
        "messaging.Conversation", on_delete=models.CASCADE, related_name="drafts"
    )
    mode = models.CharField(max_length=5, choices=DraftMode.choices, default=DraftMode.REPLY)
    text = models.TextField()
    reply_to = models.ForeignKey(
        "messaging.Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    version = models.BigIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            # Serves an agent's own draft of a conversation, one for each tab of the composer.
            models.UniqueConstraint(fields=["user", "conversation", "mode"], name="draft_unique"),
        ]

    def __str__(self) -> str:
        return f"draft of {self.user_id} in {self.conversation_id}"
