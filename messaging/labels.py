"""What figures call a number: its connection's slug, and which of its numbers it is.

A phone number or an id must not be a label, and one connection may have several numbers.
"""

from __future__ import annotations

from functools import lru_cache

from messaging.sql import execute


@lru_cache(maxsize=10_000)
def of_channel(channel_id: int) -> str:
    """`shop` for the first number of the connection `shop`, `shop-2` for its second; kept for as
    long as the process lives. Empty where there is no such channel.
    """
    rows = execute(LABEL, [channel_id])
    if not rows:
        return ""
    slug, place = rows[0]
    return f"{slug}-{place}" if place > 1 else str(slug)


LABEL = """
SELECT connection.slug, (
  SELECT count(*) FROM messaging_channel AS other
  WHERE other.connection_id = channel.connection_id AND other.id <= channel.id
)
FROM messaging_channel AS channel
JOIN messaging_connection AS connection ON connection.id = channel.connection_id
WHERE channel.id = %s
"""
