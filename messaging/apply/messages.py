"""New messages → rows of the timeline, and what they do to their conversations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from messaging.apply.batch import Batch, NewMessage, moment
from messaging.events import MessagesReceived, announce
from messaging.models import Conversation, ConversationState, Outcome
from messaging.sql import as_json, execute
from messaging.windows import expires_at, is_genuine

# Two webhooks a moment apart often swap places; only what comes clearly late is marked.
LATE = timedelta(seconds=60)


def drop_known(batch: Batch) -> None:
    """Put aside messages that are already in the timeline, or twice in this batch.

    The first lane to hold a channel's deliveries inserts them, so nobody else can be faster.
    """
    if not batch.messages:
        return
    known = _known(batch)
    kept: list[NewMessage] = []
    seen: set[tuple[int, str]] = set()
    for message in batch.messages:
        key = (message.channel_id, message.item.provider_id)
        if key in known or key in seen:
            _note(batch, message, Outcome.DUPLICATE, known.get(key))
        else:
            seen.add(key)
            kept.append(message)
    batch.messages = kept


def _known(batch: Batch) -> dict[tuple[int, str], int]:
    rows = execute(
        """
        SELECT message.channel_id, message.provider_id, message.id
        FROM messaging_message AS message
        JOIN unnest(%s::bigint[], %s::text[]) AS row(channel_id, provider_id)
          ON message.channel_id = row.channel_id AND message.provider_id = row.provider_id
        """,
        [
            [message.channel_id for message in batch.messages],
            [message.item.provider_id for message in batch.messages],
        ],
    )
    return {(channel, provider_id): message for channel, provider_id, message in rows}


def insert(batch: Batch) -> None:
    """Insert the new messages in order of arrival, with their conversations' next numbers."""
    if not batch.messages:
        return
    rows = [_row(batch, message) for message in batch.messages]
    ids = execute(INSERT, [batch.organization_id, as_json(rows)])
    for message, row, (message_id,) in zip(batch.messages, rows, ids, strict=True):
        message.id = message_id
        _note(batch, message, Outcome.APPLIED, message_id)
        _become_newest(batch.conversations[message.conversation_id], row, message_id)
    _link_quotes(batch)
    _reopen(batch)
    genuine = tuple(m.id for m in batch.messages if _is_genuine(m))
    if genuine:
        announce(MessagesReceived(organization_id=batch.organization_id, message_ids=genuine))


def _row(batch: Batch, message: NewMessage) -> dict[str, Any]:
    item, conversation = message.item, batch.conversations[message.conversation_id]
    provider_at, received_at = moment(item.at), message.work.received_at
    sort_at = provider_at or received_at
    newest = conversation.last_message_at
    if _is_genuine(message):
        _customer_spoke(conversation, sort_at, received_at)
    elif item.echo and conversation.waiting_since and sort_at >= conversation.waiting_since:
        conversation.waiting_since = None  # answered on the phone
    return {
        "conversation_id": message.conversation_id,
        "channel_id": message.channel_id,
        "seq": batch.take_number(message.conversation_id),
        "direction": "out" if item.echo else "in",
        "kind": item.kind,
        "text": item.text,
        "content": item.content,
        "author_type": "phone_app" if item.echo else "contact",
        "provider_id": item.provider_id,
        "provider_at": provider_at,
        "received_at": received_at,
        "sort_at": sort_at,
        "arrived_late": newest is not None and sort_at < newest and received_at - sort_at > LATE,
        "status": "sent" if item.echo else "received",
        "reply_to_provider_id": item.reply_to,
    }


def _is_genuine(message: NewMessage) -> bool:
    return not message.item.echo and is_genuine(message.item.kind)


def _customer_spoke(conversation: Conversation, at: datetime, received_at: datetime) -> None:
    """Window by the provider's time; waiting, unread and activity from now on."""
    window = expires_at(at)
    if conversation.window_expires_at is None or window > conversation.window_expires_at:
        conversation.window_expires_at = window
    conversation.inbound_count += 1
    conversation.waiting_since = conversation.waiting_since or at
    conversation.last_activity_at = max(conversation.last_activity_at, received_at)


def _become_newest(conversation: Conversation, row: dict[str, Any], message_id: int) -> None:
    newest = conversation.last_message_at
    if newest is None or row["sort_at"] >= newest:
        conversation.last_message_id = message_id
        conversation.last_message_at = row["sort_at"]


def _link_quotes(batch: Batch) -> None:
    """Answers to messages of this very batch, which the insert could not see yet."""
    fresh = {(m.conversation_id, m.item.provider_id): m.id for m in batch.messages}
    quoted = {
        m.id: fresh[m.conversation_id, m.item.reply_to]
        for m in batch.messages
        if (m.conversation_id, m.item.reply_to) in fresh
    }
    if quoted:
        execute(
            """
            UPDATE messaging_message AS message SET reply_to_id = row.quoted_id
            FROM unnest(%s::bigint[], %s::bigint[]) AS row(id, quoted_id)
            WHERE message.id = row.id
            """,
            [list(quoted), list(quoted.values())],
        )


def _reopen(batch: Batch) -> None:
    """A customer who writes again opens the conversation and its next episode."""
    asleep = {
        conversation.pk
        for message in batch.messages
        if _is_genuine(message)
        and (conversation := batch.conversations[message.conversation_id]).state
        != ConversationState.OPEN
    }
    if not asleep:
        return
    for conversation_id in asleep:
        batch.conversations[conversation_id].state = ConversationState.OPEN
    execute(
        """
        INSERT INTO messaging_episode (conversation_id, opened_at)
        SELECT id, now() FROM unnest(%s::bigint[]) AS row(id) ON CONFLICT DO NOTHING
        """,
        [sorted(asleep)],
    )


def _note(batch: Batch, message: NewMessage, outcome: Outcome, message_id: int | None) -> None:
    batch.note(
        message.work,
        outcome,
        "echo" if message.item.echo else message.item.kind,
        key=message.item.provider_id,
        channel_id=message.channel_id,
        message_id=message_id,
    )


INSERT = """
INSERT INTO messaging_message (organization_id, conversation_id, channel_id, seq, changed_seq,
  direction, kind, text, content, author_type, provider_id, provider_at, received_at, sort_at,
  arrived_late, status, error_code, error_title, reply_to_provider_id, reply_to_id)
SELECT %s, row.conversation_id, row.channel_id, row.seq, row.seq, row.direction, row.kind,
  row.text, row.content, row.author_type, row.provider_id, row.provider_at, row.received_at,
  row.sort_at, row.arrived_late, row.status, '', '', row.reply_to_provider_id,
  CASE WHEN row.reply_to_provider_id <> '' THEN (
    SELECT quoted.id FROM messaging_message AS quoted
    WHERE quoted.channel_id = row.channel_id AND quoted.provider_id = row.reply_to_provider_id
      AND quoted.conversation_id = row.conversation_id
  ) END
FROM jsonb_to_recordset(%s::jsonb) AS row(
  conversation_id bigint, channel_id bigint, seq bigint, direction text, kind text, text text,
  content jsonb, author_type text, provider_id text, provider_at timestamptz,
  received_at timestamptz, sort_at timestamptz, arrived_late boolean, status text,
  reply_to_provider_id text
)
RETURNING id
"""
