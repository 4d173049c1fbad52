"""What edits, revokes and reactions make of their messages, and those that still wait for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from messaging import timeline
from messaging.models import Amendment, AmendmentKind, AuthorType, Conversation, Message
from messaging.sql import as_json, execute


def carry_out(message_ids: Collection[int], conversations: dict[int, Conversation]) -> None:
    """Write what all amendments of these messages come to, old and new ones alike.

    The conversations are locked, and published by the caller; each message takes a number.
    """
    heard: dict[int | None, list[Amendment]] = defaultdict(list)
    for amendment in Amendment.objects.filter(message_id__in=message_ids).order_by("at", "pk"):
        heard[amendment.message_id].append(amendment)
    messages = list(Message.objects.filter(pk__in=message_ids).order_by("pk"))
    for message in messages:
        conversation = conversations[message.conversation_id]
        settle(message, heard[message.pk])
        _react(conversation, heard[message.pk])
        message.changed_seq = timeline.take_number(conversation)
    execute(WRITE, [as_json([_state(message) for message in messages])])


def settle(message: Message, heard: Sequence[Amendment]) -> None:
    """Let the newest edit and the first revoke of `heard`, oldest first, have their effect."""
    edits = [each for each in heard if each.kind == AmendmentKind.EDIT]
    revokes = [each for each in heard if each.kind == AmendmentKind.REVOKE]
    if edits:
        if message.original is None:
            message.original = {"text": message.text, "content": message.content}
        newest = edits[-1]
        message.text = newest.text
        message.content = {**message.original["content"], **newest.content}
        message.edited_at = newest.at
    if revokes:
        message.deleted_at = revokes[0].at


def sweep_parked(*, limit: int = 500) -> int:
    """Bind amendments whose message became known by the answer of its send; how many messages."""
    rows = execute(
        """
        SELECT DISTINCT message.id FROM messaging_amendment AS amendment
        JOIN messaging_message AS message
          ON message.channel_id = amendment.channel_id
         AND message.provider_id = ANY(amendment.targets)
        WHERE amendment.message_id IS NULL AND amendment.received_at > now() - interval '7 days'
        LIMIT %s
        """,
        [limit],
    )
    if rows:
        with transaction.atomic():
            _bind([message_id for (message_id,) in rows])
    return len(rows)


def _bind(message_ids: Sequence[int]) -> None:
    places = Message.objects.filter(pk__in=message_ids).values_list("conversation_id", flat=True)
    conversations = timeline.lock(set(places))
    bound = execute(
        """
        UPDATE messaging_amendment AS amendment SET message_id = message.id
        FROM messaging_message AS message
        WHERE message.id = ANY(%s) AND message.channel_id = amendment.channel_id
          AND message.provider_id = ANY(amendment.targets) AND amendment.message_id IS NULL
        RETURNING amendment.message_id
        """,
        [list(message_ids)],
    )
    if bound:
        carry_out({message_id for (message_id,) in bound}, conversations)
        timeline.publish(conversations.values())


def _react(conversation: Conversation, heard: Sequence[Amendment]) -> None:
    """A customer's reaction may be their only answer: the list tells of it."""
    theirs = [
        each
        for each in heard
        if each.kind == AmendmentKind.REACTION and each.author_type == AuthorType.CONTACT
    ]
    if not theirs:
        return
    newest = theirs[-1]
    known: datetime | None = conversation.last_reaction_at
    if known is None or newest.at >= known:
        conversation.last_reaction_id = newest.pk
        conversation.last_reaction_at = newest.at
        if newest.emoji and not conversation.is_blocked:
            conversation.last_activity_at = max(conversation.last_activity_at, newest.at)


def _state(message: Message) -> dict[str, Any]:
    return {
        "id": message.pk,
        "text": message.text,
        "content": message.content,
        "original": message.original,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
        "changed_seq": message.changed_seq,
    }


WRITE = """
UPDATE messaging_message AS message SET text = row.text, content = row.content,
  original = nullif(row.original, 'null'::jsonb), edited_at = row.edited_at,
  deleted_at = row.deleted_at, changed_seq = row.changed_seq
FROM jsonb_to_recordset(%s::jsonb) AS row(
  id bigint, text text, content jsonb, original jsonb, edited_at timestamptz,
  deleted_at timestamptz, changed_seq bigint
)
WHERE message.id = row.id
"""
