"""What the screens show, gathered for their templates."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from inbox import access, bubbles, faces, queries, rows
from inbox.models import ReadMark
from inbox.reading import with_read_count

if TYPE_CHECKING:
    from messaging.models import Conversation, Membership, Message


def frame_context(membership: Membership, *, view: str, region: str) -> dict[str, Any]:
    """The shell around everything: who is here, which views there are."""
    return {
        "membership": membership,
        "organization": membership.organization,
        "has_choice": access.memberships(membership.user).count() > 1,
        "region": region,
        "now": timezone.now(),
        **views_context(membership, view=view),
    }


def views_context(membership: Membership, *, view: str) -> dict[str, Any]:
    """The views with their counts."""
    counts = queries.view_counts(membership)
    return {
        "view": queries.VIEWS[view],
        "views": [(entry, counts[name]) for name, entry in queries.VIEWS.items()],
        "most_counted": queries.MOST_COUNTED,
    }


def list_context(
    membership: Membership, *, view: str, before: str = "", selected: int = 0
) -> dict[str, Any]:
    """A page of rows. Raises BadCursor.

    The head is read first, so what changes while the rows are read is pulled again, not missed.
    """
    head = queries.organization_head(membership.organization_id)
    seen = access.conversations(membership).filter(queries.view_filter(view, membership))
    page = queries.page_by_activity(
        queries.with_row_parts(with_read_count(seen, membership.user)), before=before
    )
    return {
        "view": queries.VIEWS[view],
        "membership": membership,
        "list_head": head,
        "rows": rows.rows_of(
            page.rows, now=timezone.now(), viewer=membership.user, selected=selected
        ),
        "older_rows": page.cursor,
    }


def conversation_for_thread(membership: Membership, conversation_id: int) -> Conversation:
    """One conversation with all its head shows, or 404."""
    seen = queries.with_row_parts(
        with_read_count(access.conversations(membership), membership.user)
    )
    return access.conversation_or_404(membership, conversation_id, seen)


def thread_context(
    membership: Membership, conversation: Conversation, *, before: str = ""
) -> dict[str, Any]:
    """Head, a page of the timeline and the composer. Raises BadCursor.

    The conversation, with its head, was read before the messages: a newer one is pulled again.
    """
    now = timezone.now()
    messages = access.messages(membership, conversation)
    page = queries.page_of_messages(messages, before=before)
    row = rows.row_of(conversation, now=now, viewer=membership.user)
    mark = ReadMark.objects.filter(user=membership.user, conversation=conversation).first()
    reader = bubbles.Reader(
        user=membership.user,
        contact_name=row.name,
        seen_seq=mark.seq if mark else None,
        unread=row.unread,
    )
    return {
        "membership": membership,
        "conversation": conversation,
        "row": row,
        "window": row.window,
        "bubbles": bubbles.arrange(reversed(page.rows), reader),
        "older_messages": page.cursor,
        "is_older_page": bool(before),
        "read_seq": mark.seq if mark else 0,
        "now": now,
        **composer_context(conversation, seen_seq=_newest(page.rows) if before else None),
    }


def _newest(messages: Sequence[Message]) -> int:
    """What somebody who reads an older page has seen of what is newest: not the newest."""
    return max((message.seq for message in messages), default=0)


def composer_context(
    conversation: Conversation,
    *,
    text: str = "",
    errors: dict[str, list[str]] | None = None,
    client_message_id: str = "",
    quoted: Message | None = None,
    seen_seq: int | None = None,
) -> dict[str, Any]:
    """The composer as it opens, or as a refused reply left it; `seen_seq` of an older page."""
    return {
        "text": text,
        "errors": errors or {},
        "client_message_id": client_message_id or str(uuid.uuid4()),
        "seen_seq": conversation.head_seq if seen_seq is None else seen_seq,
        "quoted": quoted,
        "quoted_name": _quoted_name(conversation, quoted),
    }


def _quoted_name(conversation: Conversation, quoted: Message | None) -> str:
    if quoted is None:
        return ""
    if quoted.direction == "in":
        return faces.contact_name(conversation.contact)
    return str(quoted.author or "")
