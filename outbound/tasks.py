from __future__ import annotations

from celery import shared_task

from messaging.hints import send_hint
from outbound import (
    consent_news,
    courtesies,
    dead_letters,
    dispatch,
    evidence,
    template_sync,
    uploading,
    uploads,
)
from outbound.breakers import probing
from outbound.models import Lane

# Less than the 20 s that a worker is given to stop, so that stopping never cuts a send short.
TURN_SECONDS = 15.0


@shared_task(time_limit=240)
def dispatch_due_entries() -> None:
    """Send what is due for one turn, then let other work have the worker before the next."""
    if dispatch.dispatch_due(limit_seconds=TURN_SECONDS) and Lane.objects.due().exists():
        send_hint(dispatch_due_entries.name, queue="send")


@shared_task(time_limit=60)
def take_evidence(*receipt_ids: int) -> None:
    """Let statuses settle the sends they are about; lanes they free go on."""
    if evidence.take(receipt_ids):
        send_hint(dispatch_due_entries.name, queue="send")


@shared_task(time_limit=280)
def sync_due_templates() -> None:
    """Fetch message templates whose turn it is."""
    template_sync.sync_due()


@shared_task(time_limit=60)
def absorb_consents() -> None:
    """Write what contacts said of being written to into the ledger."""
    consent_news.absorb()


@shared_task(time_limit=110)
def probe_breakers(connection_id: int) -> None:
    """A connection has other secrets now: look whether it works."""
    probing.probe_connection(connection_id)


@shared_task(time_limit=110)
def keep_late_failures() -> None:
    """Failures that the provider reported after it had accepted become dead letters."""
    dead_letters.sweep_late()


@shared_task(time_limit=280)
def upload_due_files() -> None:
    """Hand the files of messages to their providers."""
    uploading.upload_due()


@shared_task(time_limit=240)
def sweep_unused_uploads() -> None:
    """Delete files that nobody sent."""
    uploads.sweep_unused()


@shared_task(time_limit=60)
def tell_read(conversation_id: int) -> None:
    """Tell a customer that their message was read."""
    courtesies.tell_read(conversation_id)


@shared_task(time_limit=60)
def tell_typing(conversation_id: int) -> None:
    """Show a customer that somebody types."""
    courtesies.tell_typing(conversation_id)
