"""Tasks of messaging: fetch, call, done. The rows know what is left to do."""

from __future__ import annotations

from celery import shared_task

from messaging.inbound import drain_connection as drain
from messaging.nudges import Outstanding


@shared_task(acks_late=True, time_limit=120)
def drain_connection(connection_id: int) -> None:
    """Apply what waits on a connection."""
    drain(connection_id, outstanding=Outstanding(connection_id))
