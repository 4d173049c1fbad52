"""The conversation of each new message: one per channel and contact, for ever.

A contact that is made of several keeps writing into the conversation that is there.
"""

from __future__ import annotations

from messaging.apply.batch import Batch, moment
from messaging.sql import execute


def resolve(batch: Batch) -> None:
    """Find or open the conversations of the batch's messages."""
    pairs = sorted({(m.channel_id, m.contact_id) for m in batch.messages})
    if not pairs:
        return
    found = _find(pairs)
    missing = [pair for pair in pairs if pair not in found]
    if missing:
        found.update(_find_of_parts(missing))
        _open(batch, [pair for pair in missing if pair not in found])
        found.update(_find([pair for pair in missing if pair not in found]))
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


def _find_of_parts(pairs: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Conversations of contacts that were merged into these, the oldest one of each."""
    rows = execute(
        """
        SELECT row.channel_id, row.contact_id, min(conversation.id)
        FROM unnest(%s::bigint[], %s::bigint[]) AS row(channel_id, contact_id)
        JOIN messaging_contact AS part ON part.merged_into_id = row.contact_id
        JOIN messaging_conversation AS conversation
          ON conversation.channel_id = row.channel_id AND conversation.contact_id = part.id
        GROUP BY row.channel_id, row.contact_id
        """,
        [[channel for channel, _ in pairs], [contact for _, contact in pairs]],
    )
    return {(channel, contact): conversation for channel, contact, conversation in rows}


def _open(batch: Batch, pairs: list[tuple[int, int]]) -> None:
    """Open what is new; one of the past, or of somebody who is blocked, is born resolved."""
    if not pairs:
        return
    live = {(m.channel_id, m.contact_id) for m in batch.messages if not m.item.is_silent}
    newest = {
        (m.channel_id, m.contact_id): moment(m.item.at) or m.work.received_at
        for m in sorted(batch.messages, key=lambda each: each.item.at or 0)
    }
    execute(
        """
        WITH opened AS (
          INSERT INTO messaging_conversation (organization_id, channel_id, contact_id, state,
            priority, head_seq, changed_seq, inbound_count, last_activity_at, created_at)
          SELECT %s, row.channel_id, row.contact_id,
            CASE WHEN row.is_live AND contact.blocked_at IS NULL THEN 'open' ELSE 'resolved' END,
            'none', 0, 0, 0,
            CASE WHEN row.is_live AND contact.blocked_at IS NULL THEN now() ELSE row.newest_at END,
            now()
          FROM unnest(%s::bigint[], %s::bigint[], %s::boolean[], %s::timestamptz[])
            AS row(channel_id, contact_id, is_live, newest_at)
          JOIN messaging_contact AS contact ON contact.id = row.contact_id
          ON CONFLICT (channel_id, contact_id) DO NOTHING
          RETURNING id, state
        )
        INSERT INTO messaging_episode (conversation_id, opened_at)
        SELECT id, now() FROM opened WHERE state = 'open'
        """,
        [
            batch.organization_id,
            [channel for channel, _ in pairs],
            [contact for _, contact in pairs],
            [pair in live for pair in pairs],
            [newest[pair] for pair in pairs],
        ],
    )
