"""What conversations and messages look like from outside, to the letter of the contract."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from inbox import faces, words
from inbox.media import media_json
from inbox.reactions import reactions_json
from messaging.models import (
    AuthorType,
    ContactIdentity,
    Conversation,
    DeadLetter,
    Message,
    MessageStatus,
    Receipt,
)


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with Z."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def person(user: Any) -> dict[str, Any] | None:
    """An agent."""
    return None if user is None else {"id": user.pk, "name": str(user)}


def identities_json(identities: Iterable[ContactIdentity]) -> list[dict[str, str]]:
    """Ids that are in use."""
    return [
        {"kind": identity.kind, "value": identity.value}
        for identity in identities
        if identity.retired_at is None
    ]


def conversation(row: Any) -> dict[str, Any]:
    """A conversation read by `queries.with_row_parts` and `reading.with_read_count`."""
    return {
        "id": row.pk,
        "channel": {
            "id": row.channel_id,
            "name": row.channel.name,
            "provider": row.channel.connection.kind,
            "external_id": row.channel.external_id,
        },
        "contact": {
            "id": row.contact.person.pk,
            "name": row.contact.person.name,
            "identities": identities_json(row.contact.person.identities.all()),
        },
        "state": row.state,
        "assignee": person(row.assignee),
        "team": {"id": row.team_id, "name": row.team.name} if row.team else None,
        "priority": row.priority,
        "labels": [label.name for label in row.labels.all()],
        "unread": max(row.inbound_count - row.read_count, 0),
        "head_seq": row.head_seq,
        "changed_seq": row.changed_seq,
        "window_expires_at": moment(row.window_expires_at),
        "waiting_since": moment(row.waiting_since),
        "last_message": None if row.last_message is None else message(row.last_message, of=row),
    }


def message(row: Message, *, of: Conversation | None = None) -> dict[str, Any]:
    """A message of `queries.with_message_parts`; `of` spares the query for its conversation."""
    media = sorted(row.media.all(), key=lambda each: each.position)
    return _at_birth(row, of) | {
        "media": [media_json(each) for each in media],
        "reactions": reactions_json(row, (of or row.conversation).contact),
        "edited": row.edited_at is not None,
        # An echo that turned out to be another message is gone for its readers.
        "deleted": row.deleted_at is not None or row.duplicate_of_id is not None,
    }


def _at_birth(row: Message, of: Conversation | None) -> dict[str, Any]:
    """A message without what may come later; no file leaves this way yet."""
    return {
        "id": row.pk,
        "conversation": row.conversation_id,
        "channel": row.channel_id,
        "seq": row.seq,
        "changed_seq": row.changed_seq,
        "direction": row.direction,
        "kind": row.kind,
        "text": row.text,
        "content": row.content,
        "author": _author(row, of),
        "provider_id": row.provider_id,
        "provider_at": moment(row.provider_at),
        "received_at": moment(row.received_at),
        "sort_at": moment(row.sort_at),
        "status": row.status,
        "error": _error(row),
        "reply_to": _reply_to(row),
        "media": [],
        "reactions": [],
        "edited": False,
        "deleted": False,
    }


def newborn(row: Message) -> dict[str, Any]:
    """A message of ours as it was at birth: the first answer, given again."""
    at_birth = {
        "changed_seq": row.seq,
        "provider_id": None,
        "provider_at": None,
        "status": MessageStatus.PENDING,
        "error": None,
    }
    return _at_birth(row, None) | at_birth


def receipt(row: Receipt, *, applied: bool) -> dict[str, Any]:
    """A status that was heard."""
    error = {"code": row.error_code, "title": row.error_title} if row.error_code else None
    return {
        "status": row.status,
        "provider_at": moment(row.provider_at),
        "applied": applied,
        "error": error,
    }


def dead_letter(row: DeadLetter) -> dict[str, Any]:
    """Work that could not be done."""
    return {
        "id": row.pk,
        "source": row.source,
        "code": row.code,
        "reason": row.reason,
        "attempts": row.attempts,
        "first_at": moment(row.first_at),
        "last_at": moment(row.last_at),
        "state": row.state,
        "payload": row.payload,
    }


def _author(row: Message, of: Conversation | None) -> dict[str, Any]:
    if row.author_type == AuthorType.CONTACT:
        # In a group the conversation's contact is the group itself.
        contact = (row.sender or (of or row.conversation).contact).person
        return {"type": row.author_type, "id": contact.pk, "name": faces.spoken_name(contact)}
    name = str(row.author) if row.author else ""
    return {"type": row.author_type, "id": row.author_id, "name": name}


def _error(row: Message) -> dict[str, str] | None:
    if not row.error_code:
        return None
    text = words.error_sentence(row.error_code, row.error_title)
    return {"code": row.error_code, "title": row.error_title, "text": text}


def _reply_to(row: Message) -> dict[str, Any] | None:
    if row.reply_to_id is None and not row.reply_to_provider_id:
        return None
    return {"id": row.reply_to_id, "provider_id": row.reply_to_provider_id or None}
