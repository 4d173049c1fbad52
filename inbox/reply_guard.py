"""What may stop a reply in the conversation it is for, judged under the conversation's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from inbox import leasing, queries
from inbox.refusals import Blocked, Unseen, WindowClosed
from inbox.reply_consent import need_consent
from messaging import blocking, internal, windows
from messaging.models import Contact, Conversation, Direction, Message, User
from messaging.providers import has_window

if TYPE_CHECKING:
    from inbox.reply_content import Reply
    from locking.leases import TakenOver

UNSEEN = "unseen"
TAKEOVER = "takeover"
QUIET_KINDS = ("reaction", internal.EVENT)
# Approved texts may leave at any time.
WINDOWLESS = frozenset({"template"})


def guard(author: User, conversation: Conversation, reply: Reply) -> TakenOver | None:
    """Nobody else's turn, nothing unseen, the window open; the lease, if the reply takes it over.

    Raises Blocked, LeaseHeld, Unseen, WindowClosed or ConsentNeeded.
    """
    if Contact.objects.filter(blocking.is_blocked(), pk=conversation.contact_id).exists():
        raise Blocked
    taken = _turn(author, conversation, reply)
    if reply.seen_seq is not None and UNSEEN not in reply.override:
        unseen = unseen_by(author, conversation, reply.seen_seq)
        if unseen:
            raise Unseen(tuple(unseen))
    if reply.kind not in WINDOWLESS:
        _need_window(conversation)
    need_consent(conversation, reply)
    return taken


def _turn(author: User, conversation: Conversation, reply: Reply) -> TakenOver | None:
    if TAKEOVER in reply.override:
        return leasing.take_turn(author, conversation)
    leasing.need_turn(author, conversation)
    return None


def unseen_by(user: User, conversation: Conversation, seen_seq: int) -> list[Message]:
    """What others wrote above `seen_seq`: births only, so ticks never count, nor one's own.

    A colleague's reaction says nothing that an answer could miss, nor does a line on what was done.
    """
    return list(
        queries.with_message_parts(
            Message.objects.filter(conversation=conversation, seq__gt=seen_seq).shown()
        )
        .exclude(Q(author=user) & ~Q(direction=Direction.IN))
        .exclude(kind__in=QUIET_KINDS)
        .select_related("conversation__contact")
        .order_by("sort_at", "seq")
    )


def _need_window(conversation: Conversation) -> None:
    if not has_window(conversation.channel.connection.kind):
        return
    if not windows.is_open(conversation.window_expires_at, now=timezone.now()):
        raise WindowClosed(conversation.window_expires_at)
