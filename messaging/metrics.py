"""Figures of every process, in Prometheus' words."""

from __future__ import annotations

import hmac
import os

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram
from prometheus_client import Counter as CounterMetric
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

wait_seconds = Histogram(
    "inbox_inbound_wait_seconds",
    "Time from the stored delivery to the applied item.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
items_total = CounterMetric("inbox_inbound_items", "Inbound items by outcome.", ["kind", "outcome"])
jobs_total = CounterMetric(
    "whatsapp_jobs_processed", "Deliveries processed by outcome.", ["outcome"]
)
bodies_pruned = CounterMetric(
    "inbox_bodies_pruned", "Raw bodies of deliveries that retention has emptied."
)
drain_seconds = Histogram(
    "inbox_drain_batch_seconds",
    "Time of one drain transaction.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


def exposition(registry: CollectorRegistry | None = None) -> tuple[bytes, str]:
    """What a scrape gets: all processes' figures where they share a directory."""
    if registry is None and os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry or REGISTRY), CONTENT_TYPE_LATEST


def may_scrape(address: str, authorization: str) -> bool:
    """Whether a caller may read the figures: by allow-listed address or by token."""
    if address in settings.METRICS_ALLOWED_ADDRESSES:
        return True
    token: str = settings.METRICS_TOKEN
    return bool(token) and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())
