"""Messages that leave: their birth in the timeline and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max

from messaging import amending, echoes, reacting, receipts, timeline
from messaging.models import (
    AuthorType,
    Conversation,
    Direction,
    Message,
    MessageStatus,
    User,
)
from messaging.sql import execute

# What a verdict of the sender's own may replace; what was heard of a message outranks it.
OVERRULED = {
    MessageStatus.PENDING: {MessageStatus.PENDING},
    MessageStatus.ACCEPTED: {
        MessageStatus.PENDING,
        MessageStatus.NEEDS_REVIEW,
        MessageStatus.FAILED,
        MessageStatus.DISCARDED,
    },
    MessageStatus.FAILED: {MessageStatus.PENDING, MessageStatus.NEEDS_REVIEW},
    MessageStatus.NEEDS_REVIEW: {MessageStatus.PENDING, MessageStatus.NEEDS_REVIEW},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants to say, before it has a place in the timeline.

    `seen_seq` is the newest number its author had seen: the reply is never sorted above that.
    """

    kind: str
    text: str
    content: dict[str, Any] = field(default_factory=dict)
    author: User | None = None
    reply_to: Message | None = None
    client_message_id: str | None = None
    seen_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What became of one message; `provider_id` once the provider has given one.

    An empty `status` leaves it as it is. `heard_as` are ids under which the provider speaks of it
    too: it was taken more than once.
    """

    message_id: int
    status: str = ""
    provider_id: str = ""
    error_code: str = ""
    error_title: str = ""
    heard_as: tuple[str, ...] = ()

    @property
    def ids(self) -> set[str]:
        """All under which it is known."""
        return {self.provider_id, *self.heard_as} - {""}


def compose(conversation: Conversation, draft: Draft) -> Message:
    """Add a pending message to a locked conversation; the caller ends with `timeline.publish`.

    It answers the contact, so nobody is waiting any more; a reaction is no answer, and stands on
    its target instead of in the list.
    """
    now, sort_at = _times(conversation, draft.seen_seq)
    number = timeline.take_number(conversation)
    message = Message.objects.create(
        organization_id=conversation.organization_id,
        conversation=conversation,
        channel_id=conversation.channel_id,
        seq=number,
        changed_seq=number,
        direction=Direction.OUT,
        kind=draft.kind,
        text=draft.text,
        content=draft.content,
        author_type=AuthorType.AGENT if draft.author else AuthorType.AUTOMATION,
        author=draft.author,
        received_at=now,
        sort_at=sort_at,
        status=MessageStatus.PENDING,
        reply_to=draft.reply_to,
        reply_to_provider_id=(draft.reply_to.provider_id or "") if draft.reply_to else "",
        client_message_id=draft.client_message_id,
    )
    if draft.kind == reacting.KIND:
        return message
    conversation.waiting_since = None
    conversation.last_activity_at = max(conversation.last_activity_at, now)
    conversation.last_message = message
    conversation.last_message_at = sort_at
    return message


def _times(conversation: Conversation, seen_seq: int | None) -> tuple[Any, Any]:
    """The database's now, and the later of it and the newest message the author had seen."""
    seen = Message.objects.filter(conversation=conversation)
    if seen_seq is not None:
        seen = seen.filter(seq__lte=seen_seq)
    newest = seen.aggregate(newest=Max("sort_at"))["newest"]
    now = execute("SELECT now()")[0][0]
    return now, max(now, newest) if newest else now


def lock(conversation_ids: Collection[int], addresses: Collection[echoes.Address]) -> None:
    """Lock conversations, and those of echoes under ids that messages are about to get.

    Before anything else is locked, where `record_results` is not the caller's first step.
    """
    timeline.lock({*conversation_ids, *echoes.places_of(addresses)})


def record_results(results: Sequence[SendResult]) -> None:
    """Write outcomes of sends, with the receipts that were faster than the answer.

    Locks the conversations and takes the organisation counters: the last call of the caller's
    transaction. A status never goes down, so a repeated call changes nothing.
    """
    by_message = {result.message_id: result for result in results}
    places = Message.objects.filter(pk__in=by_message).values_list(
        "pk", "channel_id", "conversation_id"
    )
    heard_as = {
        (channel_id, provider_id): pk
        for pk, channel_id, _ in places
        for provider_id in by_message[pk].ids
    }
    conversations = timeline.lock(
        {conversation_id for *_, conversation_id in places} | echoes.places_of(heard_as)
    )
    messages = list(Message.objects.filter(pk__in=by_message).order_by("pk"))
    for message in messages:
        _note(message, by_message[message.pk])
    folded = echoes.fold(messages, conversations, heard_as=heard_as)
    heard = receipts.bind_parked(receipts.places_of(messages) | heard_as)
    for message in messages:
        receipts.settle(message, (*heard.get(message.pk, ()), *folded.heard.get(message.pk, ())))
        message.changed_seq = timeline.take_number(conversations[message.conversation_id])
    receipts.write_states(messages)
    reacting.retell(messages, conversations)
    if folded.amended:
        amending.carry_out(folded.amended, conversations)
    timeline.publish(conversations.values())


def restate(
    message_ids: Collection[int],
    status: MessageStatus,
    conversations: Mapping[int, Conversation],
) -> list[Message]:
    """Write what a person, or their policy, has decided about messages of locked conversations.

    Those that are to leave again begin anew, without the id and the error of their last attempt;
    what was wrong with those that are given up stays. The caller ends with `timeline.publish`.
    """
    rows = Message.objects.filter(pk__in=message_ids, conversation__in=conversations)
    messages = list(rows.order_by("pk"))
    for message in messages:
        message.status = status
        if status == MessageStatus.PENDING:
            message.provider_id = None
        if status != MessageStatus.DISCARDED:
            message.error_code = message.error_title = ""
        message.changed_seq = timeline.take_number(conversations[message.conversation_id])
    if messages:
        receipts.write_states(messages)
        reacting.retell(messages, dict(conversations))
    return messages


def _note(message: Message, result: SendResult) -> None:
    if message.status == MessageStatus.FAILED and message.provider_id in result.ids:
        # The provider itself has said that what it took failed; that it took it is no news.
        return
    if result.provider_id and not message.provider_id:
        message.provider_id = result.provider_id
    if result.status and message.status in OVERRULED[MessageStatus(result.status)]:
        message.status = result.status
        message.error_code, message.error_title = result.error_code, result.error_title
