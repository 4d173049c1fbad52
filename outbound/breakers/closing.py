"""Letting messages leave again: those that waited become due, spread by what their number bears."""

from __future__ import annotations

import logging

from django.db import transaction

from messaging.hints import send_hint
from messaging.sql import execute
from outbound import lanes
from outbound.breakers.board import WAITING_CODES

logger = logging.getLogger(__name__)

DISPATCH = "outbound.tasks.dispatch_due_entries"
BATCH = 500
# Longer than a process goes by what it knew of a breaker: `board.FRESH_SECONDS`, and a claim.
SETTLING_SECONDS = 10.0


def release() -> int:
    """Make everything due that waits for a breaker; how many messages.

    What another breaker still holds back is refused again and goes on waiting. In small
    transactions and safe to repeat: what a call leaves comes due by itself later.
    """
    waiting = execute(WAITING, {"codes": list(WAITING_CODES)})
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        with transaction.atomic():
            lanes.lock([conversation_id for conversation_id, *_ in batch])
            execute(
                HASTEN,
                [
                    [entry_id for _, entry_id, _ in batch],
                    [seconds for *_, seconds in batch],
                ],
            )
    if waiting:
        send_hint(DISPATCH, queue="send")
        logger.info("waiting messages released", extra={"count": len(waiting)})
    return len(waiting)


def sweep() -> int:
    """Release again for some seconds after a closing; how many messages.

    Who knew of it a moment later has told messages to wait anew, and who closed it may have died
    before it released anything.
    """
    [(count,)] = execute(JUST_CLOSED, [SETTLING_SECONDS])
    return release() if count else 0


JUST_CLOSED = """
SELECT count(*) FROM outbound_breaker
WHERE closed_at > statement_timestamp() - make_interval(secs => %s)
"""

# Each number's messages in their order, one after the other at its own pace.
WAITING = """
SELECT entry.conversation_id, entry.id,
  (row_number() OVER (
    PARTITION BY entry.channel_id ORDER BY entry.urgency, entry.ready_at, entry.id
  ) / GREATEST(channel.throughput, 1)::float8)
FROM outbound_outboxentry AS entry
JOIN messaging_channel AS channel ON channel.id = entry.channel_id
WHERE entry.finished_at IS NULL AND entry.state = 'throttled'
  AND entry.due_at > statement_timestamp()
  AND (entry.waits_for = ANY(%(codes)s::text[]) OR (
    SELECT attempt.error_code FROM outbound_sendattempt AS attempt
    WHERE attempt.entry_id = entry.id ORDER BY attempt.id DESC LIMIT 1
  ) = ANY(%(codes)s::text[]))
ORDER BY entry.conversation_id, entry.id
"""

# A lane that somebody has claimed finds the new time when it is advanced.
HASTEN = """
WITH hastened AS (
  UPDATE outbound_outboxentry AS entry
  SET due_at = LEAST(entry.due_at, statement_timestamp() + make_interval(secs => row.seconds))
  FROM unnest(%s::bigint[], %s::float8[]) AS row(id, seconds)
  WHERE entry.id = row.id AND entry.state = 'throttled'
  RETURNING entry.conversation_id, entry.due_at
)
UPDATE outbound_lane AS lane SET due_at = LEAST(lane.due_at, hastened.due_at)
FROM hastened WHERE lane.conversation_id = hastened.conversation_id
  AND lane.claimed_until IS NULL
"""
