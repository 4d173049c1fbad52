"""Items → rows, set-based: a few statements for a whole batch, whatever its size.

Every step takes the batch, does its part for all items at once and leaves what the next step
needs. The organisation's counter is the last lock.
"""

from __future__ import annotations

from collections.abc import Callable

from messaging import carrying, timeline
from messaging.apply import (
    amendments,
    channels,
    conversations,
    effects,
    identities,
    known,
    lines,
    media,
    messages,
    notices,
    persons,
    statuses,
)
from messaging.apply.batch import Batch, Work
from messaging.apply.dead import bury
from messaging.failpoints import failpoint
from messaging.models import Connection

__all__ = ["apply", "bury"]


def apply(
    connection: Connection, works: list[Work], *, write: Callable[[Batch], None] = lines.insert
) -> None:
    """Apply the items inside the caller's transaction; repeated items change nothing.

    `write` puts the batch's lines into the ledger.
    """
    if not works:
        return
    batch = Batch(connection, works)
    _find_places(batch)
    batch.lock_conversations()
    failpoint("apply.locked")
    _write_rows(batch)
    batch.touched |= batch.affected
    write(batch)
    failpoint("apply.lines")
    timeline.publish(batch.conversations[pk] for pk in sorted(batch.touched))


def _find_places(batch: Batch) -> None:
    """Whose the items are and where they belong; people and conversations that are new."""
    channels.resolve(batch)
    failpoint("apply.channels")
    known.drop_known(batch)
    failpoint("apply.known")
    notices.insert(batch)
    failpoint("apply.notices")
    identities.resolve(batch)
    failpoint("apply.identities")
    persons.change(batch)
    failpoint("apply.persons")
    effects.carry_out(batch)
    failpoint("apply.effects")
    conversations.resolve(batch)
    failpoint("apply.conversations")
    statuses.match(batch)
    amendments.match(batch)
    failpoint("apply.matched")


def _write_rows(batch: Batch) -> None:
    """What the items say, into conversations that are locked."""
    carrying.carry_over(batch.merges, batch.conversations)
    messages.insert(batch)
    failpoint("apply.messages")
    known.fill(batch)
    media.insert(batch)
    failpoint("apply.media")
    amendments.insert(batch)
    failpoint("apply.amendments")
    statuses.insert(batch)
    failpoint("apply.statuses")
