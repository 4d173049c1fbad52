"""What the screens show, gathered for their templates."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from alerts.models import Alert, AlertState, Severity
from inbox import (
    access,
    composer_parts,
    contacts,
    entering,
    faces,
    leasing,
    list_screens,
    picking,
    profiles,
    queries,
    rows,
    triage_tools,
    unions,
)
from inbox.filters import Filters
from inbox.reading import with_read_count
from inbox.timeline_pages import Wanted
from inbox.unions import Union
from messaging import merging

MOST_BANNERS = 3

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.models import Conversation, Membership, Message


def frame_context(
    membership: Membership, *, region: str, view: str = "all", filters: Filters | None = None
) -> dict[str, Any]:
    """The shell around everything: who is here, which lists there are."""
    return {
        "membership": membership,
        "organization": membership.organization,
        "has_choice": access.memberships(membership.user).count() > 1,
        "region": region,
        "now": timezone.now(),
        "banners": banners(membership),
        "bell": profiles.beside(membership.user),
        **list_screens.views_context(membership, filters or Filters(view=view)),
    }


def banners(membership: Membership) -> QuerySet[Alert]:
    """What everybody in the organisation must know right now, the newest first."""
    rows = Alert.objects.filter(organization_id=membership.organization_id)
    urgent = rows.filter(state=AlertState.OPEN, severity=Severity.CRITICAL)
    return urgent.order_by("-opened_at", "-pk")[:MOST_BANNERS]


def list_context(
    membership: Membership,
    *,
    view: str = "all",
    filters: Filters | None = None,
    before: str = "",
    selected: int = 0,
) -> dict[str, Any]:
    """A page of rows of a list, or of a whole view. Raises BadCursor."""
    return list_screens.list_context(
        membership,
        filters or Filters(view=view),
        readable(membership),
        before=before,
        selected=selected,
    )


def conversation_for_thread(membership: Membership, conversation_id: int) -> Conversation:
    """One conversation with all its head shows, or 404."""
    return access.conversation_or_404(membership, conversation_id, readable(membership))


def union_of(membership: Membership, conversation: Conversation) -> Union:
    """A conversation found by `conversation_for_thread`, with those it goes on from."""
    return unions.unions_of([conversation], readable(membership))[conversation.pk]


def readable(membership: Membership) -> QuerySet[Conversation]:
    """What the member may see, with all that rows show."""
    seen = with_read_count(access.conversations(membership), membership.user)
    return queries.with_row_parts(seen)


def thread_context(
    membership: Membership, conversation: Conversation, *, wanted: Wanted | None = None
) -> dict[str, Any]:
    """Head, a stretch of the timeline and the composer. Raises BadCursor.

    The conversation, with its head, was read before the messages: a newer one is pulled again.
    """
    now = timezone.now()
    union = union_of(membership, conversation)
    conversation = union.main
    row = rows.row_of(union, now=now, viewer=membership.user)
    timeline = entering.timeline_context(
        membership, union, wanted=wanted or Wanted(), name=row.name, unread=row.unread
    )
    return {
        "membership": membership,
        "conversation": conversation,
        "row": row,
        "window": row.window,
        **timeline,
        "suggestions": contacts.suggestions(membership, _family(union)),
        "now": now,
        **_picker_parts(membership, conversation, row.window),
        **composer_context(conversation, seen_seq=timeline["composer_seen_seq"]),
        **composer_parts.parts(membership, conversation),
        **leasing.shown(membership, conversation),
        **triage_tools.tools_context(membership, conversation),
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


def _family(union: Union) -> set[int]:
    """Contacts of one person: nearly always one, which needs no query."""
    contact = union.main.contact
    if not union.beside and contact.merged_into_id is None:
        has_parts = getattr(union.main, "has_parts", True)
        if not has_parts:
            return {contact.pk}
    return set(merging.family([contact.pk]))


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
