"""News, empty deliveries and what could not be understood."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from messaging.apply.batch import Batch, Work
from messaging.apply.dead import add_dead_letter
from messaging.items import Ignored, Malformed, Notice
from messaging.models import Outcome
from messaging.sql import as_json, execute


def insert(batch: Batch) -> None:
    """Keep notices for the apps that act on them; give what is malformed to a person."""
    notices: list[tuple[Work, Notice]] = []
    for work in batch.works:
        if isinstance(work.item, Notice):
            notices.append((work, work.item))
        elif isinstance(work.item, Ignored):
            batch.note(work, Outcome.IGNORED, work.item.kind, reason=work.item.reason)
        elif isinstance(work.item, Malformed):
            add_dead_letter(batch.connection, work, code="malformed", reason=work.item.reason)
            batch.note(work, Outcome.DEAD, work.item.kind, reason=work.item.reason[:200])
    if notices:
        _store(batch, notices)


def _store(batch: Batch, notices: list[tuple[Work, Notice]]) -> None:
    rows = [_row(batch, work, notice) for work, notice in notices]
    stored = {key for (key,) in execute(INSERT, [batch.connection.pk, as_json(rows)])}
    for (work, notice), row in zip(notices, rows, strict=True):
        outcome = Outcome.APPLIED if row["key"] in stored else Outcome.DUPLICATE
        stored.discard(row["key"])
        batch.note(
            work, outcome, "notice", key=row["key"], reason=notice.kind, channel_id=row["channel"]
        )


def _row(batch: Batch, work: Work, notice: Notice) -> dict[str, Any]:
    value = msgspec.json.encode([notice.kind, notice.payload], order="deterministic")
    return {
        "channel": batch.channels.get(notice.channel),
        "kind": notice.kind,
        "key": hashlib.sha256(value).hexdigest(),
        "payload": notice.payload,
        "received_at": work.received_at,
    }


INSERT = """
INSERT INTO messaging_providernotice (connection_id, channel_id, kind, key, payload, received_at)
SELECT %s, row.channel, row.kind, row.key, row.payload, row.received_at
FROM jsonb_to_recordset(%s::jsonb) AS row(
  channel bigint, kind text, key text, payload jsonb, received_at timestamptz
)
ON CONFLICT (connection_id, key) DO NOTHING
RETURNING key
"""
