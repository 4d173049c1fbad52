"""Our own reactions: a message that leaves like any other, and the amendment it makes.

The message (kind `reaction`) has the outbox entry, the receipts and the verdict; the amendment is
what its target shows. Where the message has failed, the amendment counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from messaging import amending, timeline
from messaging.models import (
    Amendment,
    AmendmentKind,
    Conversation,
    Message,
    MessageStatus,
)
from messaging.providers.values import mapping, text

KIND = AmendmentKind.REACTION.value
# To the customer the phone app and we are one business, with one reaction to each message.
OURS = "phone_app"
UNDONE = frozenset({MessageStatus.FAILED.value, MessageStatus.DISCARDED.value})


def react(message: Message, target: Message, conversations: Mapping[int, Conversation]) -> None:
    """Let a new reaction of ours show on its target.

    The conversations of both are locked, and published by the caller.
    """
    given = mapping(message.content.get("reaction"))
    Amendment.objects.create(
        channel_id=target.channel_id,
        message=target,
        targets=[target.provider_id],
        kind=KIND,
        # Its own id at the provider comes later, and is the message's.
        provider_id=f"message:{message.pk}",
        author_type=message.author_type,
        author_key=OURS,
        emoji=text(given.get("emoji"), most=64),
        sent_as=message,
        at=message.received_at,
        received_at=message.received_at,
    )
    amending.carry_out([target.pk], dict(conversations))


def retell(messages: Iterable[Message], conversations: Mapping[int, Conversation]) -> set[int]:
    """The targets of reactions among `messages`, whose states have changed, changed with them.

    The conversations that took a number for it, which the caller publishes. Only where they are
    locked with the reaction's; a target from before a merge is read anew with its page.
    """
    wanted = [each.reply_to_id for each in messages if each.kind == KIND and each.reply_to_id]
    if not wanted:
        return set()
    found = Message.objects.filter(pk__in=wanted, conversation_id__in=conversations)
    targets = list(found.order_by("pk"))
    for target in targets:
        target.changed_seq = timeline.take_number(conversations[target.conversation_id])
        target.save(update_fields=["changed_seq"])
    return {target.conversation_id for target in targets}
