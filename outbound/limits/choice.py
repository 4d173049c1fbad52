"""Which store counts permits: Redis while it answers, else Postgres; one for all processes.

Two stores at once would allow twice the limit, so the choice is a row. Whoever finds Redis
silent changes it for everybody; one process at a time tries whether Redis is back. After a
change the other store hands nothing out until places from the former one are in the past.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime

from messaging.sql import execute
from outbound.limits.rates import GRACE_SECONDS, HORIZON_SECONDS
from outbound.models import LimiterBackend

logger = logging.getLogger(__name__)

HANDOVER_SECONDS = GRACE_SECONDS + HORIZON_SECONDS
LONGEST_RETRY_SECONDS = 30.0
# Redis that was fine for so long is trusted again like a new one.
CALM_SECONDS = 60.0
RECENT_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The store of the moment; `may_retry`: Redis may be asked whether it is back."""

    backend: str
    since: datetime
    age_seconds: float
    may_retry: bool = False

    def still_stands(self) -> bool:
        """Whether nothing has changed in between."""
        return current().since == self.since

    @property
    def not_before(self) -> float:
        """Seconds within which nothing may be handed out."""
        return max(0.0, HANDOVER_SECONDS - self.age_seconds)


class _Seen:
    """What this process has told its log."""

    backend: str | None = None
    at: float = 0.0


def recent() -> str:
    """The store that counted a moment ago; for what may be a little wrong."""
    if _Seen.backend is None or time.monotonic() - _Seen.at > RECENT_SECONDS:
        return current().backend
    return _Seen.backend


def current() -> Choice:
    """The store that counts now."""
    rows = execute(READ)
    if not rows:
        execute(OPEN)
        rows = execute(READ)
    return _choice(rows)


def leave_redis() -> Choice:
    """Redis was silent: from now on everybody counts in Postgres."""
    execute(LEAVE, {"longest": LONGEST_RETRY_SECONDS, "calm": CALM_SECONDS})
    return current()


def claim_retry() -> bool:
    """Whether it is this process that tries Redis now."""
    return bool(execute(CLAIM_RETRY))


def return_to_redis() -> Choice:
    """Redis answers: from now on everybody counts there."""
    execute(RETURN)
    return current()


def _choice(rows: list[tuple[str, datetime, float, bool]]) -> Choice:
    [(backend, since, age_seconds, may_retry)] = rows
    if backend != (_Seen.backend or LimiterBackend.REDIS):
        logger.warning("limits are counted elsewhere", extra={"backend": backend})
    _Seen.backend, _Seen.at = backend, time.monotonic()
    return Choice(backend=backend, since=since, age_seconds=age_seconds, may_retry=may_retry)


READ = """
SELECT backend, since, EXTRACT(epoch FROM clock_timestamp() - since)::float8,
  backend = 'postgres' AND retry_at <= clock_timestamp()
FROM outbound_limiter WHERE id = 1
"""

OPEN = """
INSERT INTO outbound_limiter (id, backend, since, retry_at, retry_seconds)
VALUES (1, 'redis', clock_timestamp() - interval '1 hour', clock_timestamp(), 1)
ON CONFLICT DO NOTHING
"""

LEAVE = """
UPDATE outbound_limiter SET
  backend = 'postgres',
  retry_at = clock_timestamp() + make_interval(secs => pause.seconds),
  retry_seconds = LEAST(%(longest)s, 2 * pause.seconds),
  since = clock_timestamp()
FROM (
  SELECT CASE WHEN clock_timestamp() - since > make_interval(secs => %(calm)s) THEN 1
    ELSE retry_seconds END AS seconds
  FROM outbound_limiter WHERE id = 1
) AS pause
WHERE id = 1 AND backend = 'redis'
"""

CLAIM_RETRY = """
UPDATE outbound_limiter SET retry_at = clock_timestamp() + make_interval(secs => retry_seconds)
WHERE id = 1 AND backend = 'postgres' AND retry_at <= clock_timestamp() RETURNING 1
"""

RETURN = """
UPDATE outbound_limiter SET backend = 'redis', since = clock_timestamp()
WHERE id = 1 AND backend = 'postgres'
"""
