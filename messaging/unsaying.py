"""A message that was taken back before it left has answered nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from messaging.models import Message, MessageStatus
from messaging.reacting import KIND as REACTION
from messaging.sql import execute
from messaging.waiting import WAITS
from messaging.windows import SILENT_KINDS

if TYPE_CHECKING:
    from messaging.models import Conversation

QUIET_KINDS = ("event", REACTION)


def unsay(conversation: Conversation, message: Message) -> None:
    """Let a locked conversation stand as if `message` had not been said; the caller publishes.

    Whoever waited for an answer waits again, and the line of the list is the one before.
    """
    if conversation.last_message_id == message.pk:
        said = Message.objects.filter(conversation=conversation).shown()
        said = said.exclude(status=MessageStatus.DISCARDED).exclude(kind__in=QUIET_KINDS)
        newest = said.order_by("-sort_at", "-seq").first()
        conversation.last_message = newest
        conversation.last_message_at = newest.sort_at if newest else None
    if message.kind != REACTION and conversation.waiting_since is None:
        [(_, since)] = execute(WAITS, [sorted(SILENT_KINDS), [conversation.pk]])
        conversation.waiting_since = since
