"""Days that pass in the database: every stored time moves back by as much, and Redis forgets.

The processes' clocks stay as they are.
"""

from __future__ import annotations

import redis

from tests.reliability.house import Parts

TIMES_OF = """
SELECT table_name, string_agg(
  format('%I = %I - make_interval(hours => HOURS)', column_name, column_name), ', ')
FROM information_schema.columns
WHERE table_schema = 'public' AND is_generated = 'NEVER'
  AND (table_name LIKE 'messaging_%' OR table_name LIKE 'outbound_%')
  AND data_type = 'timestamp with time zone'
GROUP BY table_name
"""


def grow_old(house: Parts, *, hours: int) -> None:
    """Everything that is stored happened earlier; what was only remembered is forgotten."""
    for table, changes in house.rows(TIMES_OF.replace("HOURS", str(hours))):
        house.execute(f"UPDATE {table} SET {changes}")  # noqa: S608 - names of our own columns
    with redis.Redis.from_url(house.services.redis_url) as client:
        client.flushall()
