"""What the screens show, gathered for their templates."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from alerts.models import Alert, AlertState, Severity
from inbox import access, bubbles, consents, contacts, faces, picking, queries, rows, unions
from inbox.models import ReadMark
from inbox.reading import with_read_count
from inbox.unions import Union
from messaging import merging

MOST_BANNERS = 3

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.models import Conversation, Membership, Message


def frame_context(membership: Membership, *, view: str, region: str) -> dict[str, Any]:
    """The shell around everything: who is here, which views there are."""
    return {
        "membership": membership,
        "organization": membership.organization,
        "has_choice": access.memberships(membership.user).count() > 1,
        "region": region,
        "now": timezone.now(),
        "banners": banners(membership),
        **views_context(membership, view=view),
    }


def banners(membership: Membership) -> QuerySet[Alert]:
    """What everybody in the organisation must know right now, the newest first."""
    rows = Alert.objects.filter(organization_id=membership.organization_id)
    urgent = rows.filter(state=AlertState.OPEN, severity=Severity.CRITICAL)
    return urgent.order_by("-opened_at", "-pk")[:MOST_BANNERS]


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
    chosen = queries.view_filter(view, membership)
    page = queries.page_by_activity(
        unions.shown(_readable(membership)).filter(chosen), before=before
    )
    found = unions.unions_of(page.rows, _readable(membership))
    return {
        "view": queries.VIEWS[view],
        "membership": membership,
        "list_head": head,
        "rows": rows.rows_of(
            [found[row.pk] for row in page.rows],
            now=timezone.now(),
            viewer=membership.user,
            selected=selected,
        ),
        "older_rows": page.cursor,
    }


def conversation_for_thread(membership: Membership, conversation_id: int) -> Conversation:
    """One conversation with all its head shows, or 404."""
    return access.conversation_or_404(membership, conversation_id, _readable(membership))


def union_of(membership: Membership, conversation: Conversation) -> Union:
    """A conversation found by `conversation_for_thread`, with those it goes on from."""
    return unions.unions_of([conversation], _readable(membership))[conversation.pk]


def _readable(membership: Membership) -> QuerySet[Conversation]:
    seen = with_read_count(access.conversations(membership), membership.user)
    return queries.with_row_parts(seen)


def thread_context(
    membership: Membership, conversation: Conversation, *, before: str = ""
) -> dict[str, Any]:
    """Head, a page of the timeline and the composer. Raises BadCursor.

    The conversation, with its head, was read before the messages: a newer one is pulled again.
    """
    now = timezone.now()
    union = union_of(membership, conversation)
    conversation = union.main
    page = queries.page_of_union(membership, union, before=before)
    row = rows.row_of(union, now=now, viewer=membership.user)
    marks = ReadMark.objects.filter(user=membership.user, conversation__in=union.key)
    seen = dict(marks.values_list("conversation", "seq"))
    seen_seq = seen.get(conversation.pk)
    reader = bubbles.Reader(
        user=membership.user,
        contact_name=row.name,
        seen_seq=seen_seq,
        seen_beside={each.pk: seen.get(each.pk, 0) for each in union.beside},
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
        # Something unread beside is read with the next look, even where nothing is new here.
        "read_seq": -1 if any(_is_unread(each) for each in union.beside) else seen_seq or 0,
        "heads_beside": unions.write_heads({each.pk: each.head_seq for each in union.beside}),
        "suggestions": contacts.suggestions(membership, _family(union)),
        "now": now,
        **_picker_parts(membership, conversation, row.window),
        **composer_context(
            conversation, seen_seq=_newest(page.rows, conversation) if before else None
        ),
    }


def picker_context(
    membership: Membership, conversation: Conversation, picker: picking.Picker | None = None
) -> dict[str, Any]:
    """The picker by itself; without a given one as it opens, and only while no text may leave."""
    row = rows.row_of(Union(conversation), now=timezone.now())
    context = _picker_parts(membership, conversation, row.window)
    if picker is not None:
        context["picker"] = picker
    return {
        **context,
        "conversation": conversation,
        "row": row,
        "window": row.window,
        "seen_seq": conversation.head_seq,
    }


def _picker_parts(
    membership: Membership, conversation: Conversation, window: rows.Window
) -> dict[str, Any]:
    """Templates take the composer's place once the window is closed."""
    is_offered = membership.replies and picking.is_offered(conversation)
    is_needed = is_offered and window.state == "closed"
    return {
        "has_templates": is_offered,
        "picker": picking.picker_of(conversation, {}) if is_needed else None,
    }


def contact_context(membership: Membership, conversation: Conversation) -> dict[str, Any]:
    """The person of a conversation, for the panel beside it."""
    contact = conversation.contact.person
    [person] = contacts.people(membership, [contact])
    return {
        "membership": membership,
        "conversation": conversation,
        "row": rows.row_of(Union(conversation), now=timezone.now()),
        "person": person,
        "journal": contacts.journal(contact),
        "standing": consents.standing(contact, conversation.channel_id),
        "has_panel": True,
    }


def _newest(messages: Sequence[Message], conversation: Conversation) -> int:
    """What somebody who reads an older page has seen of what is newest: not the newest."""
    own = (each.seq for each in messages if each.conversation_id == conversation.pk)
    return max(own, default=0)


def _family(union: Union) -> set[int]:
    """Contacts of one person: nearly always one, which needs no query."""
    contact = union.main.contact
    if not union.beside and contact.merged_into_id is None:
        has_parts = getattr(union.main, "has_parts", True)
        if not has_parts:
            return {contact.pk}
    return set(merging.family([contact.pk]))


def _is_unread(conversation: Conversation) -> bool:
    return conversation.inbound_count > getattr(conversation, "read_count", 0)


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
