"""Messages whose id is in the timeline already: repetitions, and what a placeholder announced.

The first lane to hold a channel's deliveries inserts them, so nobody else can be faster.
"""

from __future__ import annotations

import msgspec

from messaging import amending
from messaging.apply.batch import Batch, Filling, NewMessage, Work
from messaging.items import InboundMessage
from messaging.models import Outcome
from messaging.sql import as_json, execute

Key = tuple[int, str]


def drop_known(batch: Batch) -> None:
    """Put aside messages that are already in the timeline, or twice in this batch."""
    if not batch.messages:
        return
    known = _known(KNOWN, batch.messages)
    # Of a message of ours that left twice, the second id is known from its statuses.
    known |= _known(HEARD_OF, [message for message in batch.messages if message.item.echo])
    kept: dict[Key, NewMessage] = {}
    for message in batch.messages:
        key = (message.channel_id, message.item.provider_id)
        if key in known:
            _meet(batch, message, *known[key])
        elif key in kept:
            _meet_twin(batch, kept[key], message)
        else:
            kept[key] = message
    batch.messages = list(kept.values())


def note(
    batch: Batch, work: Work, channel_id: int, outcome: Outcome, message_id: int | None
) -> None:
    """The ledger's line of a message, as it came."""
    item = work.item
    assert isinstance(item, InboundMessage)  # noqa: S101 - nothing else is filed here
    kind = "echo" if item.echo else item.kind
    batch.note(
        work,
        outcome,
        kind,
        key=item.provider_id,
        channel_id=channel_id,
        message_id=message_id,
    )


def fill(batch: Batch) -> None:
    """Give placeholders their content; their place in the timeline stays."""
    if not batch.fillings:
        return
    rows = [
        {
            "id": filling.message_id,
            "kind": filling.item.kind,
            "text": filling.item.text,
            "content": filling.item.content,
            "reply_to": filling.item.reply_to,
            "changed_seq": batch.take_number(filling.conversation_id),
        }
        for filling in batch.fillings
    ]
    edited = {message_id for message_id, is_edited in execute(FILL, [as_json(rows)]) if is_edited}
    if edited:
        amending.carry_out(edited, batch.conversations)
    for filling in batch.fillings:
        note(batch, filling.work, filling.channel_id, Outcome.APPLIED, filling.message_id)


def _meet(
    batch: Batch,
    message: NewMessage,
    message_id: int,
    conversation_id: int,
    is_placeholder: bool,
) -> None:
    if is_placeholder and not message.item.is_placeholder:
        filling = Filling(
            message.work, message.item, message.channel_id, message_id, conversation_id
        )
        if all(each.message_id != message_id for each in batch.fillings):
            batch.fillings.append(filling)
            return
    note(batch, message.work, message.channel_id, Outcome.DUPLICATE, message_id)


def _meet_twin(batch: Batch, first: NewMessage, second: NewMessage) -> None:
    """The same id twice in a batch: the first counts, and may take the content of the second."""
    if second.item.is_placeholder or not first.item.is_placeholder:
        note(batch, second.work, second.channel_id, Outcome.DUPLICATE, None)
        return
    first.completed = second.work
    first.item = msgspec.structs.replace(
        first.item,
        party=first.item.party if first.item.party.identities else second.item.party,
        sender=first.item.sender or second.item.sender,
        at=second.item.at if first.item.at is None else first.item.at,
        reply_to=second.item.reply_to or first.item.reply_to,
        kind=second.item.kind,
        text=second.item.text,
        content=second.item.content,
        media=second.item.media,
        is_placeholder=False,
    )


def _known(query: str, messages: list[NewMessage]) -> dict[Key, tuple[int, int, bool]]:
    if not messages:
        return {}
    rows = execute(
        query,
        [
            [message.channel_id for message in messages],
            [message.item.provider_id for message in messages],
        ],
    )
    return {(channel, provider_id): place for channel, provider_id, *place in rows}  # type: ignore[misc]  # a row's columns


KNOWN = """
SELECT message.channel_id, message.provider_id, message.id, message.conversation_id,
  message.is_placeholder
FROM messaging_message AS message
JOIN unnest(%s::bigint[], %s::text[]) AS row(channel_id, provider_id)
  ON message.channel_id = row.channel_id AND message.provider_id = row.provider_id
"""

HEARD_OF = """
SELECT DISTINCT receipt.channel_id, receipt.provider_id, message.id, message.conversation_id, false
FROM messaging_receipt AS receipt
JOIN unnest(%s::bigint[], %s::text[]) AS row(channel_id, provider_id)
  ON receipt.channel_id = row.channel_id AND receipt.provider_id = row.provider_id
JOIN messaging_message AS message ON message.id = receipt.message_id
WHERE message.author_type <> 'phone_app'
"""

# An edit that came in between stays: what is filled in then is what the message first said.
FILL = """
UPDATE messaging_message AS message SET kind = row.kind, is_placeholder = false,
  text = CASE WHEN message.original IS NULL THEN row.text ELSE message.text END,
  content = CASE WHEN message.original IS NULL THEN row.content ELSE message.content END,
  original = CASE WHEN message.original IS NOT NULL
    THEN jsonb_build_object('text', row.text, 'content', row.content) END,
  reply_to_provider_id = row.reply_to, reply_to_id = (
    SELECT quoted.id FROM messaging_message AS quoted
    WHERE row.reply_to <> '' AND quoted.channel_id = message.channel_id
      AND quoted.provider_id = row.reply_to AND quoted.conversation_id = message.conversation_id
  ), changed_seq = row.changed_seq
FROM jsonb_to_recordset(%s::jsonb) AS row(
  id bigint, kind text, text text, content jsonb, reply_to text, changed_seq bigint
)
WHERE message.id = row.id
RETURNING message.id, message.original IS NOT NULL
"""
