"""Tasks of messaging: fetch, call, done. The rows know what is left to do."""

from __future__ import annotations

from celery import shared_task

from messaging import downloads, media_files, retention
from messaging.inbound import drain_connection as drain
from messaging.nudges import Outstanding


@shared_task(acks_late=True, time_limit=120)
def drain_connection(connection_id: int) -> None:
    """Apply what waits on a connection."""
    drain(connection_id, outstanding=Outstanding(connection_id))


@shared_task(acks_late=True, time_limit=240)
def fetch_due_media() -> None:
    """Fetch the files of messages."""
    downloads.fetch_due()


@shared_task(acks_late=True, time_limit=240)
def sweep_orphaned_files() -> None:
    """Delete files that killed processes left behind."""
    media_files.sweep_orphans()


@shared_task(acks_late=True, time_limit=120)
def prune_bodies() -> None:
    """Empty raw bodies that are past their retention."""
    retention.prune_bodies()
