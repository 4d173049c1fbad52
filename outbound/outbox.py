"""The way in: a message that is to leave, in the transaction that wrote it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from messaging.failpoints import failpoint
from messaging.hints import hint
from outbound import lanes, provider_files, waits
from outbound.attachments import FILE_KINDS
from outbound.deadlines import deadline_for
from outbound.models import MessageClass, OutboxEntry, Urgency
from outbound.tasks import dispatch_due_entries

if TYPE_CHECKING:
    from datetime import datetime

    from messaging.models import Message

FILE_PATIENCE = timedelta(seconds=60)


def enqueue(
    message: Message,
    *,
    urgency: Urgency = Urgency.LIVE,
    due_at: datetime | None = None,
    message_class: MessageClass = MessageClass.SERVICE,
) -> OutboxEntry:
    """Let a pending `message` leave, now or at `due_at`; commits with the caller.

    It is given up if it has not left by its class's deadline.

    The caller holds the conversation's lock, so entries stand in the order of their messages.
    A lost hint costs only the sweeper's delay.
    """
    times = {} if due_at is None else {"ready_at": due_at, "due_at": due_at}
    if message.kind in FILE_KINDS and provider_files.ask_for([message.pk]) and due_at is None:
        # It has its place, and is woken once its file is there; the dispatch looks after it too.
        times = {"due_at": timezone.now() + FILE_PATIENCE}
    entry = OutboxEntry.objects.create(
        organization_id=message.organization_id,
        channel_id=message.channel_id,
        conversation_id=message.conversation_id,
        message=message,
        urgency=urgency,
        message_class=message_class,
        deadline_at=deadline_for(message_class, ready_at=due_at),
        **times,
    )
    lanes.open_for(entry)
    if due_at is None:
        waits.hasten_starts(message.conversation_id)
    failpoint("outbox.enqueued")
    if due_at is None:
        hint(dispatch_due_entries, queue="send")
    return entry
