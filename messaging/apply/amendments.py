"""Edits, revokes and reactions → rows of their own, and what they do to their messages.

One that comes before its message is parked until the message is there. The newest by the
provider's time counts, so order and repetition make no difference.
"""

from __future__ import annotations

from typing import Any

from messaging import amending
from messaging.apply.batch import Batch, HeardAmendment, moment
from messaging.models import AuthorType, Outcome
from messaging.sql import as_json, execute

Key = tuple[int, str, str]


def match(batch: Batch) -> None:
    """Find the messages the amendments are about; the others are parked."""
    if not batch.amendments:
        return
    wanted = [
        (place, each.channel_id, target, rank)
        for place, each in enumerate(batch.amendments)
        for rank, target in enumerate(each.item.targets)
    ]
    rows = execute(
        """
        SELECT DISTINCT ON (row.place) row.place, message.id, message.conversation_id
        FROM unnest(%s::int[], %s::bigint[], %s::text[], %s::int[])
          AS row(place, channel_id, target, rank)
        JOIN messaging_message AS message
          ON message.channel_id = row.channel_id AND message.provider_id = row.target
        ORDER BY row.place, row.rank
        """,
        [[each[column] for each in wanted] for column in range(4)],
    )
    for place, message_id, conversation_id in rows:
        batch.amendments[place].message_id = message_id
        batch.amendments[place].conversation_id = conversation_id


def insert(batch: Batch) -> None:
    """Keep what is new, bind what waited for messages of this batch, and carry it out."""
    _bind_fresh(batch)
    stored = _store(batch.amendments)
    changed = _bind_parked(batch)
    for each in batch.amendments:
        is_new = _key(each) in stored
        stored.discard(_key(each))
        _note(batch, each, is_new=is_new)
        if is_new and each.message_id is not None and each.conversation_id is not None:
            changed[each.message_id] = each.conversation_id
    if changed:
        amending.carry_out(changed.keys(), batch.conversations)
        batch.touched.update(changed.values())


def _bind_fresh(batch: Batch) -> None:
    """Messages of this very batch are known only by now."""
    fresh = {(m.channel_id, m.item.provider_id): m for m in batch.messages}
    for each in batch.amendments:
        for target in each.item.targets if each.message_id is None else ():
            if message := fresh.get((each.channel_id, target)):
                each.message_id, each.conversation_id = message.id, message.conversation_id
                break


def _store(amendments: list[HeardAmendment]) -> set[Key]:
    if not amendments:
        return set()
    return set(execute(INSERT, [as_json([_row(each) for each in amendments])]))


def _row(each: HeardAmendment) -> dict[str, Any]:
    item, received_at = each.item, each.work.received_at
    return {
        "channel_id": each.channel_id,
        "message_id": each.message_id,
        "targets": item.targets,
        "kind": item.kind,
        "provider_id": item.provider_id,
        "author_type": AuthorType.PHONE_APP if item.echo else AuthorType.CONTACT,
        "author_key": _author_key(each),
        "contact_id": each.sender_id,
        "emoji": item.emoji[:64],
        "text": item.text,
        "content": item.content,
        "at": moment(item.at) or received_at,
        "received_at": received_at,
    }


def _author_key(each: HeardAmendment) -> str:
    """In a conversation there is one contact, under whatever id; in a group there are many."""
    if each.item.echo:
        return "phone_app"
    return f"contact:{each.sender_id}" if each.sender_id else "contact"


def _key(each: HeardAmendment) -> Key:
    return (each.channel_id, each.item.kind, each.item.provider_id)


def _note(batch: Batch, each: HeardAmendment, *, is_new: bool) -> None:
    batch.note(
        each.work,
        Outcome.APPLIED if is_new else Outcome.DUPLICATE,
        each.item.kind,
        key=each.item.provider_id,
        reason="" if each.message_id else "parked",
        channel_id=each.channel_id,
        message_id=each.message_id,
    )


def _bind_parked(batch: Batch) -> dict[int, int]:
    """The messages of this batch for which something had been waiting, and their conversations."""
    if not batch.messages:
        return {}
    rows = execute(
        """
        WITH fresh AS (
          SELECT * FROM unnest(%(channels)s::bigint[], %(provider_ids)s::text[], %(ids)s::bigint[])
            AS row(channel_id, provider_id, id)
        ), waiting AS (
          SELECT id, channel_id, targets FROM messaging_amendment
          WHERE message_id IS NULL AND targets && %(provider_ids)s::varchar[]
        )
        UPDATE messaging_amendment AS amendment SET message_id = fresh.id
        FROM waiting JOIN fresh
          ON fresh.channel_id = waiting.channel_id AND fresh.provider_id = ANY(waiting.targets)
        WHERE amendment.id = waiting.id
        RETURNING amendment.message_id
        """,
        {
            "channels": [message.channel_id for message in batch.messages],
            "provider_ids": [message.item.provider_id for message in batch.messages],
            "ids": [message.id for message in batch.messages],
        },
    )
    places = {message.id: message.conversation_id for message in batch.messages}
    return {message_id: places[message_id] for (message_id,) in rows}


INSERT = """
INSERT INTO messaging_amendment (channel_id, message_id, targets, kind, provider_id, author_type,
  author_key, contact_id, emoji, text, content, at, received_at)
SELECT row.channel_id, row.message_id,
  ARRAY(SELECT jsonb_array_elements_text(row.targets)), row.kind, row.provider_id,
  row.author_type, row.author_key, row.contact_id, row.emoji, row.text, row.content, row.at,
  row.received_at
FROM jsonb_to_recordset(%s::jsonb) AS row(
  channel_id bigint, message_id bigint, targets jsonb, kind text, provider_id text,
  author_type text, author_key text, contact_id bigint, emoji text, text text, content jsonb,
  at timestamptz, received_at timestamptz
)
ON CONFLICT (channel_id, kind, provider_id) DO NOTHING
RETURNING channel_id, kind, provider_id
"""
