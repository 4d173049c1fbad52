"""An agent answers a customer: nothing unseen, nobody else's turn, the window open; then it leaves.

Used by the composer and the API alike. The rules are checked under the conversation's lock, in
the transaction that writes the message and its outbox entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import access, queries, unions
from locking import leases
from locking.errors import LeaseHeld
from messaging import merging, timeline, windows
from messaging.models import Conversation, Direction, Membership, Message, User
from messaging.outgoing import Draft, compose
from outbound import outbox

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_TEXT = 4096  # Source: Cloud API, "Text messages › body".
UNSEEN = "unseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an agent, or a program in their name, asks to send."""

    client_message_id: str
    text: str = ""
    kind: str = "text"
    reply_to: int | None = None
    seen_seq: int | None = None
    override: frozenset[str] = field(default_factory=frozenset)


@dataclass(eq=False)
class Unseen(Exception):
    """Others wrote what the author of the reply has not seen."""

    messages: tuple[Message, ...]


class IdReused(Exception):
    """This client_message_id already belongs to a message with another content."""


@dataclass(eq=False)
class WindowClosed(Exception):
    """Free text is not allowed; `since` when, or None where the customer never wrote."""

    since: datetime | None


@dataclass(eq=False)
class GoesOn(Exception):
    """Contacts were merged: what was said since stands in another conversation, not seen here."""

    conversation: Conversation


class ReadOnly(Exception):
    """The member's role reads and does not write."""


@dataclass(eq=False)
class Invalid(Exception):
    """Fields with what is wrong about them."""

    errors: dict[str, list[str]]


def send_reply(membership: Membership, conversation_id: int, reply: Reply) -> tuple[Message, bool]:
    """Write `reply` into the conversation and the outbox; the message, and whether it is new.

    A repeat with the same client_message_id and content gives the first message again. Where
    contacts were merged, it goes to the conversation that goes on. Raises Http404, ReadOnly,
    Invalid, IdReused, GoesOn, LeaseHeld, Unseen or WindowClosed; then nothing was written.
    """
    seen = queries.with_merged(access.conversations(membership))
    asked = access.conversation_or_404(membership, conversation_id, seen)
    if not membership.replies:
        raise ReadOnly
    reply = _cleaned(reply)
    union = unions.unions_of([asked], seen)[asked.pk]
    first = _first_answer(union.main, reply, within=union.key)
    if first is not None:
        return first, False
    conversation = union.main
    if conversation.pk != asked.pk and reply.seen_seq is not None:
        raise GoesOn(conversation)
    quoted = _quoted(conversation, reply)
    try:
        with transaction.atomic():
            return _send_locked(membership.user, conversation.pk, reply, quoted)
    except IntegrityError as error:
        if "message_client_id_unique" not in str(error):
            raise
        raise IdReused from error


def unseen_by(user: User, conversation: Conversation, seen_seq: int) -> list[Message]:
    """What others wrote above `seen_seq`: births only, so ticks never count, nor one's own."""
    return list(
        queries.with_message_parts(
            Message.objects.filter(conversation=conversation, seq__gt=seen_seq)
        )
        .exclude(Q(author=user) & ~Q(direction=Direction.IN))
        .select_related("conversation__contact")
        .order_by("sort_at", "seq")
    )


def _send_locked(
    author: User, conversation_id: int, reply: Reply, quoted: Message | None
) -> tuple[Message, bool]:
    conversation = timeline.lock([conversation_id])[conversation_id]
    first = _first_answer(conversation, reply)
    if first is not None:
        return first, False
    _guard(author, conversation, reply)
    draft = Draft(
        kind=reply.kind,
        text=reply.text,
        content={},
        author=author,
        reply_to=quoted,
        client_message_id=reply.client_message_id,
        seen_seq=reply.seen_seq,
    )
    message = compose(conversation, draft)
    outbox.enqueue(message)
    timeline.publish([conversation])
    return message, True


def _guard(author: User, conversation: Conversation, reply: Reply) -> None:
    lease = leases.holder_of(f"conversation:{conversation.pk}")
    if lease is not None and lease.holder_id != author.pk:
        raise LeaseHeld(lease.holder, lease.expires_at)
    if reply.seen_seq is not None and UNSEEN not in reply.override:
        unseen = unseen_by(author, conversation, reply.seen_seq)
        if unseen:
            raise Unseen(tuple(unseen))
    if not windows.is_open(conversation.window_expires_at, now=timezone.now()):
        raise WindowClosed(conversation.window_expires_at)


def _cleaned(reply: Reply) -> Reply:
    errors: dict[str, list[str]] = {}
    # Postgres keeps no NUL in text, and no keyboard types one.
    text = reply.text.replace("\0", "")
    if reply.kind != "text":
        errors["kind"] = [_("Only text can be sent so far.")]
    elif not text.strip():
        errors["text"] = [_("Write something first.")]
    elif len(text) > LONGEST_TEXT:
        errors["text"] = [
            _("WhatsApp takes at most %(most)d characters; these are %(count)d.")
            % {"most": LONGEST_TEXT, "count": len(text)}
        ]
    if not 0 < len(reply.client_message_id) <= 64 or "\0" in reply.client_message_id:
        errors["client_message_id"] = [_("Give an id of 1 to 64 characters.")]
    if errors:
        raise Invalid(errors)
    return Reply(
        client_message_id=reply.client_message_id,
        text=text,
        kind=reply.kind,
        reply_to=reply.reply_to,
        seen_seq=reply.seen_seq,
        override=reply.override,
    )


def _quoted(conversation: Conversation, reply: Reply) -> Message | None:
    if reply.reply_to is None:
        return None
    quoted = Message.objects.filter(
        conversation__channel=conversation.channel_id,
        conversation__contact__in=merging.family([conversation.contact_id]),
        pk=min(reply.reply_to, access.LARGEST_ID),
    ).first()
    if quoted is None or quoted.direction == Direction.INTERNAL:
        raise Invalid({"reply_to": [_("There is no such message in this conversation.")]})
    return quoted


def _first_answer(
    conversation: Conversation, reply: Reply, *, within: tuple[int, ...] = ()
) -> Message | None:
    first = Message.objects.filter(
        organization_id=conversation.organization_id, client_message_id=reply.client_message_id
    ).first()
    if first is None:
        return None
    content = (first.kind, first.text, first.reply_to_id)
    is_here = first.conversation_id in {conversation.pk, *within}
    if not is_here or content != (reply.kind, reply.text, reply.reply_to):
        raise IdReused
    return first
