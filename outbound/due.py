"""What is due, before anything is locked: how many lanes of each channel, live and bulk."""

from __future__ import annotations

from collections.abc import Collection

from messaging.sql import execute
from outbound.limits.sharing import Demand


def demands(*, most: int, without: Collection[int] = ()) -> list[Demand]:
    """Channels with lanes that are due, each counted up to `most`; in no order.

    Touches one index entry for each channel that has anything planned, and those that count.
    """
    rows = execute(DEMANDS, {"most": most, "without": list(without)})
    return [
        Demand(
            channel_id=channel_id,
            organization_id=organization_id,
            throughput=throughput,
            has_pairs=has_pairs,
            is_spent=is_spent,
            live=live,
            bulk=bulk,
        )
        for channel_id, organization_id, throughput, has_pairs, is_spent, live, bulk in rows
    ]


# Hops from channel to channel along lane_channel_due, so ten thousand due lanes of one cost no
# more than those that are counted.
DEMANDS = """
WITH RECURSIVE planned AS (
  (SELECT channel_id FROM outbound_lane WHERE due_at IS NOT NULL ORDER BY channel_id LIMIT 1)
  UNION ALL
  SELECT (
    SELECT lane.channel_id FROM outbound_lane AS lane
    WHERE lane.due_at IS NOT NULL AND lane.channel_id > planned.channel_id
    ORDER BY lane.channel_id LIMIT 1
  )
  FROM planned WHERE planned.channel_id IS NOT NULL
)
SELECT channel.id, channel.organization_id, channel.throughput, connection.kind <> 'waha',
  EXISTS (
    SELECT 1 FROM outbound_quota AS quota
    WHERE quota.organization_id = channel.organization_id AND quota.used >= quota."limit"
      AND quota.period_start
        >= date_trunc(quota.period, statement_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
  ),
  live.count::int, bulk.count::int
FROM planned
JOIN messaging_channel AS channel ON channel.id = planned.channel_id
JOIN messaging_connection AS connection ON connection.id = channel.connection_id
CROSS JOIN LATERAL (
  SELECT count(*) FROM (
    SELECT 1 FROM outbound_lane AS lane
    WHERE lane.channel_id = channel.id AND lane.urgency = 0
      AND lane.due_at <= statement_timestamp() LIMIT %(most)s
  ) AS found
) AS live
CROSS JOIN LATERAL (
  SELECT count(*) FROM (
    SELECT 1 FROM outbound_lane AS lane
    WHERE lane.channel_id = channel.id AND lane.urgency = 1
      AND lane.due_at <= statement_timestamp() LIMIT %(most)s
  ) AS found
) AS bulk
WHERE live.count + bulk.count > 0 AND channel.id <> ALL(%(without)s::bigint[])
ORDER BY random()
"""
