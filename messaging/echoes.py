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
    return {conversation_id for _, conversation_id in _find(addresses)}


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
    there = [pk for pk, conversation_id in _find(targets) if conversation_id in conversations]
    if not there:
        return Folded()
    rows = Message.objects.filter(pk__in=there)
    found = {(echo.channel_id, echo.provider_id or ""): echo for echo in rows}
    echoes = [(echo, targets[address], address in own) for address, echo in sorted(found.items())]
    pairs = {echo.pk: target_id for echo, target_id, _ in echoes}
    for echo, _, is_own in echoes:
        if is_own:
            echo.provider_id = None
        _give_up(echo, pairs[echo.pk], conversations[echo.conversation_id])
    return Folded(rehang_receipts(pairs), _rehang_amendments(pairs))


def _find(addresses: Collection[Address]) -> list[tuple[int, int]]:
    """Echoes under these ids, each with its conversation; every answer of a send is asked about."""
    if not addresses:
        return []
    return [
        (pk, conversation_id)
        for pk, conversation_id in execute(
            FIND,
            [
                [channel_id for channel_id, _ in addresses],
                [provider_id for _, provider_id in addresses],
                Direction.OUT.value,
                AuthorType.PHONE_APP.value,
            ],
        )
    ]


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


FIND = """
SELECT message.id, message.conversation_id
FROM unnest(%s::bigint[], %s::text[]) AS address(channel_id, provider_id)
JOIN messaging_message AS message
  ON message.channel_id = address.channel_id AND message.provider_id = address.provider_id
WHERE message.direction = %s AND message.author_type = %s AND message.duplicate_of_id IS NULL
"""
