"""New messages → rows of the timeline, and what they do to their conversations."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from messaging import wishes
from messaging.apply.batch import Batch, NewMessage, moment
from messaging.apply.known import note
from messaging.events import MessagesReceived, announce
from messaging.models import Conversation, ConversationState, Outcome
from messaging.sql import as_json, execute
from messaging.waiting import WAITS
from messaging.windows import SILENT_KINDS, expires_at, is_genuine

# Two webhooks a moment apart often swap places; only what comes clearly late is marked.
LATE = timedelta(seconds=60)


def insert(batch: Batch) -> None:
    """Insert the new messages in order of arrival, with their conversations' next numbers."""
    if not batch.messages:
        return
    rows = [_row(batch, message) for message in batch.messages]
    ids = execute(INSERT, [batch.organization_id, as_json(rows)])
    for message, row, (message_id,) in zip(batch.messages, rows, ids, strict=True):
        message.id = message_id
        note(batch, message.work, message.channel_id, Outcome.APPLIED, message_id)
        if message.completed:
            note(batch, message.completed, message.channel_id, Outcome.APPLIED, message_id)
        _become_newest(batch.conversations[message.conversation_id], row, message_id)
    _link_quotes(batch)
    _see_who_waits(batch, rows)
    _reopen(batch)
    spoken = [m for m in batch.messages if _is_genuine(m)]
    wishes.listen(
        batch.organization_id, [(m.id, m.item.kind, m.item.text, m.item.wish) for m in spoken]
    )
    _tell(batch, [m for m in spoken if not batch.conversations[m.conversation_id].is_blocked])


def _tell(batch: Batch, heard: list[NewMessage]) -> None:
    if heard:
        announce(
            MessagesReceived(
                organization_id=batch.organization_id,
                message_ids=tuple(message.id for message in heard),
                channel_counts=tuple(Counter(m.channel_id for m in heard).items()),
            )
        )


def _row(batch: Batch, message: NewMessage) -> dict[str, Any]:
    item, conversation = message.item, batch.conversations[message.conversation_id]
    provider_at, received_at = moment(item.at), message.work.received_at
    sort_at = provider_at or received_at
    newest = conversation.last_message_at
    is_late = newest is not None and sort_at < newest and received_at - sort_at > LATE
    if _is_genuine(message):
        _customer_spoke(conversation, sort_at, received_at)
    return {
        "conversation_id": message.conversation_id,
        "channel_id": message.channel_id,
        "seq": batch.take_number(message.conversation_id),
        "direction": "out" if item.echo else "in",
        "kind": item.kind,
        "text": item.text,
        "content": item.content,
        "author_type": "phone_app" if item.echo else "contact",
        "sender_id": message.sender_id,
        "provider_id": item.provider_id,
        "provider_at": provider_at,
        "received_at": received_at,
        "sort_at": sort_at,
        "arrived_late": is_late and not item.is_silent,
        "is_early": newest is not None and sort_at < newest,
        "is_silent": item.is_silent or (conversation.is_blocked and not item.echo),
        "is_placeholder": item.is_placeholder,
        "status": (item.status or "sent") if item.echo else "received",
        "reply_to_provider_id": item.reply_to,
    }


def _is_genuine(message: NewMessage) -> bool:
    item = message.item
    return not item.echo and not item.is_silent and is_genuine(item.kind)


def _customer_spoke(conversation: Conversation, at: datetime, received_at: datetime) -> None:
    """Window by the provider's time; waiting, unread and activity from now on.

    Somebody who is blocked opens the window, since WhatsApp does, and nothing else.
    """
    window = expires_at(at)
    if conversation.window_expires_at is None or window > conversation.window_expires_at:
        conversation.window_expires_at = window
    if conversation.is_blocked:
        return
    conversation.inbound_count += 1
    conversation.waiting_since = min(conversation.waiting_since or at, at)
    conversation.last_activity_at = max(conversation.last_activity_at, received_at)


def _become_newest(conversation: Conversation, row: dict[str, Any], message_id: int) -> None:
    newest = conversation.last_message_at
    if newest is None or row["sort_at"] >= newest:
        conversation.last_message_id = message_id
        conversation.last_message_at = row["sort_at"]


def _link_quotes(batch: Batch) -> None:
    """Link answers to messages of this batch: those in it, and those that came before them."""
    linked = execute(
        LINK,
        {
            "channels": [message.channel_id for message in batch.messages],
            "conversations": [message.conversation_id for message in batch.messages],
            "provider_ids": [message.item.provider_id for message in batch.messages],
            "ids": [message.id for message in batch.messages],
        },
    )
    fresh = {message.id for message in batch.messages}
    earlier = [(pk, conversation_id) for pk, conversation_id in linked if pk not in fresh]
    if earlier:
        execute(
            """
            UPDATE messaging_message AS message SET changed_seq = row.changed_seq
            FROM unnest(%s::bigint[], %s::bigint[]) AS row(id, changed_seq)
            WHERE message.id = row.id
            """,
            [[pk for pk, _ in earlier], [batch.take_number(place) for _, place in earlier]],
        )


def _see_who_waits(batch: Batch, rows: list[dict[str, Any]]) -> None:
    """Answers from the phone, and whatever comes out of order, decide by time and not by arrival:
    the customer waits since the first message after the newest answer.
    """
    doubtful = {
        row["conversation_id"]
        for row in rows
        if not row["is_silent"] and (row["direction"] == "out" or row["is_early"])
    }
    if not doubtful:
        return
    for conversation_id, since in execute(WAITS, [sorted(SILENT_KINDS), sorted(doubtful)]):
        batch.conversations[conversation_id].waiting_since = since


def _reopen(batch: Batch) -> None:
    """A customer who writes again opens the conversation and its next episode."""
    asleep = {
        conversation.pk
        for message in batch.messages
        if _is_genuine(message)
        and (conversation := batch.conversations[message.conversation_id]).state
        != ConversationState.OPEN
        and not conversation.is_blocked
    }
    if not asleep:
        return
    for conversation_id in asleep:
        batch.conversations[conversation_id].state = ConversationState.OPEN
        batch.conversations[conversation_id].snoozed_until = None
    execute(
        """
        INSERT INTO messaging_episode (conversation_id, opened_at)
        SELECT id, now() FROM unnest(%s::bigint[]) AS row(id) ON CONFLICT DO NOTHING
        """,
        [sorted(asleep)],
    )


LINK = """
UPDATE messaging_message AS message SET reply_to_id = row.id
FROM unnest(%(channels)s::bigint[], %(conversations)s::bigint[], %(provider_ids)s::text[],
  %(ids)s::bigint[]) AS row(channel_id, conversation_id, provider_id, id)
WHERE message.channel_id = row.channel_id AND message.reply_to_provider_id = row.provider_id
  AND message.conversation_id = row.conversation_id AND message.reply_to_id IS NULL
  AND message.reply_to_provider_id <> '' AND message.id <> row.id
RETURNING message.id, message.conversation_id
"""
INSERT = """
INSERT INTO messaging_message (organization_id, conversation_id, channel_id, seq, changed_seq,
  direction, kind, text, content, author_type, sender_id, provider_id, provider_at, received_at,
  sort_at, arrived_late, is_silent, is_placeholder, status, error_code, error_title,
  reply_to_provider_id, reply_to_id)
SELECT %s, row.conversation_id, row.channel_id, row.seq, row.seq, row.direction, row.kind,
  row.text, row.content, row.author_type, row.sender_id, row.provider_id, row.provider_at,
  row.received_at, row.sort_at, row.arrived_late, row.is_silent, row.is_placeholder, row.status,
  '', '', row.reply_to_provider_id,
  CASE WHEN row.reply_to_provider_id <> '' THEN (
    SELECT quoted.id FROM messaging_message AS quoted
    WHERE quoted.channel_id = row.channel_id AND quoted.provider_id = row.reply_to_provider_id
      AND quoted.conversation_id = row.conversation_id
  ) END
FROM jsonb_to_recordset(%s::jsonb) AS row(
  conversation_id bigint, channel_id bigint, seq bigint, direction text, kind text, text text,
  content jsonb, author_type text, sender_id bigint, provider_id text, provider_at timestamptz,
  received_at timestamptz, sort_at timestamptz, arrived_late boolean, is_silent boolean,
  is_placeholder boolean, status text, reply_to_provider_id text
)
RETURNING id
"""
