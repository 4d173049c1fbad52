"""Telling customers that their message was read, and that somebody types an answer.

By the channel's own policy, once for the newest message, fire and forget: what fails is counted
and told with the next occasion. Nothing waits for it and nothing depends on it.
Source: Cloud API, "Mark messages as read" and "Typing indicators": a message older than 30 days
cannot be marked, all before it are marked with it, and the indicator ends after 25 seconds.
"""

from __future__ import annotations

import logging
from concurrent.futures import TimeoutError as TooLong
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import aiohttp
from django.db import transaction
from django.utils import timezone
from prometheus_client import Counter

from messaging import blocking, hints
from messaging.models import Channel, Connection, Conversation, Courtesy, Direction, Message
from messaging.providers import PROVIDERS
from messaging.providers.answers import Answer, Failure
from messaging.providers.sending import Account, MarkRead
from messaging.sql import execute
from messaging.windows import SILENT_KINDS
from outbound.courier import courier
from outbound.places import account_of

logger = logging.getLogger(__name__)
told_total = Counter(
    "inbox_courtesies", "Read receipts and typing shown to customers.", ["courtesy", "outcome"]
)

MARKABLE = timedelta(days=30)
# The indicator ends after 25 seconds.
TYPING_EVERY_SECONDS = 20
ANSWER_SECONDS = 12.0
READ_TASK, TYPING_TASK = "outbound.tasks.tell_read", "outbound.tasks.tell_typing"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """The way to a customer, and the message that they are told about."""

    conversation_id: int
    message_number: int
    wamid: str
    mark_read: MarkRead
    account: Account
    address: str


def on_open(conversation_ids: list[int]) -> None:
    """An agent has these conversations before them."""
    _hint(READ_TASK, _where(conversation_ids, read_receipts=Courtesy.ON_OPEN))
    _hint(TYPING_TASK, _where(conversation_ids, typing_indicator=Courtesy.ON_OPEN))


def on_reply(conversation_id: int) -> None:
    """An agent has answered; commits with the caller."""
    wanted = [Courtesy.ON_OPEN, Courtesy.ON_REPLY]
    _hint(READ_TASK, _where([conversation_id], read_receipts__in=wanted))


def on_typing(conversation_id: int) -> None:
    """An agent types an answer."""
    wanted = [Courtesy.ON_OPEN, Courtesy.ON_REPLY]
    _hint(TYPING_TASK, _where([conversation_id], typing_indicator__in=wanted))


def tell_read(conversation_id: int) -> bool:
    """Tell the customer that their newest message was read; whether they were told now."""
    line = _line_of(conversation_id)
    if line is None or not execute(TAKE_READ, [conversation_id, line.message_number]):
        return False
    return _told(line, is_typing=False)


def tell_typing(conversation_id: int) -> bool:
    """Show the customer that somebody types, at most every TYPING_EVERY_SECONDS.

    It also marks their message as read, so it waits where reading is told with the answer only,
    until the message has been told as read.
    """
    line = _line_of(conversation_id)
    if line is None:
        return False
    policy = Channel.objects.values_list("read_receipts", flat=True)
    reads = policy.get(conversations=conversation_id)
    values = {
        "conversation": conversation_id,
        "message": line.message_number,
        "every": TYPING_EVERY_SECONDS,
        "may_mark": reads == Courtesy.ON_OPEN,
    }
    return bool(execute(TAKE_TYPING, values)) and _told(line, is_typing=True)


def _where(conversation_ids: list[int], **policy: object) -> list[int]:
    wanted = {f"channel__{name}": value for name, value in policy.items()}
    found = Conversation.objects.filter(pk__in=conversation_ids, **wanted)
    found = found.exclude(blocking.is_blocked("contact__"))
    return list(found.exclude(channel__read_receipts=Courtesy.NEVER).values_list("pk", flat=True))


def _hint(task_name: str, conversation_ids: list[int]) -> None:
    for pk in conversation_ids:
        hint = partial(hints.send_hint, task_name, pk, queue="background")
        transaction.on_commit(hint, robust=True)


def _line_of(conversation_id: int) -> _Line | None:
    conversation = (
        Conversation.objects.filter(
            pk=conversation_id, channel__is_active=True, channel__connection__is_active=True
        )
        .select_related("channel__connection")
        .first()
    )
    newest = _newest(conversation_id)
    if conversation is None or newest is None:
        return None
    connection: Connection = conversation.channel.connection
    sending, account = PROVIDERS[connection.kind].sending, account_of(connection)
    if sending is None or sending.mark_read is None or account is None:
        return None
    return _Line(
        conversation_id=conversation_id,
        message_number=newest.pk,
        wamid=newest.provider_id or "",
        mark_read=sending.mark_read,
        account=account,
        address=conversation.channel.external_id,
    )


def _newest(conversation_id: int) -> Message | None:
    inbound = Message.objects.filter(
        conversation=conversation_id,
        direction=Direction.IN,
        is_silent=False,
        provider_id__isnull=False,
        sort_at__gt=timezone.now() - MARKABLE,
    )
    return inbound.exclude(kind__in=SILENT_KINDS).order_by("-sort_at", "-seq").first()


def _told(line: _Line, *, is_typing: bool) -> bool:
    async def ask(session: aiohttp.ClientSession) -> Answer:
        return await line.mark_read(
            session, line.account, line.address, line.wamid, is_typing=is_typing
        )

    future = courier().ask(ask)
    try:
        answer = future.result(ANSWER_SECONDS)
    except TooLong:
        future.cancel()
        answer = Answer(failure=Failure.INTERRUPTED)
    is_told = bool(answer.provider_id)
    name = "typing" if is_typing else "read"
    told_total.labels(name, "told" if is_told else "failed").inc()
    if not is_told:
        execute(GIVE_BACK, [line.conversation_id, line.message_number])
        logger.info(
            "customer not told",
            extra={"conversation": line.conversation_id, "courtesy": name, "code": answer.code},
        )
    return is_told


# One row a conversation; whoever changes it is the one who tells.
TAKE_READ = """
INSERT INTO outbound_readnotice AS notice (conversation_id, message_number) VALUES (%s, %s)
ON CONFLICT (conversation_id) DO UPDATE SET message_number = excluded.message_number
WHERE notice.message_number <> excluded.message_number
RETURNING conversation_id
"""

GIVE_BACK = """
UPDATE outbound_readnotice SET message_number = 0
WHERE conversation_id = %s AND message_number = %s
"""

TAKE_TYPING = """
INSERT INTO outbound_readnotice AS notice (conversation_id, message_number, typing_at)
SELECT %(conversation)s::bigint, %(message)s::bigint, statement_timestamp()
WHERE %(may_mark)s::boolean OR EXISTS (
  SELECT FROM outbound_readnotice
  WHERE conversation_id = %(conversation)s AND message_number = %(message)s
)
ON CONFLICT (conversation_id) DO UPDATE SET
  message_number = excluded.message_number, typing_at = excluded.typing_at
WHERE notice.typing_at IS NULL
  OR notice.typing_at <= statement_timestamp() - make_interval(secs => %(every)s)
RETURNING conversation_id
"""
