"""Lanes: opening, locking and advancing them; one statement for any number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from messaging.sql import execute

if TYPE_CHECKING:
    from outbound.models import OutboxEntry

# Among what is ready in one conversation: who holds the lane, then live before bulk, then the
# order in which they became ready.
HEAD_ORDER = "(entry.state = 'waiting'), entry.urgency, entry.ready_at, entry.id"

# An organisation may want a lane to stand still until a person has decided about its message.
# What is being confirmed goes on to a person even where another message waits for one.
PASSES = """(entry.state = 'confirming' OR NOT EXISTS (
    SELECT FROM outbound_outboxentry AS asked
    JOIN outbound_sendingpolicy AS policy ON policy.organization_id = asked.organization_id
    WHERE asked.conversation_id = entry.conversation_id AND asked.state = 'needs_review'
      AND policy.holds_unknown
  ))"""


def open_for(entry: OutboxEntry) -> None:
    """Make sure that `entry`'s lane is looked at when it is due.

    A claimed lane is left alone: its owner finds the entry when it advances the lane.
    """
    execute(
        OPEN,
        [
            entry.conversation_id,
            entry.organization_id,
            entry.channel_id,
            entry.urgency,
            entry.due_at,
        ],
    )


def lock(conversation_ids: Sequence[int]) -> None:
    """Lock lanes in primary-key order; after their conversations, before anything else."""
    execute(LOCK, [sorted(set(conversation_ids))])


def advance(conversation_ids: Sequence[int], tokens: Sequence[int]) -> None:
    """Give claims back and let each lane be due when its next entry is.

    `tokens` are the caller's own; a lane that somebody else has claimed since stays as it is.
    """
    execute(ADVANCE, [list(conversation_ids), list(tokens)])


def wake() -> int:
    """Let lanes go on that stood still for a person, where the organisation wants that no more;
    how many.
    """
    return len(execute(WAKE))


OPEN = """
INSERT INTO outbound_lane AS lane
  (conversation_id, organization_id, channel_id, urgency, due_at, claim_token)
VALUES (%s, %s, %s, %s, %s, 0)
ON CONFLICT (conversation_id) DO UPDATE SET
  urgency = CASE
    WHEN lane.due_at IS NULL THEN excluded.urgency
    ELSE LEAST(lane.urgency, excluded.urgency) END,
  due_at = CASE
    WHEN lane.claimed_until > statement_timestamp() THEN lane.due_at
    ELSE LEAST(lane.due_at, excluded.due_at) END
"""

LOCK = """
SELECT 1 FROM outbound_lane
WHERE conversation_id = ANY(%s::bigint[]) ORDER BY conversation_id FOR UPDATE
"""

ADVANCE = f"""
UPDATE outbound_lane AS lane SET
  due_at = LEAST(head.due_at, later.ready_at),
  urgency = COALESCE(head.urgency, later.urgency, lane.urgency),
  claimed_until = NULL
FROM unnest(%s::bigint[], %s::bigint[]) AS mine(conversation_id, token)
LEFT JOIN LATERAL (
  SELECT entry.due_at, entry.urgency FROM outbound_outboxentry AS entry
  WHERE entry.conversation_id = mine.conversation_id
    AND entry.finished_at IS NULL AND entry.ready_at <= statement_timestamp()
    AND {PASSES}
  ORDER BY {HEAD_ORDER} LIMIT 1
) AS head ON true
LEFT JOIN LATERAL (
  SELECT entry.ready_at, entry.urgency FROM outbound_outboxentry AS entry
  WHERE entry.conversation_id = mine.conversation_id
    AND entry.finished_at IS NULL AND entry.ready_at > statement_timestamp()
    AND {PASSES}
  ORDER BY entry.ready_at LIMIT 1
) AS later ON true
WHERE lane.conversation_id = mine.conversation_id
  AND (lane.claim_token = mine.token OR lane.claimed_until IS NULL)
"""  # noqa: S608 - put together from constants

WAKE = f"""
UPDATE outbound_lane AS lane SET due_at = statement_timestamp()
FROM (
  SELECT DISTINCT entry.conversation_id FROM outbound_outboxentry AS review
  JOIN outbound_outboxentry AS entry ON entry.conversation_id = review.conversation_id
  WHERE review.state = 'needs_review' AND entry.finished_at IS NULL AND {PASSES}
) AS free
WHERE lane.conversation_id = free.conversation_id
  AND lane.due_at IS NULL AND lane.claimed_until IS NULL
RETURNING lane.conversation_id
"""  # noqa: S608 - put together from constants
