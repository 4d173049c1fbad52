"""The ledger's lines of a batch, in one statement."""

from __future__ import annotations

from datetime import UTC, datetime

from messaging.apply.batch import Batch, Line
from messaging.metrics import items_total, wait_seconds
from messaging.sql import as_json, execute


def insert(batch: Batch) -> None:
    """Write one line for each item; an item that was dead and now passes gets its new outcome."""
    write(batch.lines)
    now = datetime.now(UTC)
    for line in batch.lines:
        wait_seconds.observe(max(0.0, (now - line.work.received_at).total_seconds()))
        items_total.labels(line.kind, line.outcome.value).inc()


def write(lines: list[Line]) -> None:
    """Store `lines`; applied_at is the database's clock."""
    rows = [
        {
            "event": line.work.event_id,
            "position": line.work.position,
            "channel": line.channel_id,
            "kind": line.kind[:40],
            "key": line.key,
            "outcome": line.outcome.value,
            "reason": line.reason,
            "message": line.message_id,
            "received_at": line.work.received_at,
        }
        for line in lines
    ]
    execute(INSERT, [as_json(rows)])


INSERT = """
INSERT INTO messaging_inbounditem AS item (event_id, position, channel_id, kind, key, outcome,
  reason, message_id, received_at, applied_at)
SELECT row.event, row.position, row.channel, row.kind, row.key, row.outcome, row.reason,
  row.message, row.received_at, clock_timestamp()
FROM jsonb_to_recordset(%s::jsonb) AS row(
  event bigint, position int, channel bigint, kind text, key text, outcome text, reason text,
  message bigint, received_at timestamptz
)
ON CONFLICT (event_id, position) DO UPDATE SET
  channel_id = excluded.channel_id, kind = excluded.kind, key = excluded.key,
  outcome = excluded.outcome, reason = excluded.reason, message_id = excluded.message_id,
  applied_at = excluded.applied_at
WHERE item.outcome = 'dead'
"""
