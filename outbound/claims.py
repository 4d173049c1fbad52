"""Claiming due lanes and fencing attempts: what must be committed before a byte leaves."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from messaging.failpoints import failpoint
from messaging.sql import execute
from outbound import heads, lanes, plans, protocol, waits
from outbound.heads import ClaimedLane
from outbound.limits import quotas
from outbound.limits.rates import Slot
from outbound.limits.sharing import Room
from outbound.plans import Plan
from outbound.protocol import AttemptState, EntryState
from outbound.retry import Tries
from outbound.sorting import Sorting, Turn, sort


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lane's head in our hands. `attempt_pk` is None where its hold has ended instead.

    Without a `slot` it must not leave.
    """

    conversation_id: int
    token: int
    entry_id: int
    message_id: int
    channel_id: int
    ready_at: datetime
    tries: Tries
    organization_id: int
    slot: Slot | None = None
    attempt_pk: int | None = None
    attempt_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What one claim found: entries to send, holds that ended, and how many lanes it looked at.

    `rests`: channels that are full, and for how many seconds they need not be looked at.
    """

    claims: Sequence[Claim] = ()
    ended_holds: Sequence[Claim] = ()
    lane_count: int = 0
    rests: Mapping[int, float] = field(default_factory=dict)


def claim(
    *,
    limit: int,
    most: int | None = None,
    under_way: Mapping[int, int] | None = None,
    resting: Collection[int] = (),
) -> Claimed:
    """Claim up to `limit` due lanes and write an attempt for each head that may be sent.

    Places to send in come first, so that what has none waits without an attempt. Lanes are
    skipped while somebody else holds them, entries never: that would break their order. Lanes
    with nothing to do go back at once. With what is `under_way` for it, no organisation gets
    above `most`; channels in `resting` are left alone.
    """
    room = Room(count=limit, most=most, under_way=under_way or {})
    planned = plans.plan(room, resting=resting)
    if not planned.counts:
        return Claimed(rests=planned.rests)
    with transaction.atomic():
        held = heads.claim_lanes(planned.counts, paired=planned.paired)
        sorting = _sort(held, planned) if held else Sorting()
        claims = _write_intents(sorting.leaving)
        waits.hold(sorting.waiting)
        _put_back(sorting)
        failpoint("claims.claiming")
    failpoint("claims.claimed")
    planned.places.give_back()
    waits.tell({wait.message_id: wait.code for wait in sorting.waiting})
    return Claimed(
        claims=claims,
        ended_holds=[_claim_of(turn) for turn in sorting.ended_holds],
        lane_count=len(held),
        rests=planned.rests,
    )


def fence(claims: Sequence[Claim]) -> tuple[set[int], float]:
    """Make attempts `dispatching`, the last write before the request.

    Returns the attempts (by primary key) that may go out, and the monotonic time by which each
    must have begun. Whoever was paused for so long that the claim no longer covers one send
    gets nothing, and must not send.
    """
    failpoint("claims.fence")
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
    failpoint("claims.fenced")
    return {attempt_pk for (attempt_pk,) in rows}, started + protocol.START_SECONDS


def new_attempt_id() -> UUID:
    """A UUID of version 7: milliseconds, then chance, so that indexes grow at one end."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def _sort(held: Sequence[ClaimedLane], planned: Plan) -> Sorting:
    """Settle what others left in these lanes, and say what becomes of each head."""
    _settle_abandoned([lane.conversation_id for lane in held])
    due = [head for head in heads.heads_of(held) if head.is_due]
    return sort(held, due, planned)


def _put_back(sorting: Sorting) -> None:
    """Give lanes back to whose heads nothing happens now, and uncount their pairs."""
    back = sorting.put_back
    if back:
        lanes.advance([lane.conversation_id for lane in back], [lane.token for lane in back])
    heads.uncount_pairs([lane.conversation_id for lane in sorting.uncounted])


def _settle_abandoned(conversation_ids: list[int]) -> None:
    """Close what a claim that ran out has left: nothing was sent, or nobody knows.

    An `intent` is tried again. A `dispatching` attempt may have left, so its entry holds the
    lane and goes to a person after HOLD_SECONDS from its dispatch.
    """
    if conversation_ids:
        settled = execute(
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
        quotas.give_back([pk for pk, state in settled if state == AttemptState.NOT_SENT])
        if settled:
            failpoint("claims.settled")


def _write_intents(leaving: Sequence[Turn]) -> list[Claim]:
    if not leaving:
        return []
    attempt_ids = [new_attempt_id() for _ in leaving]
    rows = execute(
        INTENTS,
        {
            "entries": [turn.head.entry_id for turn in leaving],
            "channels": [turn.head.channel_id for turn in leaving],
            "attempt_ids": attempt_ids,
            "tokens": [turn.lane.token for turn in leaving],
            "state": AttemptState.INTENT.value,
        },
    )
    # What is given up keeps it: it may say why better than that time is over.
    going = [turn.head for turn in leaving if turn.slot is not None]
    waits.release([head.entry_id for head in going if head.waits_for])
    attempt_pks = {entry_id: attempt_pk for attempt_pk, entry_id in rows}
    return [
        replace(_claim_of(turn), attempt_pk=attempt_pks[turn.head.entry_id], attempt_id=attempt_id)
        for turn, attempt_id in zip(leaving, attempt_ids, strict=True)
    ]


def _claim_of(turn: Turn) -> Claim:
    head = turn.head
    return Claim(
        conversation_id=head.conversation_id,
        token=turn.lane.token,
        entry_id=head.entry_id,
        message_id=head.message_id,
        channel_id=head.channel_id,
        ready_at=head.ready_at,
        tries=Tries(attempts=head.attempts, throttles=head.throttles),
        organization_id=turn.lane.organization_id,
        slot=turn.slot,
    )


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
  RETURNING attempt.id, attempt.entry_id, attempt.state, attempt.dispatched_at
)
UPDATE outbound_outboxentry AS entry SET
  attempt_count = entry.attempt_count + 1,
  state = CASE settled.state WHEN %(unknown)s THEN %(confirming)s ELSE entry.state END,
  due_at = CASE settled.state
    WHEN %(unknown)s THEN settled.dispatched_at + make_interval(secs => %(hold)s)
    ELSE statement_timestamp() END
FROM settled WHERE entry.id = settled.entry_id
RETURNING settled.id, settled.state
"""

INTENTS = """
INSERT INTO outbound_sendattempt (entry_id, channel_id, attempt_id, token, state)
SELECT row.entry_id, row.channel_id, row.attempt_id, row.token, %(state)s
FROM unnest(
  %(entries)s::bigint[], %(channels)s::bigint[], %(attempt_ids)s::uuid[], %(tokens)s::bigint[]
) AS row(entry_id, channel_id, attempt_id, token)
RETURNING id, entry_id
"""

# The claim is judged where the attempt is changed: by the lane's token and time, in one
# statement, so that a pause before it can never end in a second send. Nor may an entry leave
# that was settled meanwhile, by late evidence or by a person who took it back.
FENCE = """
UPDATE outbound_sendattempt AS attempt SET
  state = %(target)s, dispatched_at = clock_timestamp()
FROM outbound_outboxentry AS entry, outbound_lane AS lane
WHERE attempt.id = ANY(%(attempts)s::bigint[]) AND attempt.state = %(source)s
  AND entry.id = attempt.entry_id AND entry.finished_at IS NULL
  AND lane.conversation_id = entry.conversation_id
  AND lane.claim_token = attempt.token
  AND lane.claimed_until > clock_timestamp() + make_interval(secs => %(budget)s)
  AND NOT EXISTS (SELECT FROM outbound_quarantine WHERE released_at IS NULL)
RETURNING attempt.id
"""
