"""The message that a reply quotes, or that a reaction is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import access
from inbox.refusals import Invalid
from messaging import merging, reacting
from messaging.models import Conversation, Direction, Message
from messaging.providers.values import mapping, text

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from inbox.reply_content import Reply

# Source: Cloud API, "Reaction messages": older messages take none.
OLDEST_TARGET = timedelta(days=30)


def aim(conversation: Conversation, reply: Reply) -> tuple[Reply, Message | None]:
    """What `reply` is about, and the reply as it is kept: a reaction names its target twice, by
    our id and by the provider's. Raises Invalid.
    """
    if reply.kind != reacting.KIND:
        return reply, _by_id(conversation, reply.reply_to)
    given = mapping(reply.content.get("reaction"))
    asked = text(given.get("message_id"))
    if reply.reply_to is not None:
        target = _by_id(conversation, reply.reply_to)
    else:
        target = _by_provider_id(conversation, asked)
    if target is None:
        raise Invalid({"reply_to": [_("Say which message this reacts to.")]})
    if not target.provider_id:
        said = _("WhatsApp does not have this message yet; react once it was sent.")
        raise Invalid({"reply_to": [said]})
    if asked and asked != target.provider_id:
        raise Invalid({"content.reaction.message_id": [_("This is not the message in reply_to.")]})
    about = {**given, "message_id": target.provider_id}
    content = {**reply.content, "reaction": about} if given else reply.content
    return replace(reply, content=content, reply_to=target.pk), target


def may_take_reaction(target: Message) -> None:
    """Whether WhatsApp would put a reaction on it today. Raises Invalid."""
    why = ""
    if target.kind == reacting.KIND:
        why = _("A reaction takes no reaction itself.")
    elif (target.provider_at or target.sort_at) < timezone.now() - OLDEST_TARGET:
        why = _("WhatsApp takes no reaction to a message older than 30 days.")
    if why:
        raise Invalid({"reply_to": [why]})


def _by_id(conversation: Conversation, message_id: int | None) -> Message | None:
    if message_id is None:
        return None
    pk = min(message_id, access.LARGEST_ID)
    found = _messages(conversation).filter(pk=pk).exclude(direction=Direction.INTERNAL).first()
    if found is None:
        raise Invalid({"reply_to": [_("There is no such message in this conversation.")]})
    return found


def _by_provider_id(conversation: Conversation, provider_id: str) -> Message | None:
    if not provider_id:
        return None
    found = _messages(conversation).filter(channel=conversation.channel_id, provider_id=provider_id)
    target = found.first()
    if target is None:
        said = _("There is no such message in this conversation.")
        raise Invalid({"content.reaction.message_id": [said]})
    return target


def _messages(conversation: Conversation) -> QuerySet[Message]:
    """Everything said with this person on this channel, before a merge too."""
    return Message.objects.filter(
        conversation__channel=conversation.channel_id,
        conversation__contact__in=merging.family([conversation.contact_id]),
    )
