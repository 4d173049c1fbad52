"""The same buckets in Postgres, for while Redis does not answer: one statement for a batch.

Rows are locked in the order of their channels, and the time is taken once they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from messaging.sql import execute
from outbound.limits import rates
from outbound.limits.rates import Ask, Grant, Unused

CONSTANTS = {
    "horizon": rates.HORIZON_SECONDS,
    "ahead": rates.MOST_PLACES_AHEAD,
    "recovery": rates.RECOVERY_A_SECOND,
    "most_paid": rates.MOST_PAID,
    "least": rates.LEAST_FACTOR,
    "cut": rates.CUT,
    "cut_pause": rates.CUT_PAUSE_SECONDS,
}


def take(asks: Sequence[Ask], *, not_before: float) -> list[Grant]:
    """Places for each channel, none of them within `not_before` seconds."""
    found = _take(asks, not_before)
    known = {grant.channel_id for grant in found}
    unknown = [ask for ask in asks if ask.channel_id not in known]
    if unknown:
        _open({ask.channel_id: ask.rate for ask in unknown})
        found += _take(unknown, not_before)
    return found


def give_back(unused: Sequence[Unused]) -> None:
    """Let others have places nobody uses, where no further ones were taken."""
    execute(
        RETURN,
        {
            "channels": [each.grant.channel_id for each in unused],
            "ends": [float(each.grant.end) for each in unused],
            "seconds": [each.seconds for each in unused],
            "paid": [each.paid for each in unused],
        },
    )


def hear(counts: Mapping[int, int]) -> None:
    """Deduct messages that came in; a channel without a bucket has nothing to deduct from."""
    params = {"channels": list(counts), "counts": list(counts.values())}
    execute(HEAR, CONSTANTS | params)


def cut(channel_ids: Sequence[int]) -> None:
    """Lower the rate of channels that the provider throttles."""
    _open(dict.fromkeys(channel_ids))
    execute(CUT, CONSTANTS | {"channels": list(channel_ids)})


def _take(asks: Sequence[Ask], not_before: float) -> list[Grant]:
    rows = execute(
        TAKE,
        CONSTANTS
        | {
            "channels": [ask.channel_id for ask in asks],
            "rates": [ask.rate for ask in asks],
            "counts": [ask.count for ask in asks],
            "not_before": not_before,
        },
    )
    return [
        Grant(
            channel_id=channel_id,
            count=count,
            wait_seconds=wait_seconds,
            owed=owed,
            rate=rate,
            end=repr(end),
        )
        for channel_id, count, wait_seconds, owed, rate, end in rows
    ]


def _open(rates_by_channel: Mapping[int, float | None]) -> None:
    params = {
        "channels": list(rates_by_channel),
        "rates": list(rates_by_channel.values()),
        "fresh": rates.FRESH_SECONDS,
    }
    execute(OPEN, params)


OPEN = """
INSERT INTO outbound_bucket (channel_id, next_at, owed, factor, factor_at, cut_at, rate)
SELECT channel.id, time.now + %(fresh)s + 1 / wanted.rate, 0, 1, time.now, 0, wanted.rate
FROM unnest(%(channels)s::bigint[], %(rates)s::float8[]) AS asked(channel_id, rate)
JOIN messaging_channel AS channel ON channel.id = asked.channel_id
CROSS JOIN LATERAL (
  SELECT COALESCE(asked.rate, GREATEST(1, channel.throughput))::float8
) AS wanted(rate)
CROSS JOIN LATERAL (SELECT EXTRACT(epoch FROM clock_timestamp())::float8) AS time(now)
ORDER BY channel.id
ON CONFLICT DO NOTHING
"""

TAKE = """
WITH held AS (
  SELECT bucket.channel_id, bucket.next_at, bucket.owed, bucket.factor, bucket.factor_at,
    asked.rate, asked.count
  FROM outbound_bucket AS bucket
  JOIN unnest(%(channels)s::bigint[], %(rates)s::float8[], %(counts)s::int[])
    AS asked(channel_id, rate, count) USING (channel_id)
  ORDER BY bucket.channel_id FOR UPDATE OF bucket
), timed AS MATERIALIZED (
  SELECT held.*, EXTRACT(epoch FROM clock_timestamp())::float8 AS now FROM held
), paced AS MATERIALIZED (
  SELECT channel_id, now, count, owed, rate AS full_rate,
    CASE WHEN next_at > now + 1 + %(ahead)s / rate THEN now + %(horizon)s + 1 / rate
      ELSE next_at END AS next_at,
    LEAST(1, factor + GREATEST(0, now - factor_at) * %(recovery)s) AS factor,
    rate * LEAST(1, factor + GREATEST(0, now - factor_at) * %(recovery)s) AS rate
  FROM timed
), settled AS MATERIALIZED (
  SELECT channel_id, now, count, factor, rate, full_rate,
    GREATEST(next_at, CASE WHEN %(not_before)s > 0 THEN now + %(not_before)s + 1 / full_rate
      ELSE now END) AS next_at,
    GREATEST(0, owed - GREATEST(0, now - next_at) * rate) AS owed
  FROM paced
), granted AS MATERIALIZED (
  SELECT settled.*, (
    SELECT count(*)::int FROM generate_series(0, count - 1) AS number
    WHERE next_at + (number + LEAST(owed, number * %(most_paid)s::int)) / rate
      <= now + %(horizon)s
  ) AS granted
  FROM settled
)
UPDATE outbound_bucket AS bucket SET
  next_at = granted.next_at
    + (granted.granted + LEAST(granted.owed, granted.granted * %(most_paid)s::int)) / granted.rate,
  owed = granted.owed - LEAST(granted.owed, granted.granted * %(most_paid)s::int),
  factor = granted.factor, factor_at = granted.now, rate = granted.full_rate
FROM granted WHERE bucket.channel_id = granted.channel_id
RETURNING bucket.channel_id, granted.granted, granted.next_at - granted.now, granted.owed,
  granted.rate, bucket.next_at
"""

# Three statements that change single rows, each by what stands in it when its turn has come.
LOCKED = """
WITH held AS (
  SELECT channel_id FROM outbound_bucket
  WHERE channel_id = ANY(%(channels)s::bigint[]) ORDER BY channel_id FOR UPDATE
), timed AS MATERIALIZED (
  SELECT channel_id, EXTRACT(epoch FROM clock_timestamp())::float8 AS now FROM held
)
"""

RETURN = f"""
{LOCKED}
UPDATE outbound_bucket AS bucket SET
  next_at = bucket.next_at - row.seconds, owed = bucket.owed + row.paid
FROM timed JOIN unnest(
  %(channels)s::bigint[], %(ends)s::float8[], %(seconds)s::float8[], %(paid)s::float8[]
) AS row(channel_id, finish, seconds, paid) USING (channel_id)
WHERE bucket.channel_id = timed.channel_id AND bucket.next_at = row.finish
"""  # noqa: S608 - put together from constants

HEAR = f"""
{LOCKED}
UPDATE outbound_bucket AS bucket SET
  next_at = GREATEST(bucket.next_at, timed.now),
  owed = LEAST(bucket.rate, row.count + GREATEST(
    0, bucket.owed - GREATEST(0, timed.now - bucket.next_at) * bucket.rate * bucket.factor
  ))
FROM timed JOIN unnest(%(channels)s::bigint[], %(counts)s::int[])
  AS row(channel_id, count) USING (channel_id)
WHERE bucket.channel_id = timed.channel_id
"""  # noqa: S608 - put together from constants

CUT = f"""
{LOCKED}
UPDATE outbound_bucket AS bucket SET
  factor = GREATEST(%(least)s, %(cut)s * LEAST(
    1, bucket.factor + GREATEST(0, timed.now - bucket.factor_at) * %(recovery)s
  )),
  factor_at = timed.now, cut_at = timed.now
FROM timed
WHERE bucket.channel_id = timed.channel_id
  AND (timed.now - bucket.cut_at >= %(cut_pause)s OR bucket.cut_at > timed.now)
"""  # noqa: S608 - put together from constants
