"""Tasks of alerts; beat runs them, facts hint them."""

from __future__ import annotations

from celery import shared_task

from alerts.evaluation import evaluate_rules
from alerts.telling import tell_due


@shared_task(time_limit=60, ignore_result=False)
def watch() -> dict[str, int]:
    """Evaluate every rule, then tell whoever is due to be told."""
    return {"opened": evaluate_rules(), "told": tell_due()}
