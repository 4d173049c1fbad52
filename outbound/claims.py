"""Claiming due lanes and fencing attempts: what must be committed before a byte leaves."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from messaging.sql import execute
from outbound import lanes, protocol
from outbound.protocol import AttemptState, EntryState
from outbound.retry import Tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lane's head in our hands. `attempt_pk` is None where its hold has ended instead."""

    conversation_id: int
    token: int
    entry_id: int
    message_id: int
    channel_id: int
    ready_at: datetime
    tries: Tries
    attempt_pk: int | None = None
    attempt_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What one claim found: entries to send, holds that ended, and how many lanes it looked at."""

    claims: Sequence[Claim] = ()
    ended_holds: Sequence[Claim] = ()
    lane_count: int = 0


def claim(*, limit: int) -> Claimed:
    """Claim up to `limit` due lanes and write an attempt for each head that may be sent.

    Lanes are skipped while somebody else holds them, entries never: that would break their
    order. Lanes with nothing to do go back at once.
    """
    with transaction.atomic():
        lane_rows = execute(CLAIM, {"limit": limit, "seconds": protocol.CLAIM_SECONDS})
        if not lane_rows:
            return Claimed()
        tokens = {row[0]: row[1] for row in lane_rows}
        _settle_abandoned(list(tokens))
        due = [_claim_of(row, tokens) for row in execute(HEADS, [list(tokens)]) if row[-1]]
        ended = [each for each, state in due if state == EntryState.CONFIRMING]
        claims = _write_intents([each for each, state in due if state != EntryState.CONFIRMING])
        idle = tokens.keys() - {each.conversation_id for each, _ in due}
        if idle:
            lanes.advance(list(idle), [tokens[each] for each in idle])
    return Claimed(claims=claims, ended_holds=ended, lane_count=len(lane_rows))


def fence(claims: Sequence[Claim]) -> tuple[set[int], float]:
    """Make attempts `dispatching`, the last write before the request.

    Returns the attempts (by primary key) that may go out, and the monotonic time by which each
    must have begun. Whoever was paused for so long that the claim no longer covers one send
    gets nothing, and must not send.
    """
    started = time.monotonic()
    rows = execute(
        FENCE,
        {
            "attempts": [each.attempt_pk for each in claims],
            "source": AttemptState.INTENT.value,
            "target": AttemptState.DISPATCHING.value,
            "budget": protocol.BUDGET_SECONDS,
        },
    )
    return {attempt_pk for (attempt_pk,) in rows}, started + protocol.START_SECONDS


def new_attempt_id() -> UUID:
    """A UUID of version 7: milliseconds, then chance, so that indexes grow at one end."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def _settle_abandoned(conversation_ids: list[int]) -> None:
    """Close what a claim that ran out has left: nothing was sent, or nobody knows.

    An `intent` is tried again. A `dispatching` attempt may have left, so its entry holds the
    lane and goes to a person after HOLD_SECONDS from its dispatch.
    """
    if conversation_ids:
        execute(
            SETTLE,
            {
                "conversations": conversation_ids,
                "intent": AttemptState.INTENT.value,
                "dispatching": AttemptState.DISPATCHING.value,
                "not_sent": AttemptState.NOT_SENT.value,
                "unknown": AttemptState.UNKNOWN.value,
                "confirming": EntryState.CONFIRMING.value,
                "hold": protocol.HOLD_SECONDS,
            },
        )


def _claim_of(row: tuple[Any, ...], tokens: dict[int, int]) -> tuple[Claim, str]:
    conversation_id, entry_id, message_id, channel_id, ready_at, attempts, throttles, state = row[
        :8
    ]
    found = Claim(
        conversation_id=conversation_id,
        token=tokens[conversation_id],
        entry_id=entry_id,
        message_id=message_id,
        channel_id=channel_id,
        ready_at=ready_at,
        tries=Tries(attempts=attempts, throttles=throttles),
    )
    return found, state


def _write_intents(heads: list[Claim]) -> list[Claim]:
    if not heads:
        return []
    attempt_ids = {head.entry_id: new_attempt_id() for head in heads}
    rows = execute(
        INTENTS,
        {
            "entries": [head.entry_id for head in heads],
            "channels": [head.channel_id for head in heads],
            "attempt_ids": list(attempt_ids.values()),
            "tokens": [head.token for head in heads],
            "state": AttemptState.INTENT.value,
        },
    )
    attempt_pks = {entry_id: attempt_pk for attempt_pk, entry_id in rows}
    return [
        Claim(
            conversation_id=head.conversation_id,
            token=head.token,
            entry_id=head.entry_id,
            message_id=head.message_id,
            channel_id=head.channel_id,
            ready_at=head.ready_at,
            tries=head.tries,
            attempt_pk=attempt_pks[head.entry_id],
            attempt_id=attempt_ids[head.entry_id],
        )
        for head in heads
    ]


CLAIM = """
WITH live AS (
  SELECT conversation_id, claimed_until FROM outbound_lane
  WHERE urgency = 0 AND due_at <= statement_timestamp()
  ORDER BY due_at LIMIT %(limit)s::bigint FOR UPDATE SKIP LOCKED
), bulk AS (
  SELECT conversation_id, claimed_until FROM outbound_lane
  WHERE urgency = 1 AND due_at <= statement_timestamp()
  ORDER BY due_at LIMIT %(limit)s::bigint - (SELECT count(*) FROM live) FOR UPDATE SKIP LOCKED
), due AS (
  SELECT * FROM live UNION ALL SELECT * FROM bulk
)
UPDATE outbound_lane AS lane SET
  claim_token = nextval('outbound_claim_token'),
  claimed_until = statement_timestamp() + make_interval(secs => %(seconds)s),
  due_at = statement_timestamp() + make_interval(secs => %(seconds)s)
FROM due WHERE lane.conversation_id = due.conversation_id
RETURNING lane.conversation_id, lane.claim_token, due.claimed_until IS NOT NULL
"""

SETTLE = """
WITH settled AS (
  UPDATE outbound_sendattempt AS attempt SET
    state = CASE attempt.state WHEN %(intent)s THEN %(not_sent)s ELSE %(unknown)s END,
    error_code = 'claim_expired',
    finished_at = statement_timestamp()
  FROM outbound_outboxentry AS entry
  WHERE entry.conversation_id = ANY(%(conversations)s::bigint[])
    AND entry.finished_at IS NULL
    AND attempt.entry_id = entry.id AND attempt.state IN (%(intent)s, %(dispatching)s)
  RETURNING attempt.entry_id, attempt.state, attempt.dispatched_at
)
UPDATE outbound_outboxentry AS entry SET
  attempt_count = entry.attempt_count + 1,
  state = CASE settled.state WHEN %(unknown)s THEN %(confirming)s ELSE entry.state END,
  due_at = CASE settled.state
    WHEN %(unknown)s THEN settled.dispatched_at + make_interval(secs => %(hold)s)
    ELSE statement_timestamp() END
FROM settled WHERE entry.id = settled.entry_id
"""

HEADS = f"""
SELECT DISTINCT ON (entry.conversation_id)
  entry.conversation_id, entry.id, entry.message_id, entry.channel_id, entry.ready_at,
  entry.attempt_count, entry.throttle_count, entry.state, entry.due_at <= statement_timestamp()
FROM outbound_outboxentry AS entry
WHERE entry.conversation_id = ANY(%s::bigint[])
  AND entry.finished_at IS NULL AND entry.ready_at <= statement_timestamp()
ORDER BY entry.conversation_id, {lanes.HEAD_ORDER}
"""  # noqa: S608 - put together from constants

INTENTS = """
INSERT INTO outbound_sendattempt (entry_id, channel_id, attempt_id, token, state)
SELECT row.entry_id, row.channel_id, row.attempt_id, row.token, %(state)s
FROM unnest(
  %(entries)s::bigint[], %(channels)s::bigint[], %(attempt_ids)s::uuid[], %(tokens)s::bigint[]
) AS row(entry_id, channel_id, attempt_id, token)
RETURNING id, entry_id
"""

# The claim is judged where the attempt is changed: by the lane's token and time, in one
# statement, so that a pause before it can never end in a second send.
FENCE = """
UPDATE outbound_sendattempt AS attempt SET
  state = %(target)s, dispatched_at = clock_timestamp()
FROM outbound_outboxentry AS entry, outbound_lane AS lane
WHERE attempt.id = ANY(%(attempts)s::bigint[]) AND attempt.state = %(source)s
  AND entry.id = attempt.entry_id AND lane.conversation_id = entry.conversation_id
  AND lane.claim_token = attempt.token
  AND lane.claimed_until > clock_timestamp() + make_interval(secs => %(budget)s)
RETURNING attempt.id
"""
