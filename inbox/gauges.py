"""Figures counted at the scrape: what waits, and what was given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import DatabaseError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from messaging import metrics
from messaging.models import (
    DeadLetter,
    DeadLetterSource,
    DeadLetterState,
    EventState,
    InboundEvent,
)
from outbound import limits
from outbound.breakers import overriding
from outbound.models import LimiterBackend, OutboxEntry

BREAKERS = "inbox_breaker_state"
WAITING_DEAD = DeadLetter.objects.filter(state=DeadLetterState.FAILED)
GAUGES: dict[str, tuple[str, Callable[[], int]]] = {
    "whatsapp_queue_size": (
        "Stored deliveries that are not finished.",
        lambda: InboundEvent.objects.filter(state=EventState.PENDING).count(),
    ),
    "whatsapp_dead_letter_queue_size": (
        "Given up and waiting for a person, from every source.",
        lambda: WAITING_DEAD.all().count(),
    ),
    "outbound_message_queue_depth": (
        "Outbox entries that are not finished.",
        lambda: OutboxEntry.objects.filter(finished_at__isnull=True).count(),
    ),
    "outbound_message_dlq_size": (
        "Messages that could not leave and wait for a person.",
        lambda: WAITING_DEAD.filter(source=DeadLetterSource.OUTBOUND).count(),
    ),
    "inbox_limits_in_postgres": (
        "1 while permits are counted in Postgres, since Redis does not answer.",
        lambda: int(limits.backend() == LimiterBackend.POSTGRES),
    ),
}


class Counted(Collector):
    """Rows counted while Prometheus waits; without Postgres there is nothing to tell."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge per queue."""
        try:
            for name, (help_text, count) in GAUGES.items():
                yield GaugeMetricFamily(name, help_text, value=count())
            yield _breakers()
        except DatabaseError:
            return


def _breakers() -> GaugeMetricFamily:
    """The worst state of each connection's breakers: 0 closed, 1 half open, 2 open."""
    family = GaugeMetricFamily(
        BREAKERS,
        "0 closed, 1 half open, 2 open; the worst of a connection's numbers.",
        labels=["scope", "connection"],
    )
    for labels, state in overriding.states().items():
        family.add_metric(list(labels), state)
    return family


def exposition() -> tuple[bytes, str]:
    """Everything a scrape of the web process gets, and its content type."""
    registry = CollectorRegistry()
    registry.register(Counted())
    body, content_type = metrics.exposition()
    return body + generate_latest(registry), content_type
