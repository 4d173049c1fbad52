"""Tasks that need several apps."""

from __future__ import annotations

from celery import shared_task

from inbox.sweeping import beat, sweep_once


@shared_task(time_limit=110)
def sweep_leftovers() -> None:
    """The sweeper's round, for installations that run without one."""
    sweep_once()
    beat("beat")
