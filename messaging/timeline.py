"""The numbers by which every reader stays in step (docs/decisions/0003-sync-sequence.md).

Whoever births or changes a message locks its conversation, takes the next `head_seq` and ends
the transaction with `publish`, which takes the organisation's counter: always the last lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from messaging.events import ConversationsChanged, TimelineMoved, announce
from messaging.models import Conversation
from messaging.sql import as_json, execute


def lock(conversation_ids: Collection[int]) -> dict[int, Conversation]:
    """Lock conversations in primary-key order until the transaction ends."""
    if not conversation_ids:
        return {}
    names = [field.attname for field in Conversation._meta.concrete_fields]
    rows = execute(
        f"SELECT {', '.join(names)} FROM messaging_conversation"  # noqa: S608 - our own columns
        " WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
        [sorted(conversation_ids)],
    )
    locked = [Conversation.from_db(DEFAULT_DB_ALIAS, names, row) for row in rows]
    for conversation in locked:
        conversation.locked_seq = conversation.head_seq
    return {conversation.pk: conversation for conversation in locked}


def take_number(conversation: Conversation) -> int:
    """The next number of a locked conversation."""
    conversation.head_seq += 1
    return conversation.head_seq


def publish(conversations: Iterable[Conversation]) -> None:
    """Write what changed in locked conversations and give them their organisation's numbers.

    The last statement of the transaction: nothing may be locked after it. Announces
    ConversationsChanged for each organisation.
    """
    by_organization: dict[int, list[Conversation]] = defaultdict(list)
    for conversation in conversations:
        by_organization[conversation.organization_id].append(conversation)
    for organization_id in sorted(by_organization):
        _publish_one(organization_id, by_organization[organization_id])


def _publish_one(organization_id: int, rows: list[Conversation]) -> None:
    written = execute(
        WRITE,
        {
            "organization": organization_id,
            "count": len(rows),
            "rows": as_json([_state(row, place) for place, row in enumerate(rows, start=1)]),
        },
    )
    to_seq = int(written[0][0])
    for position, row in enumerate(rows, start=1):
        row.changed_seq = to_seq - len(rows) + position
    announce(
        ConversationsChanged(
            organization_id=organization_id,
            from_seq=to_seq - len(rows),
            to_seq=to_seq,
            moved=tuple(
                TimelineMoved(conversation_id=row.pk, from_seq=row.locked_seq, to_seq=row.head_seq)
                for row in rows
            ),
        )
    )


def _state(row: Conversation, position: int) -> dict[str, Any]:
    return {
        "id": row.pk,
        "head_seq": row.head_seq,
        "inbound_count": row.inbound_count,
        "state": row.state,
        "assignee_id": row.assignee_id,
        "team_id": row.team_id,
        "priority": row.priority,
        "snoozed_until": row.snoozed_until,
        "window_expires_at": row.window_expires_at,
        "waiting_since": row.waiting_since,
        "last_activity_at": row.last_activity_at,
        "last_message_id": row.last_message_id,
        "last_message_at": row.last_message_at,
        "last_reaction_id": row.last_reaction_id,
        "last_reaction_at": row.last_reaction_at,
        "position": position,
    }


WRITE = """
WITH counter AS (
  UPDATE messaging_organizationcounter SET head_seq = head_seq + %(count)s
  WHERE organization_id = %(organization)s
  RETURNING head_seq
)
UPDATE messaging_conversation AS conversation SET
  head_seq = row.head_seq,
  inbound_count = row.inbound_count,
  state = row.state,
  assignee_id = row.assignee_id,
  team_id = row.team_id,
  priority = row.priority,
  snoozed_until = row.snoozed_until,
  window_expires_at = row.window_expires_at,
  waiting_since = row.waiting_since,
  last_activity_at = row.last_activity_at,
  last_message_id = row.last_message_id,
  last_message_at = row.last_message_at,
  last_reaction_id = row.last_reaction_id,
  last_reaction_at = row.last_reaction_at,
  changed_seq = counter.head_seq - %(count)s + row.position
FROM counter, jsonb_to_recordset(%(rows)s::jsonb) AS row(
  id bigint, head_seq bigint, inbound_count bigint, state text, assignee_id bigint, team_id bigint,
  priority text, snoozed_until timestamptz, window_expires_at timestamptz,
  waiting_since timestamptz, last_activity_at timestamptz, last_message_id bigint,
  last_message_at timestamptz, last_reaction_id bigint, last_reaction_at timestamptz,
  position bigint
)
WHERE conversation.id = row.id
RETURNING counter.head_seq
"""
