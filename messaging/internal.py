"""What the team says among itself: internal notes, and lines on what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from messaging import timeline
from messaging.models import AuthorType, Direction, Message, MessageStatus
from messaging.sql import execute

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from messaging.models import Conversation, User

NOTE = "note"
EVENT = "event"


def add_note(
    conversation: Conversation,
    text: str,
    *,
    by: User,
    client_message_id: str | None = None,
    content: Mapping[str, Any] | None = None,
) -> Message:
    """Put an internal note into a locked conversation; the caller ends with `timeline.publish`.

    It answers nobody: who waits goes on waiting, and the window is as it was.
    """
    note = _birth(conversation, NOTE, by=by, content=content, text=text, client=client_message_id)
    conversation.last_activity_at = max(conversation.last_activity_at, note.sort_at)
    conversation.last_message = note
    conversation.last_message_at = note.sort_at
    return note


def add_event(
    conversation: Conversation, type_: str, *, by: User | None, **details: object
) -> Message:
    """Put a line on what was done into a locked conversation; the caller ends with
    `timeline.publish`.

    `content` is `{"event": {"type", **details}}`; its sentence is made when it is shown, in the
    reader's language. It moves nothing in the list. Nobody in `by` is the house itself.
    """
    return _birth(conversation, EVENT, by=by, content={EVENT: {"type": type_, **details}})


@dataclass(frozen=True, slots=True)
class Event:
    """What was done in one locked conversation, for `add_events`."""

    conversation: Conversation
    type: str
    details: Mapping[str, object] = field(default_factory=dict)


def add_events(events: Iterable[Event], *, by: User | None) -> list[Message]:
    """`add_event` for many conversations, in one statement."""
    now = _now()
    lines = [
        _line(
            event.conversation,
            EVENT,
            by=by,
            content={EVENT: {"type": event.type, **event.details}},
            now=now,
        )
        for event in events
    ]
    return Message.objects.bulk_create(lines)


def _birth(
    conversation: Conversation,
    kind: str,
    *,
    by: User | None,
    content: Mapping[str, Any] | None,
    text: str = "",
    client: str | None = None,
) -> Message:
    line = _line(conversation, kind, by=by, content=content, now=_now())
    line.text, line.client_message_id = text, client
    line.save(force_insert=True)
    return line


def _now() -> datetime:
    now: datetime = execute("SELECT now()")[0][0]
    return now


def _line(
    conversation: Conversation,
    kind: str,
    *,
    by: User | None,
    content: Mapping[str, Any] | None,
    now: datetime,
) -> Message:
    number = timeline.take_number(conversation)
    newest = conversation.last_message_at
    return Message(
        organization_id=conversation.organization_id,
        conversation=conversation,
        channel_id=conversation.channel_id,
        seq=number,
        changed_seq=number,
        direction=Direction.INTERNAL,
        kind=kind,
        content=dict(content or {}),
        author_type=AuthorType.AGENT if by else AuthorType.SYSTEM,
        author=by,
        received_at=now,
        # Below what stands there already: a customer's clock may run ahead of ours.
        sort_at=max(now, newest) if newest else now,
        status=MessageStatus.RECEIVED,
    )
