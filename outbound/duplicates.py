"""What the provider took twice: found, counted, and told to people; never hidden.

Only a person, or an organisation's policy, can cause it: they have let a message leave again
whose first attempt turned out to have left too.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from messaging.sql import execute
from outbound import metrics
from outbound.protocol import AttemptState

logger = logging.getLogger(__name__)


def mark(taken: Collection[tuple[int, str]]) -> set[int]:
    """Mark entries that have left under two ids; their messages.

    `taken` are entries with an id of theirs that was heard again. An entry is counted once, in
    the transaction that finds it. Its lane is locked.
    """
    if not taken:
        return set()
    rows = execute(
        MARK,
        {
            "entries": [entry_id for entry_id, _ in taken],
            "ids": [provider_id for _, provider_id in taken],
            "accepted": AttemptState.ACCEPTED.value,
        },
    )
    for entry_id, message_id in rows:
        metrics.duplicates_total.inc()
        logger.error("sent twice", extra={"entry_id": entry_id, "message_id": message_id})
    return {message_id for _, message_id in rows}


# An id under which the provider could not deliver is nothing that anybody has.
MARK = """
WITH heard AS (
  SELECT * FROM unnest(%(entries)s::bigint[], %(ids)s::text[]) AS row(entry_id, provider_id)
  UNION
  SELECT attempt.entry_id, attempt.provider_id FROM outbound_sendattempt AS attempt
  WHERE attempt.entry_id = ANY(%(entries)s::bigint[]) AND attempt.provider_id <> ''
    AND attempt.state = %(accepted)s AND NOT EXISTS (
      SELECT FROM messaging_receipt AS receipt
      WHERE receipt.channel_id = attempt.channel_id AND receipt.status = 'failed'
        AND receipt.provider_id = attempt.provider_id
    )
  UNION
  SELECT entry.id, message.provider_id FROM outbound_outboxentry AS entry
  JOIN messaging_message AS message ON message.id = entry.message_id
  WHERE entry.id = ANY(%(entries)s::bigint[]) AND message.provider_id IS NOT NULL
    AND message.status <> 'failed'
), twice AS (
  SELECT entry_id FROM heard GROUP BY entry_id HAVING count(DISTINCT provider_id) > 1
)
UPDATE outbound_outboxentry AS entry SET sent_twice_at = statement_timestamp()
FROM twice WHERE entry.id = twice.entry_id AND entry.sent_twice_at IS NULL
RETURNING entry.id, entry.message_id
"""
