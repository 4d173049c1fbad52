from __future__ import annotations

from django.conf import settings
from django.db import models


class Mention(models.Model):
    """A colleague was named in an internal note; open until they have seen it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions", db_index=False
    )
    conversation = models.ForeignKey(
        "messaging.Conversation", on_delete=models.CASCADE, related_name="mentions"
    )
    message = models.ForeignKey(
        "messaging.Message", on_delete=models.CASCADE, related_name="mentions"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "message"], name="mention_unique"),
        ]
        indexes = [
            # Serves "mentions", and which of them are new.
            models.Index(fields=["user", "conversation"], name="mention_conversations"),
            models.Index(
                fields=["user"], condition=models.Q(seen_at__isnull=True), name="mention_open"
            ),
        ]

    def __str__(self) -> str:
        return f"mention of {self.user_id} in message {self.message_id}"
