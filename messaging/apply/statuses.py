"""Statuses → receipts, and up the ladder of the messages they speak of."""

from __future__ import annotations

from typing import Any

from messaging import echoes, figures, reacting
from messaging.apply.batch import Batch, HeardStatus, moment
from messaging.events import ReceiptsParked, announce
from messaging.models import Message, Outcome
from messaging.receipts import Heard, bind_parked, settle, write_states
from messaging.sql import as_json, execute

Key = tuple[int, str, str, str]


def match(batch: Batch) -> None:
    """Find the messages the statuses speak of; the others are parked."""
    if not batch.statuses:
        return
    _match_by(BY_MESSAGE, batch.statuses)
    # A message that left twice has two ids, and goes by one: the other is known from evidence.
    _match_by(BY_RECEIPT, [each for each in batch.statuses if each.message_id is None])


def _match_by(query: str, statuses: list[HeardStatus]) -> None:
    if not statuses:
        return
    rows = execute(
        query,
        [
            [status.channel_id for status in statuses],
            [status.item.provider_id for status in statuses],
            [bool(status.item.opaque) for status in statuses],
        ],
    )
    places = {(channel, provider_id): place for channel, provider_id, *place in rows}
    for status in statuses:
        place = places.get((status.channel_id, status.item.provider_id))
        if place:
            status.message_id, status.conversation_id = place


def insert(batch: Batch) -> None:
    """Keep every status not heard before and let it move its message."""
    waited = _bind_parked(batch)
    if not batch.statuses and not waited:
        return
    _bind_fresh(batch)
    stored = _store(batch.statuses)
    for status in batch.statuses:
        status.is_new = _key(status) in stored
        stored.discard(_key(status))
        _note(batch, status)
    _fill_prices([status for status in batch.statuses if not status.is_new and status.item.pricing])
    _settle(batch, waited)


def _bind_parked(batch: Batch) -> dict[int, list[Heard]]:
    """What had been heard of messages that were sent elsewhere and are told of only now."""
    echoes = {(m.channel_id, m.item.provider_id): m.id for m in batch.messages if m.item.echo}
    return bind_parked(echoes, with_opaque=False)


def _bind_fresh(batch: Batch) -> None:
    """Messages of this very batch (an echo and its statuses) are known only by now."""
    fresh = {(m.channel_id, m.item.provider_id): m for m in batch.messages}
    for status in batch.statuses:
        message = fresh.get((status.channel_id, status.item.provider_id))
        if status.message_id is None and message is not None and not status.item.opaque:
            status.message_id, status.conversation_id = message.id, message.conversation_id


def _store(statuses: list[HeardStatus]) -> set[Key]:
    if not statuses:
        return set()
    rows = execute(INSERT, [as_json([_row(status) for status in statuses])])
    parked = tuple(pk for pk, is_evidence, *_ in rows if is_evidence)
    if parked:
        announce(ReceiptsParked(receipt_ids=parked))
    return {(channel, provider_id, *rest) for _, _, channel, provider_id, *rest in rows}


def _fill_prices(repeated: list[HeardStatus]) -> None:
    """A later copy may bring the price that the first one lacked; everything else stays as it was
    first heard.
    """
    if repeated:
        execute(FILL_PRICES, [as_json([_row(status) for status in repeated])])


def _row(status: HeardStatus) -> dict[str, Any]:
    item = status.item
    return {
        "channel_id": status.channel_id,
        "message_id": status.message_id,
        "provider_id": item.provider_id,
        "status": item.status,
        "recipient": item.recipient,
        "provider_at": moment(item.at),
        "received_at": status.work.received_at,
        "opaque": item.opaque,
        "error_code": item.error_code,
        "error_title": item.error_title,
        "pricing": item.pricing,
    }


def _key(status: HeardStatus) -> Key:
    item = status.item
    return (status.channel_id, item.provider_id, item.status, item.recipient)


def _note(batch: Batch, status: HeardStatus) -> None:
    batch.note(
        status.work,
        Outcome.APPLIED if status.is_new else Outcome.DUPLICATE,
        "status",
        key=status.item.provider_id,
        reason="" if status.message_id else "parked",
        channel_id=status.channel_id,
        message_id=status.message_id,
    )


def _settle(batch: Batch, heard: dict[int, list[Heard]]) -> None:
    """Read under the conversations' locks, so that a status never goes down."""
    for status in batch.statuses:
        if status.is_new and status.message_id is not None:
            heard.setdefault(status.message_id, []).append(_heard(status))
    if not heard:
        return
    messages = _messages(batch, heard)
    for message in messages:
        settle(message, heard[message.pk])
        message.changed_seq = batch.take_number(message.conversation_id)
    write_states(messages)
    figures.count_statuses(batch.statuses, messages)
    batch.touched |= reacting.retell(messages, batch.conversations)


def _messages(batch: Batch, heard: dict[int, list[Heard]]) -> list[Message]:
    """What the statuses move: an echo that was folded since they were matched moves nothing."""
    messages = list(Message.objects.filter(pk__in=heard).order_by("pk"))
    folded = {
        each.pk: each.duplicate_of_id for each in messages if each.duplicate_of_id is not None
    }
    if not folded:
        return messages
    for message_id, said in echoes.rehang_receipts(folded).items():
        heard.setdefault(message_id, []).extend(said)
    rows = Message.objects.filter(pk__in=heard.keys() - folded.keys())
    return list(rows.filter(conversation__in=batch.conversations).order_by("pk"))


def _heard(status: HeardStatus) -> Heard:
    item = status.item
    return Heard(item.status, item.error_code, item.error_title, item.provider_id)


# What may be about a send of ours is not bound to its echo, before the send has claimed it.
BY_MESSAGE = """
SELECT message.channel_id, message.provider_id, target.id, target.conversation_id
FROM messaging_message AS message
JOIN unnest(%s::bigint[], %s::text[], %s::boolean[]) AS row(channel_id, provider_id, has_opaque)
  ON message.channel_id = row.channel_id AND message.provider_id = row.provider_id
JOIN messaging_message AS target ON target.id = COALESCE(message.duplicate_of_id, message.id)
WHERE NOT (row.has_opaque AND target.author_type = 'phone_app')
"""

BY_RECEIPT = """
SELECT DISTINCT receipt.channel_id, receipt.provider_id, message.id, message.conversation_id
FROM messaging_receipt AS receipt
JOIN unnest(%s::bigint[], %s::text[], %s::boolean[]) AS row(channel_id, provider_id, has_opaque)
  ON receipt.channel_id = row.channel_id AND receipt.provider_id = row.provider_id
JOIN messaging_message AS message ON message.id = receipt.message_id
WHERE message.author_type <> 'phone_app'
"""


FILL_PRICES = """
UPDATE messaging_receipt AS receipt SET pricing = row.pricing
FROM jsonb_to_recordset(%s::jsonb) AS row(
  channel_id bigint, provider_id text, status text, recipient text, pricing jsonb
)
WHERE receipt.channel_id = row.channel_id AND receipt.provider_id = row.provider_id
  AND receipt.status = row.status AND receipt.recipient = row.recipient
  AND receipt.pricing IS NULL
"""

INSERT = """
INSERT INTO messaging_receipt (channel_id, message_id, provider_id, status, recipient,
  provider_at, received_at, opaque, error_code, error_title, pricing)
SELECT row.channel_id, row.message_id, row.provider_id, row.status, row.recipient,
  row.provider_at, row.received_at, row.opaque, row.error_code, row.error_title, row.pricing
FROM jsonb_to_recordset(%s::jsonb) AS row(
  channel_id bigint, message_id bigint, provider_id text, status text, recipient text,
  provider_at timestamptz, received_at timestamptz, opaque text, error_code text,
  error_title text, pricing jsonb
)
ON CONFLICT (channel_id, provider_id, status, recipient) DO NOTHING
RETURNING id, message_id IS NULL AND opaque <> '', channel_id, provider_id, status, recipient
"""
