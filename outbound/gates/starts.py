"""The portfolio's messaging limit: so many different people outside the window in 24 hours.

Source: Cloud API, "Messaging limits": 250, 2,000, 10,000, 100,000 or unlimited.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from messaging import windows
from messaging.sql import execute
from outbound.gates.refusal import Refusal
from outbound.places import Place

CODE = "messaging_limit"
# First keys of advisory locks: this one counts people of a connection.
LOCK_CLASS = 7210
LEAST_WAIT_SECONDS = 60.0
TIER = re.compile(r"^(?:TIER_)?(\d+)(K?)$")


def waiting(places: Sequence[Place]) -> dict[int, Refusal]:
    """Templates to people outside the window, once as many as allowed were written to.

    Who may be written to is counted here, before it is known whether the message leaves.
    """
    by_connection: dict[int, list[Place]] = defaultdict(list)
    now = timezone.now()
    for place in places:
        is_open = windows.is_open(place.window_expires_at, now=now)
        if limit_of(place.messaging_limit) is not None and not is_open:
            by_connection[place.connection_id].append(place)
    found: dict[int, Refusal] = {}
    for connection_id in sorted(by_connection):
        found |= _admit(connection_id, by_connection[connection_id])
    return found


def limit_of(words: str) -> int | None:
    """People a day that the provider's word for the limit means; None where it sets none."""
    match = TIER.match(words.upper())
    if match is None:
        return None
    return int(match[1]) * (1000 if match[2] else 1)


def _admit(connection_id: int, places: Sequence[Place]) -> dict[int, Refusal]:
    """Refusals for whom there is no room; who was written to in this time needs none."""
    limit = min(limit_of(place.messaging_limit) or 0 for place in places)
    params = {
        "connection": connection_id,
        "contacts": list(dict.fromkeys(place.contact_id for place in places)),
        "limit": limit,
    }
    with transaction.atomic():
        execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, connection_id])
        admitted = {contact_id for (contact_id,) in execute(ADMIT, params)}
    refused = [place for place in places if place.contact_id not in admitted]
    if not refused:
        return {}
    [(seconds,)] = execute(ROOM, {"connection": connection_id})
    refusal = Refusal(code=CODE, waits=True, seconds=max(LEAST_WAIT_SECONDS, seconds))
    return {place.claim.entry_id: refusal for place in refused}


# A connection stands for its portfolio: what others send through it is not known to us.
ADMIT = """
WITH recent AS (
  SELECT contact_id FROM outbound_start
  WHERE connection_id = %(connection)s AND at > statement_timestamp() - interval '24 hours'
), fresh AS (
  SELECT wanted.contact_id
  FROM unnest(%(contacts)s::bigint[]) WITH ORDINALITY AS wanted(contact_id, number)
  WHERE wanted.contact_id NOT IN (SELECT contact_id FROM recent)
  ORDER BY wanted.number
  LIMIT GREATEST(0, %(limit)s::bigint - (SELECT count(*) FROM recent))
), started AS (
  INSERT INTO outbound_start (connection_id, contact_id, at)
  SELECT %(connection)s, contact_id, statement_timestamp() FROM fresh
  ON CONFLICT (connection_id, contact_id) DO UPDATE SET at = excluded.at
  RETURNING contact_id
)
SELECT contact_id FROM started
UNION SELECT contact_id FROM recent WHERE contact_id = ANY(%(contacts)s::bigint[])
"""

ROOM = """
SELECT COALESCE(EXTRACT(epoch FROM min(at) + interval '24 hours' - statement_timestamp()), 0)
  ::float8
FROM outbound_start
WHERE connection_id = %(connection)s AND at > statement_timestamp() - interval '24 hours'
"""
