"""An agent or a program writes first: contact and conversation are made with the message.

All in one transaction: where the message is refused nothing of it remains, and of many who begin
the same conversation at once one makes it and the others go on in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from inbox import access, reply_content, reply_targets, reply_templates
from inbox.refusals import IdReused, Invalid, ReadOnly
from inbox.replies import send_in
from inbox.reply_content import Reply
from messaging import addressing, beginning, timeline
from messaging.items import Identity
from messaging.models import Channel, Conversation, Membership, Message
from messaging.providers import PROVIDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Whom to write to, and through which channel."""

    channel: int
    kind: str
    value: str


def begin(membership: Membership, start: Start) -> tuple[Conversation, bool]:
    """The conversation with that address, made if there is none, and whether it is new.

    Raises Http404, ReadOnly or Invalid.
    """
    channel, address = _place(membership, start)
    with transaction.atomic():
        conversation_id, is_new = _conversation(membership, channel, address)
        if is_new:
            timeline.publish(timeline.lock([conversation_id]).values())
    return Conversation.objects.get(pk=conversation_id), is_new


def send_first(membership: Membership, start: Start, reply: Reply) -> tuple[Message, bool]:
    """Write `reply` to that address; the message, and whether it is new.

    Where the conversation exists, it goes on there. Raises what `replies.send_reply` raises; then
    nothing was written, no contact and no conversation either.
    """
    channel, address = _place(membership, start)
    reply = reply_templates.filled(channel.pk, reply_content.cleaned(reply))
    reply_content.check(channel.pk, reply)
    try:
        with transaction.atomic():
            conversation_id, _is_new = _conversation(membership, channel, address)
            conversation = Conversation.objects.get(pk=conversation_id)
            reply, target = reply_targets.aim(conversation, reply)
            return send_in(membership.user, conversation_id, reply, target)
    except IntegrityError as error:
        if "message_client_id_unique" not in str(error):
            raise
        raise IdReused from error


def _place(membership: Membership, start: Start) -> tuple[Channel, Identity]:
    rows = access.channels(membership).select_related("connection")
    channel = rows.filter(pk=min(start.channel, access.LARGEST_ID)).first()
    if channel is None:
        raise Http404
    if not membership.replies:
        raise ReadOnly
    if not (channel.is_active and channel.connection.is_active):
        raise Invalid({"channel": [_("This channel is switched off.")]})
    sending = PROVIDERS[channel.connection.kind].sending
    if sending is None or start.kind not in sending.capabilities.addresses:
        raise Invalid({"to.kind": [_("This channel cannot write to addresses of this kind.")]})
    try:
        return channel, addressing.parse(start.kind, start.value)
    except addressing.NoSuchAddress as error:
        raise Invalid({"to.value": [_wrong(start.kind)]}) from error


def _wrong(kind: str) -> str:
    if kind == "phone":
        return _("Give a phone number with its country code.")
    return _("This is no address of that kind.")


def _conversation(membership: Membership, channel: Channel, address: Identity) -> tuple[int, bool]:
    """One that a team has which the member is not in stays theirs: 404."""
    conversation_id, is_new = beginning.conversation_with(channel, address)
    if not is_new:
        access.conversation_or_404(membership, conversation_id)
    return conversation_id, is_new
