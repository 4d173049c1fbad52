"""Figures of what became of messages: by connection, template, price category and error code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial

from django.db import transaction
from prometheus_client import Counter as CounterMetric

from messaging.apply.batch import HeardStatus
from messaging.models import Message
from messaging.providers.values import mapping, text

statuses_total = CounterMetric(
    "inbox_message_statuses",
    "Statuses of messages of ours, each counted once.",
    ["connection", "template", "category", "status", "error_code"],
)
LONGEST_LABEL = 100


def count_statuses(slug: str, statuses: Iterable[HeardStatus], messages: Iterable[Message]) -> None:
    """Count new statuses of these messages once the transaction has committed."""
    templates = {message.pk: _template(message) for message in messages}
    counts = Counter(
        (
            slug,
            templates[status.message_id],
            text(mapping(status.item.pricing).get("category"), most=LONGEST_LABEL),
            status.item.status,
            status.item.error_code,
        )
        for status in statuses
        if status.is_new and status.message_id in templates
    )
    if counts:
        transaction.on_commit(partial(_count, counts), robust=True)


def _count(counts: Counter[tuple[str, str, str, str, str]]) -> None:
    for labels, count in counts.items():
        statuses_total.labels(*labels).inc(count)


def _template(message: Message) -> str:
    """The name of the template that a message is made of, or nothing."""
    return text(mapping(message.content.get("template")).get("name"), most=LONGEST_LABEL)
