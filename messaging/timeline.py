"""The numbers by which every reader stays in step (docs/decisions/0003-sync-sequence.md).

Whoever births or changes a message locks its conversation, takes the next `head_seq` and ends
the transaction with `publish`, which takes the organisation's counter: always the last lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from messaging.events import ConversationsChanged, TimelineMoved, announce
from messaging.models import Conversation
from messaging.sql import execute


def lock(conversation_ids: Collection[int]) -> dict[int, Conversation]:
    """Lock conversations in primary-key order until the transaction ends."""
    rows = (
        Conversation.objects.filter(pk__in=set(conversation_ids))
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    )
    locked = {row.pk: row for row in rows}
    for row in locked.values():
        row.locked_seq = row.head_seq
    return locked


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
            "ids": [row.pk for row in rows],
            "heads": [row.head_seq for row in rows],
            "inbound": [row.inbound_count for row in rows],
            "states": [row.state for row in rows],
            "windows": [row.window_expires_at for row in rows],
            "waiting": [row.waiting_since for row in rows],
            "activity": [row.last_activity_at for row in rows],
            "messages": [row.last_message_id for row in rows],
            "message_times": [row.last_message_at for row in rows],
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
  window_expires_at = row.window_expires_at,
  waiting_since = row.waiting_since,
  last_activity_at = row.last_activity_at,
  last_message_id = row.last_message_id,
  last_message_at = row.last_message_at,
  changed_seq = counter.head_seq - %(count)s + row.position
FROM counter, unnest(
  %(ids)s::bigint[], %(heads)s::bigint[], %(inbound)s::bigint[], %(states)s::text[],
  %(windows)s::timestamptz[], %(waiting)s::timestamptz[], %(activity)s::timestamptz[],
  %(messages)s::bigint[], %(message_times)s::timestamptz[]
) WITH ORDINALITY AS row(
  id, head_seq, inbound_count, state, window_expires_at, waiting_since, last_activity_at,
  last_message_id, last_message_at, position
)
WHERE conversation.id = row.id
RETURNING counter.head_seq
"""
