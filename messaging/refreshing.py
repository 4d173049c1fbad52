"""Messages that today's code reads otherwise than the code that stored them.

Compared by Postgres, so that a value read again is never taken for another one. What a customer
has edited since is compared and corrected in `original`. Places and times in the timeline stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from messaging import amending, timeline
from messaging.apply import media
from messaging.apply.batch import Batch, Filling, Work
from messaging.items import InboundMessage
from messaging.models import Connection, Conversation
from messaging.sql import as_json, execute


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedMessage:
    """A message that is told anew, and the names of what changed in it."""

    message: int
    conversation: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A message that differs from an item, at `place` of the works."""

    place: int
    message_id: int
    channel_id: int
    conversation_id: int
    is_edited: bool
    fields: tuple[str, ...]


def refresh(connection: Connection, works: Sequence[Work]) -> list[ChangedMessage]:
    """Correct messages by what their deliveries say today, inside the caller's transaction.

    Only a delivery that made the message (its line says `applied`) is asked. Takes the
    organisation's counter, so nothing may be locked after it.
    """
    found = _differing(works)
    if not found:
        return []
    conversations = timeline.lock({each.conversation_id for each in found})
    # An edit may have come in between; whoever still differs is in a locked conversation.
    found = [each for each in _differing(works) if each.conversation_id in conversations]
    _write(works, found, conversations)
    _note_files(connection, works, found)
    timeline.publish(_touched(found, conversations))
    return [
        ChangedMessage(
            message=each.message_id, conversation=each.conversation_id, fields=each.fields
        )
        for each in found
    ]


def _differing(works: Sequence[Work]) -> list[_Found]:
    rows = [
        {
            "place": place,
            "event": work.event_id,
            "key": work.item.provider_id,
            "kind": work.item.kind,
            "text": work.item.text,
            "content": work.item.content,
            "reply_to": work.item.reply_to,
            "is_placeholder": work.item.is_placeholder,
        }
        for place, work in enumerate(works)
        if isinstance(work.item, InboundMessage)
    ]
    if not rows:
        return []
    return [
        _Found(place, message, channel, conversation, is_edited, tuple(fields))
        for place, message, channel, conversation, is_edited, fields in execute(
            DIFFERING, [as_json(rows)]
        )
    ]


def _write(
    works: Sequence[Work], found: Sequence[_Found], conversations: dict[int, Conversation]
) -> None:
    rows = []
    for each in found:
        item = works[each.place].item
        assert isinstance(item, InboundMessage)  # noqa: S101 - only messages are compared
        rows.append(
            {
                "id": each.message_id,
                "kind": item.kind,
                "text": item.text,
                "content": item.content,
                "reply_to": item.reply_to,
                "changed_seq": timeline.take_number(conversations[each.conversation_id]),
            }
        )
    execute(WRITE, [as_json(rows)])
    if edited := [each.message_id for each in found if each.is_edited]:
        amending.carry_out(edited, conversations)


def _note_files(connection: Connection, works: Sequence[Work], found: Iterable[_Found]) -> None:
    """Files that the code of then did not see are fetched now, if the provider still has them."""
    batch = Batch(connection, [])
    for each in found:
        work = works[each.place]
        assert isinstance(work.item, InboundMessage)  # noqa: S101 - as above
        batch.fillings.append(
            Filling(work, work.item, each.channel_id, each.message_id, each.conversation_id)
        )
    media.insert(batch)


def _touched(
    found: Iterable[_Found], conversations: dict[int, Conversation]
) -> Iterable[Conversation]:
    return [conversations[pk] for pk in sorted({each.conversation_id for each in found})]


# The first of several items of one delivery with the same id is the one that counted.
DIFFERING = """
SELECT place, id, channel_id, conversation_id, is_edited, fields FROM (
  SELECT DISTINCT ON (message.id) row.place, message.id, message.channel_id,
    message.conversation_id, message.original IS NOT NULL AS is_edited,
    array_remove(ARRAY[
      CASE WHEN message.kind <> row.kind THEN 'kind' END,
      CASE WHEN coalesce(message.original->>'text', message.text) <> row.text THEN 'text' END,
      CASE WHEN coalesce(message.original->'content', message.content) <> row.content
        THEN 'content' END,
      CASE WHEN message.reply_to_provider_id <> row.reply_to THEN 'reply_to' END
    ], NULL) AS fields
  FROM jsonb_to_recordset(%s::jsonb) AS row(
    place int, event bigint, key text, kind text, text text, content jsonb, reply_to text,
    is_placeholder boolean
  )
  JOIN messaging_inbounditem AS item
    ON item.event_id = row.event AND item.key = row.key AND item.outcome = 'applied'
  JOIN messaging_message AS message
    ON message.id = item.message_id AND message.provider_id = row.key
  WHERE item.kind <> 'status' AND message.author_type IN ('contact', 'phone_app')
    AND (message.is_placeholder OR NOT row.is_placeholder)
    AND (message.original IS NOT NULL OR message.edited_at IS NULL)
  ORDER BY message.id, row.place
) AS compared
WHERE fields <> '{}' ORDER BY place
"""
WRITE = """
UPDATE messaging_message AS message SET
  kind = row.kind,
  text = CASE WHEN message.original IS NULL THEN row.text ELSE message.text END,
  content = CASE WHEN message.original IS NULL THEN row.content ELSE message.content END,
  original = CASE WHEN message.original IS NOT NULL
    THEN message.original || jsonb_build_object('text', row.text, 'content', row.content) END,
  reply_to_provider_id = row.reply_to,
  reply_to_id = CASE WHEN message.reply_to_provider_id = row.reply_to THEN message.reply_to_id
    ELSE (
      SELECT quoted.id FROM messaging_message AS quoted
      WHERE quoted.channel_id = message.channel_id AND quoted.provider_id = row.reply_to
        AND quoted.conversation_id = message.conversation_id AND row.reply_to <> ''
    ) END,
  changed_seq = row.changed_seq
FROM jsonb_to_recordset(%s::jsonb) AS row(
  id bigint, kind text, text text, content jsonb, reply_to text, changed_seq bigint
)
WHERE message.id = row.id
"""
