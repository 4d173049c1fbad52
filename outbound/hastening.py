"""What waits for a time that was set for it leaves now instead."""

from __future__ import annotations

from messaging import outgoing
from messaging.hints import hint
from messaging.models import Conversation, Message, MessageStatus
from messaging.sql import execute
from outbound import lanes
from outbound.models import OutboxEntry
from outbound.review import NotOpen
from outbound.tasks import dispatch_due_entries


def send_now(conversation: Conversation, message_id: int) -> Message:
    """Let a message of a locked conversation leave, which the caller publishes.

    Locks the lane. Raises NotOpen where it waits for no time that was set.
    """
    lanes.lock([conversation.pk])
    if not execute(HASTEN, [message_id, conversation.pk]):
        raise NotOpen("")
    lanes.open_for(OutboxEntry.objects.get(message=message_id))
    hint(dispatch_due_entries, queue="send")
    [message] = outgoing.restate(
        [message_id], MessageStatus.PENDING, {conversation.pk: conversation}
    )
    return message


HASTEN = """
UPDATE outbound_outboxentry SET
  ready_at = statement_timestamp(), due_at = statement_timestamp(),
  deadline_at = statement_timestamp() + (deadline_at - ready_at)
WHERE message_id = %s AND conversation_id = %s
  AND state = 'waiting' AND ready_at > statement_timestamp()
RETURNING id
"""
