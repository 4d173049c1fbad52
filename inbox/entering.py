"""Where a timeline opens, and what its reader has seen of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbox import bubbles, timeline_pages, unions
from inbox.models import ReadMark
from inbox.timeline_pages import Stretch, Wanted

if TYPE_CHECKING:
    from inbox.unions import Union
    from messaging.models import Conversation, Membership


def timeline_context(
    membership: Membership, union: Union, *, wanted: Wanted, name: str, unread: int
) -> dict[str, Any]:
    """A stretch of the timeline with what its reader has not seen. Raises BadCursor.

    Without a place it opens at the newest messages, or at the first unread one where that is
    further up; `name` is what the contact is called. `composer_seen_seq` is how far somebody has
    read who has only this stretch, None where it reaches the newest message.
    """
    marks = ReadMark.objects.filter(user=membership.user, conversation__in=union.key)
    seen = dict(marks.values_list("conversation", "seq"))
    reader = bubbles.Reader(
        user=membership.user,
        contact_name=name,
        seen_seq=seen.get(union.main.pk),
        seen_beside={each.pk: seen.get(each.pk, 0) for each in union.beside},
        unread=unread,
    )
    stretch, shown = _opened(membership, union, wanted, reader)
    return {
        "bubbles": shown,
        "older_messages": stretch.older,
        "newer_messages": stretch.newer,
        "found_id": stretch.found_id if wanted.message_id or wanted.at else None,
        "is_apart": bool(stretch.newer) or not (wanted.is_newest or stretch.messages),
        "read_seq": _read_seq(union, reader),
        "heads_beside": unions.write_heads({each.pk: each.head_seq for each in union.beside}),
        "composer_seen_seq": _newest(stretch, union.main) if stretch.newer else None,
    }


def _opened(
    membership: Membership, union: Union, wanted: Wanted, reader: bubbles.Reader
) -> tuple[Stretch, list[bubbles.Bubble]]:
    stretch = timeline_pages.stretch(membership, union, wanted)
    shown = bubbles.arrange(stretch.messages, reader)
    is_far = wanted.is_newest and stretch.older and reader.unread and reader.seen_seq is not None
    if not is_far or any(bubble.new_count for bubble in shown[1:]):
        return stretch, shown
    seen = {union.main.pk: reader.seen_seq or 0, **reader.seen_beside}
    around = timeline_pages.first_unread(membership, union, seen)
    return (around, bubbles.arrange(around.messages, reader)) if around else (stretch, shown)


def _read_seq(union: Union, reader: bubbles.Reader) -> int:
    """What is unread beside is read with the next look, even where nothing is new here."""
    if any(_is_unread(each) for each in union.beside):
        return -1
    return reader.seen_seq or 0


def _newest(stretch: Stretch, conversation: Conversation) -> int:
    """What somebody who reads an older stretch has seen of what is newest: not the newest."""
    own = (each.seq for each in stretch.messages if each.conversation_id == conversation.pk)
    return max(own, default=0)


def _is_unread(conversation: Conversation) -> bool:
    return conversation.inbound_count > getattr(conversation, "read_count", 0)
