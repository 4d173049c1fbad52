"""The ledger's lines of a batch, in one statement."""

from __future__ import annotations

from datetime import UTC, datetime

from messaging.apply.batch import Batch, Line
from messaging.metrics import items_total, wait_seconds
from messaging.sql import execute


def insert(batch: Batch) -> None:
    """Write one line for each item; an item that was dead and now passes gets its new outcome."""
    write(batch.lines)
    now = datetime.now(UTC)
    for line in batch.lines:
        wait_seconds.observe(max(0.0, (now - line.work.received_at).total_seconds()))
        items_total.labels(line.kind, line.outcome.value).inc()


def write(lines: list[Line]) -> None:
    """Store `lines`; applied_at is the database's clock."""
    execute(
        INSERT,
        [
            [line.work.event_id for line in lines],
            [line.work.position for line in lines],
            [line.channel_id for line in lines],
            [line.kind for line in lines],
            [line.key for line in lines],
            [line.outcome.value for line in lines],
            [line.reason for line in lines],
            [line.message_id for line in lines],
            [line.work.received_at for line in lines],
        ],
    )


INSERT = """
INSERT INTO messaging_inbounditem AS item (event_id, position, channel_id, kind, key, outcome,
  reason, message_id, received_at, applied_at)
SELECT row.*, clock_timestamp() FROM unnest(
  %s::bigint[], %s::int[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
  %s::bigint[], %s::timestamptz[]
) AS row
ON CONFLICT (event_id, position) DO UPDATE SET
  channel_id = excluded.channel_id, kind = excluded.kind, key = excluded.key,
  outcome = excluded.outcome, reason = excluded.reason, message_id = excluded.message_id,
  applied_at = excluded.applied_at
WHERE item.outcome = 'dead'
"""
