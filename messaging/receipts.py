"""Receipts and their messages: binding what was parked, and what a receipt does to a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from messaging import figures, reacting, timeline, wishes
from messaging.events import MessagesFailed, announce
from messaging.models import Message, MessageStatus
from messaging.sql import execute
from messaging.statuses import advance


@dataclass(frozen=True, slots=True)
class Heard:
    """One status, the error it came with, and the id it speaks of."""

    status: str
    error_code: str = ""
    error_title: str = ""
    provider_id: str = ""


def write_states(messages: Sequence[Message]) -> None:
    """Write what became of messages whose conversations are locked; one statement for all."""
    execute(
        """
        UPDATE messaging_message AS message SET provider_id = row.provider_id,
          status = row.status, error_code = row.error_code, error_title = row.error_title,
          changed_seq = row.changed_seq
        FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[])
          AS row(id, provider_id, status, error_code, error_title, changed_seq)
        WHERE message.id = row.id
        """,
        [
            [message.pk for message in messages],
            [message.provider_id for message in messages],
            [message.status for message in messages],
            [message.error_code for message in messages],
            [message.error_title for message in messages],
            [message.changed_seq for message in messages],
        ],
    )
    wishes.hear_refusals(messages)
    failed = tuple(each.pk for each in messages if each.status == MessageStatus.FAILED)
    if failed:
        announce(MessagesFailed(message_ids=failed))


def settle(message: Message, heard: Iterable[Heard]) -> None:
    """Move `message` up the ladder; the order and repetition of `heard` make no difference.

    The error of a failure is kept even where other evidence outranks it. A message that left
    twice has failed only if the one failed that it goes by.
    """
    for receipt in heard:
        if receipt.status == "failed" and _is_of_another(receipt, message):
            continue
        message.status = advance(message.status, [receipt.status])
        if receipt.status == "failed" and not message.error_code:
            message.error_code, message.error_title = receipt.error_code, receipt.error_title


def _is_of_another(receipt: Heard, message: Message) -> bool:
    return bool(receipt.provider_id) and receipt.provider_id != message.provider_id


def places_of(messages: Iterable[Message]) -> dict[tuple[int, str], int]:
    """Messages by channel and provider id, as far as they have one."""
    return {(m.channel_id, m.provider_id): m.pk for m in messages if m.provider_id}


def bind_parked(
    known: Mapping[tuple[int, str], int], *, with_opaque: bool = True
) -> dict[int, list[Heard]]:
    """Bind receipts that came before their message was known; what they say, by message.

    Those `with_opaque` may be about a send of ours, and are no echo's before that is known.
    """
    if not known:
        return {}
    rows = execute(
        """
        UPDATE messaging_receipt AS receipt SET message_id = row.message_id
        FROM unnest(%(channels)s::bigint[], %(ids)s::text[], %(messages)s::bigint[])
          AS row(channel_id, provider_id, message_id)
        WHERE receipt.channel_id = row.channel_id AND receipt.provider_id = row.provider_id
          AND receipt.message_id IS NULL AND (%(with_opaque)s OR receipt.opaque = '')
        RETURNING receipt.id, receipt.message_id, receipt.status, receipt.error_code,
          receipt.error_title, receipt.provider_id
        """,
        {
            "channels": [channel for channel, _ in known],
            "ids": [provider_id for _, provider_id in known],
            "messages": list(known.values()),
            "with_opaque": with_opaque,
        },
    )
    figures.count_bound([receipt_id for receipt_id, *_ in rows])
    heard: dict[int, list[Heard]] = {}
    for _, message_id, *receipt in rows:
        heard.setdefault(message_id, []).append(Heard(*receipt))
    return heard


def sweep_parked(*, limit: int = 500) -> int:
    """Bind receipts that met their message's answer in the same instant; how many messages.

    A receipt parked while the answer of the send was being written is seen by neither side;
    this finds it. Statuses of messages that other programs sent stay parked. What may be
    evidence of a send of ours becomes an echo's only after nobody has claimed it for a minute.
    """
    rows = execute(
        """
        SELECT DISTINCT message.id FROM messaging_receipt AS receipt
        JOIN messaging_message AS message
          ON message.channel_id = receipt.channel_id
         AND message.provider_id = receipt.provider_id
        WHERE receipt.message_id IS NULL AND receipt.received_at > now() - interval '10 minutes'
          AND (receipt.opaque = '' OR message.author_type <> 'phone_app'
            OR receipt.received_at < now() - interval '1 minute')
        LIMIT %s
        """,
        [limit],
    )
    if rows:
        with transaction.atomic():
            _settle_all([message_id for (message_id,) in rows])
    return len(rows)


def _settle_all(message_ids: Sequence[int]) -> None:
    rows = Message.objects.filter(pk__in=message_ids)
    conversations = timeline.lock(set(rows.values_list("conversation_id", flat=True)))
    messages = list(rows.order_by("pk"))
    heard = bind_parked(places_of(messages))
    for message in messages:
        settle(message, heard.get(message.pk, ()))
        message.changed_seq = timeline.take_number(conversations[message.conversation_id])
    write_states(messages)
    reacting.retell(messages, conversations)
    timeline.publish(conversations.values())
