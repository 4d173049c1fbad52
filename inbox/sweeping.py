"""Finding what a lost hint left behind, and doing it with the same functions.

Needs Postgres alone: with Redis, workers and beat gone, messages still appear and replies leave.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import connection

from alerts.evaluation import watch_if_late
from messaging import amending, conversations, heartbeats
from messaging.dead_letters import retry_due
from messaging.downloads import sweep_due
from messaging.drain import blame
from messaging.inbound import sweep_waiting
from messaging.receipts import sweep_parked
from outbound import (
    consent_news,
    dead_letters,
    evidence,
    lanes,
    message_templates,
    redriving,
    resending,
    uploading,
)
from outbound.breakers import closing, probing
from outbound.dispatch import dispatch_due
from outbound.pace import Pace

logger = logging.getLogger(__name__)

# A hint that works is faster than this; what is older was left behind.
LEFT_BEHIND_SECONDS = 2.0
SEND_SECONDS = 5.0
RETRY_SECONDS = 2.0
# Looks at every open letter, for what was decided elsewhere.
SETTLED_LETTERS = Pace(seconds=10)


def sweep_once() -> dict[str, int]:
    """One round over everything that must happen; what was done, by name.

    A part that fails is logged and does not stop the others.
    """
    return {
        "deliveries": _part(lambda: sweep_waiting(older_than_seconds=LEFT_BEHIND_SECONDS)),
        # Before receipts are bound by their ids alone.
        "evidence": _part(evidence.sweep),
        "receipts": _part(sweep_parked),
        "amendments": _part(amending.sweep_parked),
        "dead_letters": _part(lambda: retry_due(seconds=RETRY_SECONDS)),
        "media": _part(lambda: sweep_due(grace_seconds=LEFT_BEHIND_SECONDS)),
        "uploads": _part(lambda: uploading.sweep_due(grace_seconds=LEFT_BEHIND_SECONDS)),
        "resends": _part(resending.sweep),
        "woken_lanes": _part(lanes.wake),
        "sends": _part(lambda: dispatch_due(limit_seconds=SEND_SECONDS)),
        "late_failures": _part(dead_letters.sweep_late),
        "settled_letters": _part(_settle_letters),
        "redrives": _part(lambda: redriving.retry_due(seconds=RETRY_SECONDS)),
        "breakers": _part(probing.probe_beside),
        "released": _part(closing.sweep),
        "woken": _part(conversations.wake_due),
        "consents": _part(consent_news.absorb),
        "templates": _part(message_templates.absorb),
        "alerts": _part(watch_if_late),
    }


def _settle_letters() -> int:
    return dead_letters.sweep_settled() if SETTLED_LETTERS.is_time() else 0


def _part(call: Callable[[], int | None]) -> int:
    try:
        return call() or 0
    except Exception as error:  # the sweeper outlives whatever one part of it meets
        logger.warning("sweep waits", extra=blame(error))
        connection.close()
        return 0


def beat(name: str) -> None:
    """Say that the process `name` is alive; a database that is down hears it later."""
    _part(lambda: heartbeats.beat(name))
