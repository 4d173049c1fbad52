"""What may stop a reply in the conversation it is for, judged under the conversation's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from inbox import queries
from inbox.refusals import Unseen, WindowClosed
from inbox.reply_consent import need_consent
from locking import leases
from locking.errors import LeaseHeld
from messaging import windows
from messaging.models import Conversation, Direction, Message, User
from messaging.providers import has_window

if TYPE_CHECKING:
    from inbox.reply_content import Reply

UNSEEN = "unseen"
# Approved texts may leave at any time.
WINDOWLESS = frozenset({"template"})


def guard(author: User, conversation: Conversation, reply: Reply) -> None:
    """Nobody else's turn, nothing unseen, the window open.

    Raises LeaseHeld, Unseen, WindowClosed or ConsentNeeded.
    """
    lease = leases.holder_of(f"conversation:{conversation.pk}")
    if lease is not None and lease.holder_id != author.pk:
        raise LeaseHeld(lease.holder, lease.expires_at)
    if reply.seen_seq is not None and UNSEEN not in reply.override:
        unseen = unseen_by(author, conversation, reply.seen_seq)
        if unseen:
            raise Unseen(tuple(unseen))
    if reply.kind not in WINDOWLESS:
        _need_window(conversation)
    need_consent(conversation, reply)


def unseen_by(user: User, conversation: Conversation, seen_seq: int) -> list[Message]:
    """What others wrote above `seen_seq`: births only, so ticks never count, nor one's own.

    A colleague's reaction says nothing that an answer could miss.
    """
    return list(
        queries.with_message_parts(
            Message.objects.filter(conversation=conversation, seq__gt=seen_seq).shown()
        )
        .exclude(Q(author=user) & ~Q(direction=Direction.IN))
        .exclude(kind="reaction")
        .select_related("conversation__contact")
        .order_by("sort_at", "seq")
    )


def _need_window(conversation: Conversation) -> None:
    if not has_window(conversation.channel.connection.kind):
        return
    if not windows.is_open(conversation.window_expires_at, now=timezone.now()):
        raise WindowClosed(conversation.window_expires_at)
