"""Files that came with messages → rows of their own; the messages do not wait for them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from messaging.apply.batch import Batch, Filling, NewMessage
from messaging.hints import send_hint
from messaging.items import MediaReference
from messaging.sql import as_json, execute

FETCH = "messaging.tasks.fetch_due_media"


def insert(batch: Batch) -> None:
    """Note every file of new messages, to be fetched by a queue of its own."""
    filled = [(filling, filling.message_id) for filling in batch.fillings]
    places = [(message, message.id) for message in batch.messages] + filled
    rows = [
        _row(of, message_id, position, reference)
        for of, message_id in places
        for position, reference in enumerate(of.item.media)
    ]
    if not rows:
        return
    execute(INSERT, [batch.organization_id, as_json(rows)])
    transaction.on_commit(partial(send_hint, FETCH, queue="background"), robust=True)


def _row(
    of: NewMessage | Filling, message_id: int, position: int, reference: MediaReference
) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "position": position,
        "kind": reference.kind,
        "provider_id": reference.provider_id,
        "url": reference.url,
        "mime_type": reference.mime_type[:120],
        "filename": reference.filename[:255],
        "declared_sha256": reference.sha256[:100],
        "declared_size_bytes": reference.size_bytes,
        "state": "failed" if reference.error else "waiting",
        "error_code": "not_offered" if reference.error else "",
        "error_title": reference.error,
        "received_at": of.work.received_at,
    }


INSERT = """
INSERT INTO messaging_media (organization_id, message_id, position, kind, provider_id, url,
  mime_type, filename, declared_sha256, declared_size_bytes, state, attempts, due_at, file,
  thumbnail, stored_mime_type, sha256, error_code, error_title, received_at)
SELECT %s, row.message_id, row.position, row.kind, row.provider_id, row.url, row.mime_type,
  row.filename, row.declared_sha256, row.declared_size_bytes, row.state, 0, now(), '', '', '', '',
  row.error_code, row.error_title, row.received_at
FROM jsonb_to_recordset(%s::jsonb) AS row(
  message_id bigint, position int, kind text, provider_id text, url text, mime_type text,
  filename text, declared_sha256 text, declared_size_bytes bigint, state text, error_code text,
  error_title text, received_at timestamptz
)
ON CONFLICT (message_id, position) DO NOTHING
"""
