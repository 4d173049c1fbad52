"""Raw bodies that are old enough to go; what became of them stays for ever.

Lines of the ledger and every key that makes a repeated delivery a duplicate are rows of their
own, so a delivery that comes again after its body is gone still changes nothing.
"""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.db import transaction

from messaging.failpoints import failpoint
from messaging.metrics import bodies_pruned
from messaging.sql import execute

logger = logging.getLogger(__name__)

BATCH = 1000
PRUNE_SECONDS = 45.0


def prune_bodies(*, seconds: float = PRUNE_SECONDS) -> int:
    """Empty bodies and headers of deliveries past BODY_RETENTION_DAYS; how many.

    Works for `seconds`, a transaction a batch; the next run goes on. A delivery that is not
    finished, or with a dead letter that is open, keeps its body.
    """
    days = settings.BODY_RETENTION_DAYS
    deadline = time.monotonic() + seconds
    pruned = last = 0
    while days > 0 and time.monotonic() < deadline:
        with transaction.atomic():
            rows = execute(PRUNE, {"days": days, "after": last, "most": BATCH})
            failpoint("retention.pruned")
        if not rows:
            break
        pruned += len(rows)
        last = max(event_id for (event_id,) in rows)
    if pruned:
        bodies_pruned.inc(pruned)
        logger.info("bodies pruned", extra={"count": pruned, "days": days})
    return pruned


PRUNE = """
UPDATE messaging_inboundevent AS event SET body = '', headers = '{}', pruned_at = now()
FROM (
  SELECT id FROM messaging_inboundevent AS old
  WHERE received_at < now() - make_interval(days => %(days)s) AND id > %(after)s
    AND state = 'finished' AND pruned_at IS NULL
    AND NOT EXISTS (
      SELECT FROM messaging_deadletter AS letter
      WHERE letter.event_id = old.id AND letter.state IN ('failed', 'retrying')
    )
  ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) AS old
WHERE event.id = old.id
RETURNING event.id
"""
