from __future__ import annotations

from django.conf import settings
from django.db import models


class ReadMark(models.Model):
    """How far one agent has read one conversation.

    `seq` is the newest number seen, `inbound_count` the customer's messages up to there: what is
    unread is the conversation's own count minus this one. Both only ever grow.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="read_marks",
        db_index=False,
    )
    conversation = models.ForeignKey(
        "messaging.Conversation", on_delete=models.CASCADE, related_name="read_marks"
    )
    seq = models.BigIntegerField(default=0)
    inbound_count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            # Serves the unread counts of a page of rows.
            models.UniqueConstraint(fields=["user", "conversation"], name="read_mark_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} has read {self.conversation_id} up to {self.seq}"
