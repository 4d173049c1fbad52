"""Replies that leave later: at a time that was set, or after the moment in which they are undone.

Every gate looks at them when they are due, the window's too: what was allowed when it was
written is judged again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import audit, drafts
from inbox.refusals import Invalid, ReadOnly
from messaging import timeline, unsaying
from messaging.models import Conversation, Membership, Message, MessageStatus, User
from outbound import hastening
from outbound.protocol import EntryState

if TYPE_CHECKING:
    from inbox.reply_content import Reply

FURTHEST = timedelta(days=366)
# Whoever says "now" by a slow clock means now.
SLOW_CLOCK = timedelta(minutes=1)
# A shorter wait is for second thoughts, a longer one was asked for.
LONGEST_UNDO = timedelta(seconds=60)


class HoldKind(StrEnum):
    UNDO = "undo"
    SCHEDULED = "scheduled"


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a message of ours has not left, though nothing stands against it; until `at`."""

    kind: HoldKind
    at: datetime


def check(reply: Reply) -> None:
    """Whether the time it is to leave at can be kept. Raises Invalid."""
    if reply.send_at is None:
        return
    now = timezone.now()
    if reply.send_at < now - SLOW_CLOCK:
        raise Invalid({"send_at": [_("This time is over. Choose one that is still to come.")]})
    if reply.send_at > now + FURTHEST:
        raise Invalid({"send_at": [_("Choose a time within a year.")]})


def leaves_at(reply: Reply, message: Message) -> datetime | None:
    """When a message just written may leave; None: at once. Holds go by the database's clock."""
    if reply.send_at is not None:
        return reply.send_at if reply.send_at > message.received_at else None
    hold = timedelta(seconds=reply.hold_seconds)
    return message.received_at + min(hold, LONGEST_UNDO) if hold else None


def hold_of(message: Message) -> Hold | None:
    """What a message of `queries.with_message_parts` waits for, while it does."""
    entry = getattr(message, "outbox_entry", None)
    if entry is None or message.status != MessageStatus.PENDING:
        return None
    if entry.state != EntryState.WAITING or entry.ready_at <= timezone.now():
        return None
    is_short = entry.ready_at - message.received_at <= LONGEST_UNDO
    return Hold(HoldKind.UNDO if is_short else HoldKind.SCHEDULED, entry.ready_at)


def was_never_due(message: Message) -> bool:
    """Whether it was taken back before its time had come: nothing was ever said."""
    entry = getattr(message, "outbox_entry", None)
    if entry is None or message.status != MessageStatus.DISCARDED or not entry.finished_at:
        return False
    return bool(entry.state == EntryState.DISCARDED and entry.finished_at < entry.ready_at)


def taken_back(conversation: Conversation, message: Message, *, by: User) -> None:
    """In the transaction that took it back: nobody was answered, and its author has the words."""
    unsaying.unsay(conversation, message)
    if message.author_id == by.pk and message.kind == "text" and was_never_due(message):
        drafts.give_back(by, conversation, message.text, message.reply_to_id)


def send_now(membership: Membership, found: Message) -> Message:
    """Let a visible, scheduled message leave at once; audited. Raises ReadOnly or NotOpen."""
    if not membership.replies:
        raise ReadOnly
    with transaction.atomic():
        conversation = timeline.lock([found.conversation_id])[found.conversation_id]
        message = hastening.send_now(conversation, found.pk)
        subject = f"message:{found.pk}"
        audit.record(
            conversation.organization_id, "send_scheduled_now", subject, by=membership.user
        )
        timeline.publish([conversation])
    return message
