"""Claimed lanes and their heads: the statements that take what is next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from messaging.sql import execute
from outbound import lanes, protocol
from outbound.limits.rates import PAIR_BURST, PAIR_SECONDS
from outbound.protocol import EntryState


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedLane:
    """A lane in our hands. `pair_free_at` is set where its pair has sent too much already."""

    conversation_id: int
    token: int
    organization_id: int
    channel_id: int
    pair_free_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is next in a lane. `is_over`: its deadline has passed, so it leaves no more."""

    conversation_id: int
    entry_id: int
    message_id: int
    channel_id: int
    ready_at: datetime
    attempts: int
    throttles: int
    state: str
    waits_for: str
    is_over: bool
    is_due: bool

    @property
    def is_hold(self) -> bool:
        """It waited for evidence, in vain."""
        return self.state == EntryState.CONFIRMING


def claim_lanes(counts: Mapping[int, int], *, paired: frozenset[int]) -> list[ClaimedLane]:
    """Claim so many due lanes of each channel: live before bulk, the longest due first.

    Lanes are skipped while somebody else holds them. One message of each pair is counted.
    """
    rows = execute(
        CLAIM,
        {
            "channels": list(counts),
            "counts": list(counts.values()),
            "paired": [channel_id in paired for channel_id in counts],
            "seconds": protocol.CLAIM_SECONDS,
            "pair": PAIR_SECONDS,
            "ahead": PAIR_SECONDS * (PAIR_BURST - 1),
        },
    )
    rows.sort(key=lambda row: row[-2:])
    return [
        ClaimedLane(
            conversation_id=conversation_id,
            token=token,
            organization_id=organization_id,
            channel_id=channel_id,
            pair_free_at=pair_free_at,
        )
        for conversation_id, token, organization_id, channel_id, pair_free_at, *_ in rows
    ]


def heads_of(claimed: Sequence[ClaimedLane]) -> list[Head]:
    """The head of each lane that has one, in the order of the lanes."""
    conversation_ids = [lane.conversation_id for lane in claimed]
    found = {row[0]: row for row in execute(HEADS, [conversation_ids])}
    names = Head.__slots__
    return [
        Head(**dict(zip(names, found[pk], strict=True))) for pk in conversation_ids if pk in found
    ]


def uncount_pairs(conversation_ids: Sequence[int]) -> None:
    """Take back what `claim_lanes` counted, for pairs to whom nothing leaves."""
    if conversation_ids:
        execute(UNCOUNT, [PAIR_SECONDS, list(conversation_ids)])


def use_up_pairs(conversation_ids: Sequence[int]) -> None:
    """The provider says that a pair has had too much: no burst is left, one may leave now."""
    execute(
        USE_UP,
        {"conversations": sorted(conversation_ids), "ahead": PAIR_SECONDS * (PAIR_BURST - 1)},
    )


# The pair's bucket is a time on the lane, which the claim changes anyway: what it may still send
# is the distance to it.
CLAIM = """
WITH wanted AS (
  SELECT * FROM unnest(%(channels)s::bigint[], %(counts)s::bigint[], %(paired)s::boolean[])
    AS wanted(channel_id, count, is_paired)
), live AS MATERIALIZED (
  SELECT lane.*, wanted.is_paired FROM wanted CROSS JOIN LATERAL (
    SELECT conversation_id, channel_id, urgency, due_at, pair_at FROM outbound_lane
    WHERE channel_id = wanted.channel_id AND urgency = 0 AND due_at <= statement_timestamp()
    ORDER BY due_at LIMIT wanted.count FOR UPDATE SKIP LOCKED
  ) AS lane
), bulk AS MATERIALIZED (
  SELECT lane.*, wanted.is_paired FROM wanted CROSS JOIN LATERAL (
    SELECT conversation_id, channel_id, urgency, due_at, pair_at FROM outbound_lane
    WHERE channel_id = wanted.channel_id AND urgency = 1 AND due_at <= statement_timestamp()
    ORDER BY due_at
    LIMIT wanted.count - (SELECT count(*) FROM live WHERE live.channel_id = wanted.channel_id)
    FOR UPDATE SKIP LOCKED
  ) AS lane
), due AS (
  SELECT *, CASE WHEN is_paired
      AND pair_at > statement_timestamp() + make_interval(secs => %(ahead)s)
    THEN pair_at - make_interval(secs => %(ahead)s) END AS pair_free_at
  FROM (SELECT * FROM live UNION ALL SELECT * FROM bulk) AS chosen
)
UPDATE outbound_lane AS lane SET
  claim_token = nextval('outbound_claim_token'),
  claimed_until = statement_timestamp() + make_interval(secs => %(seconds)s),
  due_at = statement_timestamp() + make_interval(secs => %(seconds)s),
  pair_at = CASE WHEN due.is_paired AND due.pair_free_at IS NULL
    THEN GREATEST(due.pair_at, statement_timestamp()) + make_interval(secs => %(pair)s)
    ELSE due.pair_at END
FROM due WHERE lane.conversation_id = due.conversation_id
RETURNING lane.conversation_id, lane.claim_token, lane.organization_id, lane.channel_id,
  due.pair_free_at, due.urgency, due.due_at
"""

# The columns stand in the order of `Head`.
HEADS = f"""
SELECT DISTINCT ON (entry.conversation_id)
  entry.conversation_id, entry.id, entry.message_id, entry.channel_id, entry.ready_at,
  entry.attempt_count, entry.throttle_count, entry.state, entry.waits_for,
  COALESCE(entry.deadline_at <= statement_timestamp(), FALSE),
  entry.due_at <= statement_timestamp()
FROM outbound_outboxentry AS entry
WHERE entry.conversation_id = ANY(%s::bigint[])
  AND entry.finished_at IS NULL AND entry.ready_at <= statement_timestamp()
  AND {lanes.PASSES}
ORDER BY entry.conversation_id, {lanes.HEAD_ORDER}
"""  # noqa: S608 - put together from constants

UNCOUNT = """
UPDATE outbound_lane SET pair_at = pair_at - make_interval(secs => %s)
WHERE conversation_id = ANY(%s::bigint[])
"""

USE_UP = """
WITH held AS (
  SELECT conversation_id FROM outbound_lane
  WHERE conversation_id = ANY(%(conversations)s::bigint[])
  ORDER BY conversation_id FOR UPDATE
)
UPDATE outbound_lane AS lane SET
  pair_at = GREATEST(lane.pair_at, clock_timestamp() + make_interval(secs => %(ahead)s))
FROM held WHERE lane.conversation_id = held.conversation_id
"""
