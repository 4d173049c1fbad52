"""What an organisation may send in a day or a month (UTC), counted to the message.

The count is a row that changes in the transaction that writes the attempts, so no crash, no
flushed Redis and no number of processes can make it wrong: an attempt that may leave has been
counted, one that did not leave is given back (docs/decisions/0011-limits.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from messaging.sql import execute
from outbound.models import QuotaPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A period as it stands now; `limit` None is no limit."""

    period: str
    limit: int | None
    used: int
    resets_at: datetime

    @property
    def remaining(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def is_spent(self) -> bool:
        """Nothing leaves until `resets_at`, or until the limit is raised."""
        return self.remaining == 0


def take(counts: Mapping[int, int]) -> dict[int, int]:
    """Count so many messages for each organisation, as far as day and month allow.

    Locks the organisations' rows until the caller's transaction ends: after lanes.
    """
    wanted = {pk: count for pk, count in counts.items() if count}
    if not wanted:
        return {}
    granted = _take(wanted)
    unknown = {pk: count for pk, count in wanted.items() if pk not in granted}
    if unknown:
        execute(OPEN, {"organizations": sorted(unknown), "periods": QuotaPeriod.values})
        granted |= _take(unknown)
    return granted


def give_back(attempt_pks: Sequence[int]) -> None:
    """Uncount attempts that did not leave, in the period in which they were counted."""
    if attempt_pks:
        execute(GIVE_BACK, [list(attempt_pks)])


def usage(organization_id: int) -> dict[str, Usage]:
    """Both periods of an organisation."""
    rows = execute(USAGE, {"organization": organization_id, "periods": QuotaPeriod.values})
    return {
        period: Usage(period=period, limit=limit, used=used, resets_at=resets_at)
        for period, limit, used, resets_at in rows
    }


def resets_at(organization_ids: Sequence[int]) -> dict[int, datetime]:
    """When organisations whose quota is spent may send again: after the longest spent period."""
    rows = execute(RESETS, [list(organization_ids)])
    return dict(rows)


def set_limit(organization_id: int, *, period: str, limit: int | None) -> None:
    """Change a limit; what waited for it is tried again at once."""
    execute(OPEN, {"organizations": [organization_id], "periods": QuotaPeriod.values})
    execute(SET, {"organization": organization_id, "period": period, "limit": limit})
    execute(WAKE_LANES, [organization_id])
    execute(WAKE_ENTRIES, [organization_id])


def _take(counts: Mapping[int, int]) -> dict[int, int]:
    rows = execute(TAKE, {"organizations": list(counts), "counts": list(counts.values())})
    return dict(rows)


# The beginning of a period by the clock in UTC, whatever the session's time zone is.
START = "date_trunc({period}, clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'"
OF_QUOTA = START.format(period="quota.period")
END = (
    f"(GREATEST(quota.period_start, {OF_QUOTA}) AT TIME ZONE 'UTC'"
    " + ('1 ' || quota.period)::interval) AT TIME ZONE 'UTC'"
)

OPEN = f"""
INSERT INTO outbound_quota (organization_id, period, "limit", used, period_start)
SELECT organization.id, period, NULL, 0, {START.format(period="period")}
FROM messaging_organization AS organization, unnest(%(periods)s::text[]) AS period
WHERE organization.id = ANY(%(organizations)s::bigint[]) ORDER BY organization.id, period
ON CONFLICT DO NOTHING
"""  # noqa: S608 - put together from constants

TAKE = f"""
WITH held AS (
  SELECT quota.*, asked.count
  FROM outbound_quota AS quota
  JOIN unnest(%(organizations)s::bigint[], %(counts)s::int[])
    AS asked(organization_id, count) USING (organization_id)
  ORDER BY quota.organization_id, quota.period FOR UPDATE OF quota
), begun AS MATERIALIZED (
  SELECT held.*, {START.format(period="period")} AS begins FROM held
), standing AS MATERIALIZED (
  SELECT id, organization_id, count, "limit",
    CASE WHEN period_start < begins THEN 0 ELSE used END AS used,
    GREATEST(period_start, begins) AS period_start
  FROM begun
), granted AS MATERIALIZED (
  SELECT organization_id, LEAST(
    min(count), min(GREATEST("limit" - used, 0)) FILTER (WHERE "limit" IS NOT NULL)
  )::int AS count
  FROM standing GROUP BY organization_id
), written AS (
  UPDATE outbound_quota AS quota SET
    used = standing.used + granted.count, period_start = standing.period_start
  FROM standing JOIN granted USING (organization_id)
  WHERE quota.id = standing.id
)
SELECT organization_id, count FROM granted
"""  # noqa: S608 - put together from constants

# What was claimed past its deadline, to be given up, has never been counted.
GIVE_BACK = """
WITH unsent AS (
  SELECT entry.organization_id, attempt.started_at
  FROM outbound_sendattempt AS attempt
  JOIN outbound_outboxentry AS entry ON entry.id = attempt.entry_id
  WHERE attempt.id = ANY(%s::bigint[])
    AND (entry.deadline_at IS NULL OR entry.deadline_at > attempt.started_at)
), held AS (
  SELECT id, organization_id, period_start FROM outbound_quota
  WHERE organization_id IN (SELECT organization_id FROM unsent)
  ORDER BY organization_id, period FOR UPDATE
), counted AS (
  SELECT held.id, count(*) AS count FROM held
  JOIN unsent ON unsent.organization_id = held.organization_id
    AND unsent.started_at >= held.period_start
  GROUP BY held.id
)
UPDATE outbound_quota AS quota SET used = GREATEST(0, quota.used - counted.count)
FROM counted WHERE quota.id = counted.id
"""

USAGE = f"""
SELECT period.name, quota."limit",
  CASE WHEN quota.period_start >= {START.format(period="period.name")} THEN quota.used ELSE 0 END,
  ({START.format(period="period.name")} AT TIME ZONE 'UTC' + ('1 ' || period.name)::interval)
    AT TIME ZONE 'UTC'
FROM unnest(%(periods)s::text[]) AS period(name)
LEFT JOIN outbound_quota AS quota
  ON quota.organization_id = %(organization)s AND quota.period = period.name
"""  # noqa: S608 - put together from constants

RESETS = f"""
SELECT organization_id, max({END}) FROM outbound_quota AS quota
WHERE organization_id = ANY(%s::bigint[])
  AND quota.used >= quota."limit" AND quota.period_start >= {OF_QUOTA}
GROUP BY organization_id
"""  # noqa: S608 - put together from constants

SET = """
UPDATE outbound_quota SET "limit" = %(limit)s
WHERE organization_id = %(organization)s AND period = %(period)s
"""

# Lanes before entries, as everywhere; a claimed lane finds its entry when it is given back.
WAKE_LANES = """
WITH waiting AS (
  SELECT lane.conversation_id FROM outbound_lane AS lane
  WHERE lane.due_at IS NOT NULL AND lane.conversation_id IN (
    SELECT conversation_id FROM outbound_outboxentry
    WHERE organization_id = %s AND waits_for = 'quota_exceeded' AND finished_at IS NULL
  )
  ORDER BY lane.conversation_id FOR UPDATE
)
UPDATE outbound_lane AS lane SET due_at = statement_timestamp()
FROM waiting WHERE lane.conversation_id = waiting.conversation_id AND lane.claimed_until IS NULL
"""

WAKE_ENTRIES = """
UPDATE outbound_outboxentry SET due_at = statement_timestamp()
WHERE organization_id = %s AND waits_for = 'quota_exceeded' AND finished_at IS NULL
  AND due_at > statement_timestamp()
"""
