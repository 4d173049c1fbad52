"""The way in: a message that is to leave, in the transaction that wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from messaging.hints import hint
from outbound import lanes
from outbound.models import OutboxEntry, Urgency
from outbound.tasks import dispatch_due_entries

if TYPE_CHECKING:
    from datetime import datetime

    from messaging.models import Message


def enqueue(
    message: Message, *, urgency: Urgency = Urgency.LIVE, due_at: datetime | None = None
) -> OutboxEntry:
    """Let a pending `message` leave, now or at `due_at`; commits with the caller.

    The caller holds the conversation's lock, so entries stand in the order of their messages.
    A lost hint costs only the sweeper's delay.
    """
    times = {} if due_at is None else {"ready_at": due_at, "due_at": due_at}
    entry = OutboxEntry.objects.create(
        organization_id=message.organization_id,
        channel_id=message.channel_id,
        conversation_id=message.conversation_id,
        message=message,
        urgency=urgency,
        **times,
    )
    lanes.open_for(entry)
    if due_at is None:
        hint(dispatch_due_entries, queue="send")
    return entry
