"""Entries that a limit of ours holds back: they wait without an attempt, and say so."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, transaction

from messaging import outgoing
from messaging.models import Message, MessageStatus
from messaging.sql import execute
from outbound import protocol
from outbound.protocol import EntryState

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One entry that leaves at `until` at the earliest; `code` is the limit, as in words.py."""

    entry_id: int
    message_id: int
    code: str
    until: datetime


def hold(waits: Sequence[Wait]) -> None:
    """Throttle entries whose lanes the caller has claimed.

    One whose deadline comes first is looked at then, since it is given up.
    """
    if not waits:
        return
    allowed = [
        transition.source
        for transition in protocol.ENTRY_TRANSITIONS
        if transition.target == EntryState.THROTTLED
    ]
    execute(
        HOLD,
        {
            "entries": [wait.entry_id for wait in waits],
            "codes": [wait.code for wait in waits],
            "untils": [wait.until for wait in waits],
            "target": EntryState.THROTTLED.value,
            "sources": [str(source) for source in allowed],
        },
    )


def release(entry_ids: Sequence[int]) -> None:
    """What waited has its turn."""
    if entry_ids:
        execute(RELEASE, [list(entry_ids)])


def hasten_starts(conversation_id: int) -> None:
    """Look again at what waits for room among new customers, where another message follows it:
    once the customer has written, it needs none. The caller has opened the lane.
    """
    execute(HASTEN_STARTS, [conversation_id])


def tell(codes: dict[int, str]) -> None:
    """Let messages say what they wait for, by message id; in a transaction of its own.

    A courtesy: what cannot be told now is told by the message's next state.
    """
    if not codes:
        return
    try:
        with transaction.atomic():
            if news := _news(codes):
                outgoing.record_results(news)
    except DatabaseError:
        logger.warning("waiting not shown", extra={"count": len(codes)})


def _news(codes: dict[int, str]) -> list[outgoing.SendResult]:
    """For messages that do not say so already; those that have left need no more telling."""
    waiting = Message.objects.filter(pk__in=codes, status=MessageStatus.PENDING)
    return [
        outgoing.SendResult(message_id=pk, status=MessageStatus.PENDING, error_code=codes[pk])
        for pk, code in waiting.values_list("pk", "error_code")
        if code != codes[pk]
    ]


HOLD = """
UPDATE outbound_outboxentry AS entry SET
  state = %(target)s, waits_for = row.code,
  due_at = LEAST(entry.deadline_at, GREATEST(
    row.until, statement_timestamp() + make_interval(secs => 0.1)
  ))
FROM unnest(%(entries)s::bigint[], %(codes)s::text[], %(untils)s::timestamptz[])
  AS row(entry_id, code, until)
WHERE entry.id = row.entry_id AND entry.state = ANY(%(sources)s::text[])
"""

RELEASE = """
UPDATE outbound_outboxentry SET waits_for = '' WHERE id = ANY(%s::bigint[])
"""

HASTEN_STARTS = """
UPDATE outbound_outboxentry AS entry SET due_at = statement_timestamp()
FROM messaging_conversation AS conversation
WHERE entry.conversation_id = %s AND conversation.id = entry.conversation_id
  AND entry.finished_at IS NULL AND entry.state = 'throttled'
  AND entry.due_at > statement_timestamp()
  AND conversation.window_expires_at > statement_timestamp()
  AND (
    SELECT attempt.error_code FROM outbound_sendattempt AS attempt
    WHERE attempt.entry_id = entry.id ORDER BY attempt.id DESC LIMIT 1
  ) = 'messaging_limit'
"""
