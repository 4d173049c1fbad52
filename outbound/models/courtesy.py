from __future__ import annotations

from django.db import models

from messaging.models import Conversation


class ReadNotice(models.Model):
    """How far the customer was told that we read, and when that somebody types.

    One row a conversation, written by a compare-and-set, so that nobody tells twice.
    `message_number` is no foreign key: the row outlives what it names.
    """

    conversation = models.OneToOneField(
        Conversation, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    message_number = models.BigIntegerField(default=0, db_default=0)
    typing_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"read notice of conversation {self.conversation_id}"
