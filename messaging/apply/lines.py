"""The ledger's lines of a batch, in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from messaging.apply.batch import Batch, Line
from messaging.metrics import items_total, wait_seconds
from messaging.models import Outcome
from messaging.sql import as_json, execute

Place = tuple[int, int]  # (delivery, position in it)
DONE = {Outcome.APPLIED, Outcome.DUPLICATE}


@dataclass(frozen=True, slots=True)
class OldLine:
    """What the ledger says already."""

    kind: str
    key: str
    outcome: Outcome
    reason: str


def insert(batch: Batch) -> None:
    """Write one line for each item; an item that was dead and now passes gets its new outcome."""
    write(batch.lines)
    now = datetime.now(UTC)
    for line in batch.lines:
        wait_seconds.observe(max(0.0, (now - line.work.received_at).total_seconds()))
        items_total.labels(line.kind, line.outcome.value).inc()


def write(lines: Iterable[Line]) -> None:
    """Store `lines`, over those that say `dead`; applied_at is the database's clock."""
    execute(f"{INSERT} WHERE item.outcome = 'dead'", [as_json([_row(line) for line in lines])])


def rewrite(lines: Collection[Line]) -> None:
    """Store `lines` over whatever the ledger says."""
    if lines:
        execute(INSERT, [as_json([_row(line) for line in lines])])


def read(event_ids: Iterable[int]) -> dict[Place, OldLine]:
    """The ledger's lines of these deliveries."""
    rows = execute(
        """
        SELECT event_id, position, kind, key, outcome, reason FROM messaging_inbounditem
        WHERE event_id = ANY(%s)
        """,
        [list(event_ids)],
    )
    return {
        (event, position): OldLine(kind, key, Outcome(outcome), reason)
        for event, position, kind, key, outcome, reason in rows
    }


def drop_beyond(counts: Mapping[int, int]) -> list[tuple[Place, str, Outcome]]:
    """Remove lines of items that deliveries do not hold (any more): those from `counts` on."""
    rows = execute(
        """
        DELETE FROM messaging_inbounditem AS item
        USING unnest(%s::bigint[], %s::int[]) AS row(event_id, count)
        WHERE item.event_id = row.event_id AND item.position >= row.count
        RETURNING item.event_id, item.position, item.kind, item.outcome
        """,
        [list(counts), list(counts.values())],
    )
    return [((event, position), kind, Outcome(outcome)) for event, position, kind, outcome in rows]


def decided(old: OldLine | None, new: Line, applied: Collection[str]) -> Line | None:
    """What the ledger should say now, or None where it says so already.

    An item that was done stays as it was; `applied` are the keys of its delivery's applied lines,
    for an item whose place has changed.
    """
    if old is None or (old.key != new.key and {old.outcome, new.outcome} <= DONE):
        return _as_it_was(new, new.key in applied)
    if old.outcome in DONE:
        return _of_the_same(old, new)
    said = (old.kind, old.key, old.outcome, old.reason)
    return None if said == (new.kind, new.key, new.outcome, new.reason) else new


def _of_the_same(old: OldLine, new: Line) -> Line | None:
    if new.outcome == Outcome.APPLIED:
        return new
    if new.outcome == Outcome.DUPLICATE and new.kind != old.kind:
        return replace(new, outcome=old.outcome, reason=old.reason)
    return None


def _as_it_was(line: Line, was_applied: bool) -> Line:
    is_repeat = line.outcome == Outcome.DUPLICATE
    return replace(line, outcome=Outcome.APPLIED) if is_repeat and was_applied else line


def _row(line: Line) -> dict[str, Any]:
    return {
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
"""
