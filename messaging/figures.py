"""Figures of what became of messages: by number, template, price category and error code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from prometheus_client import Counter as CounterMetric

from messaging import labels
from messaging.providers.values import mapping, text
from messaging.sql import execute

if TYPE_CHECKING:
    from messaging.apply.batch import HeardStatus
    from messaging.models import Message

statuses_total = CounterMetric(
    "inbox_message_statuses",
    "Statuses of messages of ours, each counted once.",
    ["channel", "template", "category", "status", "error_code"],
)
LONGEST_LABEL = 100


def count_statuses(statuses: Iterable[HeardStatus], messages: Iterable[Message]) -> None:
    """Count new statuses of these messages once the transaction has committed."""
    known = {
        message.pk: (labels.of_channel(message.channel_id), _template(message))
        for message in messages
    }
    counts: Counter[tuple[str, ...]] = Counter(
        (
            *known[status.message_id],
            text(mapping(status.item.pricing).get("category"), most=LONGEST_LABEL),
            status.item.status,
            status.item.error_code,
        )
        for status in statuses
        if status.is_new and status.message_id in known
    )
    if counts:
        transaction.on_commit(partial(_count, counts), robust=True)


def count_bound(receipt_ids: Collection[int]) -> None:
    """The same for statuses that came before their message was known."""
    if receipt_ids:
        rows = execute(BOUND, [list(receipt_ids)])
        counts = Counter(
            (labels.of_channel(pk), *(text(each, most=LONGEST_LABEL) for each in row))
            for pk, *row in rows
        )
        transaction.on_commit(partial(_count, counts), robust=True)


def _count(counts: Counter[tuple[str, ...]]) -> None:
    for values, count in counts.items():
        statuses_total.labels(*values).inc(count)


def _template(message: Message) -> str:
    """The name of the template that a message is made of, or nothing."""
    return text(mapping(message.content.get("template")).get("name"), most=LONGEST_LABEL)


BOUND = """
SELECT message.channel_id, message.content #>> '{template,name}', receipt.pricing ->> 'category',
  receipt.status, receipt.error_code
FROM messaging_receipt AS receipt
JOIN messaging_message AS message ON message.id = receipt.message_id
WHERE receipt.id = ANY(%s::bigint[])
"""
