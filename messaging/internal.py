"""What the team says among itself: internal notes, and lines on what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from messaging import timeline
from messaging.models import AuthorType, Direction, Message, MessageStatus
from messaging.sql import execute

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def _birth(
    conversation: Conversation,
    kind: str,
    *,
    by: User | None,
    content: Mapping[str, Any] | None,
    text: str = "",
    client: str | None = None,
) -> Message:
    now = execute("SELECT now()")[0][0]
    number = timeline.take_number(conversation)
    newest = conversation.last_message_at
    return Message.objects.create(
        organization_id=conversation.organization_id,
        conversation=conversation,
        channel_id=conversation.channel_id,
        seq=number,
        changed_seq=number,
        direction=Direction.INTERNAL,
        kind=kind,
        text=text,
        content=dict(content or {}),
        author_type=AuthorType.AGENT if by else AuthorType.SYSTEM,
        author=by,
        received_at=now,
        # Below what stands there already: a customer's clock may run ahead of ours.
        sort_at=max(now, newest) if newest else now,
        status=MessageStatus.RECEIVED,
        client_message_id=client,
    )
