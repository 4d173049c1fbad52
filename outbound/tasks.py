from __future__ import annotations

from celery import shared_task

from messaging.hints import send_hint
from outbound import dispatch
from outbound.models import Lane

# Less than the 20 s that a worker is given to stop, so that stopping never cuts a send short.
TURN_SECONDS = 15.0


@shared_task(time_limit=240)
def dispatch_due_entries() -> None:
    """Send what is due for one turn, then let other work have the worker before the next."""
    if dispatch.dispatch_due(limit_seconds=TURN_SECONDS) and Lane.objects.due().exists():
        send_hint(dispatch_due_entries.name, queue="send")
