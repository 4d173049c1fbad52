"""News, empty deliveries and what could not be understood."""

from __future__ import annotations

import hashlib
from typing import Any

from messaging.apply.batch import Batch, Work
from messaging.apply.dead import Letter, add_dead_letters
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
    if notices:
        _store(batch, notices)
    malformed = [(w, w.item) for w in batch.works if isinstance(w.item, Malformed)]
    if malformed:
        _give_up(batch, malformed)


def _give_up(batch: Batch, malformed: list[tuple[Work, Malformed]]) -> None:
    """A dead letter for each value that was not given up before; a repeat is a duplicate."""
    keys = [_hash([batch.connection.pk, item.kind, item.payload]) for _, item in malformed]
    known = {
        key
        for (key,) in execute(
            "SELECT key FROM messaging_inbounditem WHERE key = ANY(%s) AND outcome = 'dead'",
            [keys],
        )
    }
    letters = []
    for (work, item), key in zip(malformed, keys, strict=True):
        outcome = Outcome.DUPLICATE if key in known else Outcome.DEAD
        if outcome == Outcome.DEAD:
            letters.append(Letter(work, "malformed", item.reason))
            known.add(key)
        batch.note(work, outcome, item.kind, key=key, reason=item.reason[:200])
    add_dead_letters(batch.connection, letters)


def _store(batch: Batch, notices: list[tuple[Work, Notice]]) -> None:
    rows = [_row(batch, work, notice) for work, notice in notices]
    stored = {key for (key,) in execute(INSERT, [batch.connection.pk, as_json(rows)])}
    for (work, notice), row in zip(notices, rows, strict=True):
        outcome = Outcome.APPLIED if row["key"] in stored else Outcome.DUPLICATE
        if row["key"] in stored:
            batch.fresh_notices.append((work, notice))
        stored.discard(row["key"])
        batch.note(
            work, outcome, "notice", key=row["key"], reason=notice.kind, channel_id=row["channel"]
        )


def _row(batch: Batch, work: Work, notice: Notice) -> dict[str, Any]:
    return {
        "channel": batch.channels.get(notice.channel),
        "kind": notice.kind,
        "key": _hash([notice.kind, notice.payload, *([notice.at] if notice.at else [])]),
        "payload": notice.payload,
        "received_at": work.received_at,
    }


def _hash(value: list[Any]) -> str:
    """What names an item that has no id: the hash of its value."""
    return hashlib.sha256(as_json([{"value": value}]).encode()).hexdigest()


INSERT = """
INSERT INTO messaging_providernotice (connection_id, channel_id, kind, key, payload, received_at)
SELECT %s, row.channel, row.kind, row.key, row.payload, row.received_at
FROM jsonb_to_recordset(%s::jsonb) AS row(
  channel bigint, kind text, key text, payload jsonb, received_at timestamptz
)
ON CONFLICT (connection_id, key) DO NOTHING
RETURNING key
"""
