"""Items → rows, set-based: a few statements for a whole batch, whatever its size.

Every step takes the batch, does its part for all items at once and leaves what the next step
needs. The organisation's counter is the last lock.
"""

from __future__ import annotations

from messaging import timeline
from messaging.apply import channels, conversations, identities, lines, messages, notices, statuses
from messaging.apply.batch import Batch, Work
from messaging.apply.dead import bury
from messaging.models import Connection

__all__ = ["apply", "bury"]


def apply(connection: Connection, works: list[Work]) -> None:
    """Apply the items inside the caller's transaction; repeated items change nothing."""
    if not works:
        return
    batch = Batch(connection, works)
    channels.resolve(batch)
    messages.drop_known(batch)
    identities.resolve(batch)
    conversations.resolve(batch)
    statuses.match(batch)
    batch.lock_conversations()
    messages.insert(batch)
    statuses.insert(batch)
    notices.insert(batch)
    lines.insert(batch)
    timeline.publish(batch.conversations[pk] for pk in sorted(batch.touched))
