"""What a person decides about messages that did not leave: another try, or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from messaging import reacting, receipts, timeline
from messaging.models import Conversation, Message, MessageStatus


def reopen(message_ids: Collection[int], conversations: Mapping[int, Conversation]) -> None:
    """Failed messages wait again, without the id and error of what failed.

    Their conversations are locked; the caller ends with `timeline.publish`.
    """
    for message in (messages := _failed(message_ids)):
        message.status = MessageStatus.PENDING
        message.provider_id, message.error_code, message.error_title = None, "", ""
    _write(messages, conversations)


def give_up(message_ids: Collection[int], conversations: Mapping[int, Conversation]) -> None:
    """Failed messages are closed for good; what was wrong with them stays."""
    for message in (messages := _failed(message_ids)):
        message.status = MessageStatus.DISCARDED
    _write(messages, conversations)


def _failed(message_ids: Collection[int]) -> list[Message]:
    rows = Message.objects.filter(pk__in=message_ids, status=MessageStatus.FAILED)
    return list(rows.order_by("pk"))


def _write(messages: list[Message], conversations: Mapping[int, Conversation]) -> None:
    for message in messages:
        message.changed_seq = timeline.take_number(conversations[message.conversation_id])
    if messages:
        receipts.write_states(messages)
        reacting.retell(messages, dict(conversations))
