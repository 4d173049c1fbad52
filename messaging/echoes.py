"""Echoes that were faster than the answer of the send: one message, so one bubble.

A provider may tell of our own message as of one written elsewhere, before its answer has told us
the id. When that id is recorded, the echo gives it up with all that hangs on it, and is marked as
a duplicate: its row stays, takes a number so that every reader sees it go, and is shown no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from messaging import timeline
from messaging.models import AuthorType, Conversation, Direction, Message
from messaging.querysets import MessageQuerySet
from messaging.receipts import Heard
from messaging.sql import execute

Address = tuple[int, str]  # (channel, the provider's id)


@dataclass(frozen=True, slots=True)
class Folded:
    """What had been heard of echoes, by the message they are of, and which were amended."""

    heard: Mapping[int, Sequence[Heard]] = field(default_factory=dict)
    amended: Collection[int] = ()


def places_of(addresses: Collection[Address]) -> set[int]:
    """The conversations of echoes under these ids."""
    return set(_find(addresses).values_list("conversation", flat=True)) if addresses else set()


def fold(
    messages: Sequence[Message],
    conversations: Mapping[int, Conversation],
    *,
    heard_as: Mapping[Address, int],
) -> Folded:
    """Let `messages`, about to be written with their ids, take over from their echoes.

    A message that left twice goes by one of its ids; of the other it is `heard_as`, the echo
    keeps it. Only in conversations that are locked: elsewhere the id stays taken, and the write
    is refused.
    """
    own = {(m.channel_id, m.provider_id): m.pk for m in messages if m.provider_id}
    targets = {**heard_as, **own}
    if not targets:
        return Folded()
    found = {(echo.channel_id, echo.provider_id or ""): echo for echo in _find(list(targets))}
    echoes = [
        (echo, targets[address], address in own)
        for address, echo in sorted(found.items())
        if address in targets and echo.conversation_id in conversations
    ]
    if not echoes:
        return Folded()
    pairs = {echo.pk: target_id for echo, target_id, _ in echoes}
    for echo, _, is_own in echoes:
        if is_own:
            echo.provider_id = None
        _give_up(echo, pairs[echo.pk], conversations[echo.conversation_id])
    return Folded(rehang_receipts(pairs), _rehang_amendments(pairs))


def _find(addresses: Collection[Address]) -> MessageQuerySet:
    return Message.objects.filter(
        channel__in={channel for channel, _ in addresses},
        provider_id__in=[provider_id for _, provider_id in addresses],
        direction=Direction.OUT,
        author_type=AuthorType.PHONE_APP,
        duplicate_of=None,
    )


def _give_up(echo: Message, target_id: int, conversation: Conversation) -> None:
    """Mark the echo, and let what spoke of it speak of the message it was."""
    echo.duplicate_of_id = target_id
    echo.changed_seq = timeline.take_number(conversation)
    echo.save(update_fields=["provider_id", "duplicate_of", "changed_seq"])
    quoting = Message.objects.filter(
        conversation=conversation.pk, seq__gt=echo.seq, reply_to=echo.pk
    )
    for message in quoting.order_by("pk"):
        message.reply_to_id = target_id
        message.changed_seq = timeline.take_number(conversation)
        message.save(update_fields=["reply_to", "changed_seq"])
    if conversation.last_message_id == echo.pk:
        newest = Message.objects.filter(conversation=conversation.pk).shown()
        conversation.last_message = newest.order_by("-sort_at", "-seq").first()
        conversation.last_message_at = (
            conversation.last_message.sort_at if conversation.last_message else None
        )


def rehang_receipts(pairs: Mapping[int, int]) -> dict[int, list[Heard]]:
    """Let what was heard of echoes be heard of the messages they were; by message."""
    rows = execute(
        """
        UPDATE messaging_receipt AS receipt SET message_id = row.target_id
        FROM unnest(%s::bigint[], %s::bigint[]) AS row(echo_id, target_id)
        WHERE receipt.message_id = row.echo_id
        RETURNING receipt.message_id, receipt.status, receipt.error_code, receipt.error_title,
          receipt.provider_id
        """,
        [list(pairs), list(pairs.values())],
    )
    heard: dict[int, list[Heard]] = defaultdict(list)
    for message_id, *said in rows:
        heard[message_id].append(Heard(*said))
    return heard


def _rehang_amendments(pairs: Mapping[int, int]) -> set[int]:
    rows = execute(
        """
        UPDATE messaging_amendment AS amendment SET message_id = row.target_id
        FROM unnest(%s::bigint[], %s::bigint[]) AS row(echo_id, target_id)
        WHERE amendment.message_id = row.echo_id
        RETURNING amendment.message_id
        """,
        [list(pairs), list(pairs.values())],
    )
    return {message_id for (message_id,) in rows}
