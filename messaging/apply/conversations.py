"""The conversation of each new message: one per channel and contact, for ever."""

from __future__ import annotations

from messaging.apply.batch import Batch
from messaging.sql import execute


def resolve(batch: Batch) -> None:
    """Find or open the conversations of the batch's messages."""
    pairs = sorted({(m.channel_id, m.contact_id) for m in batch.messages})
    if not pairs:
        return
    found = _find(pairs)
    missing = [pair for pair in pairs if pair not in found]
    if missing:
        _open(batch.organization_id, missing)
        found.update(_find(missing))
    for message in batch.messages:
        message.conversation_id = found[message.channel_id, message.contact_id]


def _find(pairs: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    rows = execute(
        """
        SELECT conversation.channel_id, conversation.contact_id, conversation.id
        FROM messaging_conversation AS conversation
        JOIN unnest(%s::bigint[], %s::bigint[]) AS row(channel_id, contact_id)
          ON conversation.channel_id = row.channel_id AND conversation.contact_id = row.contact_id
        """,
        [[channel for channel, _ in pairs], [contact for _, contact in pairs]],
    )
    return {(channel, contact): conversation for channel, contact, conversation in rows}


def _open(organization_id: int, pairs: list[tuple[int, int]]) -> None:
    execute(
        """
        WITH opened AS (
          INSERT INTO messaging_conversation (organization_id, channel_id, contact_id, state,
            priority, head_seq, changed_seq, inbound_count, last_activity_at, created_at)
          SELECT %s, row.channel_id, row.contact_id, 'open', 'none', 0, 0, 0, now(), now()
          FROM unnest(%s::bigint[], %s::bigint[]) AS row(channel_id, contact_id)
          ON CONFLICT (channel_id, contact_id) DO NOTHING
          RETURNING id
        )
        INSERT INTO messaging_episode (conversation_id, opened_at) SELECT id, now() FROM opened
        """,
        [organization_id, [channel for channel, _ in pairs], [contact for _, contact in pairs]],
    )
