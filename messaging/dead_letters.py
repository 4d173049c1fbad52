"""The list of work that could not be done: tried again by itself, then by a person's decision.

A retry processes the whole delivery through today's code (`repeating.py`), so it may run twice,
at once or after a crash: what was applied is found applied. A claim moves `due_at` ahead, so a
retry that dies is taken up by the next round.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from messaging import downloads
from messaging.apply import bury, lines
from messaging.apply.batch import Work
from messaging.apply.dead import Letter, add_dead_letters
from messaging.apply.lines import Place
from messaging.drain import PASSING_ERRORS, blame, decode, halve, take_lane
from messaging.failpoints import failpoint
from messaging.items import Malformed
from messaging.models import (
    Connection,
    DeadLetter,
    DeadLetterSource,
    DeadLetterState,
    Outcome,
    User,
)
from messaging.repeating import close, place, read_events, repeat
from messaging.sql import execute

logger = logging.getLogger(__name__)

BATCH = 200
CLAIM_SECONDS = 60
RETRY_SECONDS = 5.0
OPEN = (DeadLetterState.FAILED, DeadLetterState.RETRYING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What narrows the list; "" and None do not. `channel` is a channel's id."""

    source: str = ""
    channel: int | None = None
    code: str = ""
    state: str = ""
    organization: str = ""
    reason: str = ""
    failed_before: datetime | None = None


def matching(rows: QuerySet[DeadLetter], filters: Filters) -> QuerySet[DeadLetter]:
    """Those of `rows` that fit; `organization` is a slug, `reason` a part of the reason.

    `failed_before` is of the last failure.
    """
    if filters.failed_before is not None:
        rows = rows.filter(last_at__lt=filters.failed_before)
    wanted = {
        "source": filters.source,
        "channel_id": filters.channel,
        "code": filters.code,
        "state": filters.state,
        "organization__slug": filters.organization,
        "reason__icontains": filters.reason,
    }
    return rows.filter(**{name: value for name, value in wanted.items() if value not in {"", None}})


def retry(ids: Iterable[int], *, seconds: float = RETRY_SECONDS) -> int:
    """Try again what is open among `ids`; how many.

    Works for `seconds`, then leaves the rest to the sweeper: they are due at once.
    """
    wanted = list(ids)
    marked: dict[str, list[int]] = {}
    for letter_id, source in execute(MARK, [wanted, list(RETRIES)]):
        marked.setdefault(source, []).append(letter_id)
    logger.info("dead letters redriven", extra={"count": sum(map(len, marked.values()))})
    for source, letter_ids in marked.items():
        RETRIES[source](letter_ids, seconds)
    return sum(map(len, marked.values()))


def discard(ids: Iterable[int], *, by: User | None, reason: str = "") -> int:
    """Close what is open among `ids` for good; how many. The deliveries stay as they came."""
    wanted, by_pk = list(ids), by.pk if by else None
    count = len(execute(DISCARD, [by_pk, reason, wanted, list(DISCARDS)]))
    for source, close_letters in DISCARDS.items():
        theirs = DeadLetter.objects.filter(pk__in=wanted, source=source, state__in=OPEN)
        count += close_letters(list(theirs.values_list("pk", flat=True)), by=by, reason=reason)
    logger.info("dead letters discarded", extra={"count": count, "by": by_pk})
    return count


def retry_due(*, seconds: float = RETRY_SECONDS) -> int:
    """Retry what is due among inbound dead letters, connection by connection; how many."""
    execute(ORPHANED)
    deadline = time.monotonic() + seconds
    due = [connection_id for (connection_id,) in execute(DUE_CONNECTIONS)]
    return sum(_retry_connection(each, deadline) for each in Connection.objects.filter(pk__in=due))


def _retry_inbound(_: Collection[int], seconds: float) -> None:
    """They are due by now, like those that wait for their turn; order counts among all."""
    retry_due(seconds=seconds)


def _retry_connection(connection: Connection, deadline: float) -> int:
    """One connection's turn; what is wrong with it must not stop the others'."""
    tried = 0
    try:
        while time.monotonic() < deadline and (done := _retry_batch(connection)):
            tried += done
    except PASSING_ERRORS as error:
        logger.warning("retry waits", extra={"connection": connection.pk, **blame(error)})
        database.close()
    return tried


def _retry_batch(connection: Connection) -> int:
    """The first letters that are due, with all their deliveries hold; 0 when none is."""
    with transaction.atomic():
        take_lane(connection.pk)
        letters = {
            (event, position): letter_id
            for letter_id, event, position in execute(
                CLAIM, {"connection": connection.pk, "most": BATCH, "seconds": CLAIM_SECONDS}
            )
        }
    failpoint("retry.claimed")
    if not letters:
        return 0
    everything = decode(connection, read_events({event for event, _ in letters}))
    works = _to_repeat(everything, letters)
    halve(works, partial(_repeat, connection), partial(_bury, connection, letters))
    failpoint("retry.repeated")
    with transaction.atomic():
        take_lane(connection.pk)
        _count_malformed(connection, everything, letters)
        close(everything)
    return len(letters)


def _to_repeat(works: list[Work], letters: Collection[Place]) -> list[Work]:
    """Everything but items that are dead and not among `letters`: discarded, or not asked for.

    Where a delivery holds another number of items today, their places tell nothing any more.
    """
    told = lines.read({work.event_id for work in works})
    before = Counter(event for event, _ in told)
    today = Counter(work.event_id for work in works)
    return [
        work
        for work in works
        if place(work) in letters
        or before[work.event_id] != today[work.event_id]
        or told[place(work)].outcome != Outcome.DEAD
    ]


def _repeat(connection: Connection, works: list[Work]) -> None:
    with transaction.atomic():
        take_lane(connection.pk)
        repeat(connection, works)
        failpoint("retry.half")


def _bury(connection: Connection, letters: Collection[Place], work: Work, error: Exception) -> None:
    """Another failed attempt; an item that is done stays so, whatever today's code thinks."""
    with transaction.atomic():
        take_lane(connection.pk)
        line = lines.read([work.event_id]).get(place(work))
        if line is None or (line.outcome == Outcome.DEAD and place(work) in letters):
            bury(connection, work, error)


def _count_malformed(
    connection: Connection, works: Iterable[Work], letters: Collection[Place]
) -> None:
    """What the decoder still cannot read has failed again."""
    add_dead_letters(
        connection,
        [
            Letter(work, "malformed", work.item.reason)
            for work in works
            if place(work) in letters and isinstance(work.item, Malformed)
        ],
    )


class Discard(Protocol):
    """Closes open letters of one source, and what they stand for; how many."""

    def __call__(self, letter_ids: Collection[int], *, by: User | None, reason: str) -> int: ...


# What more there is to close, by source. Filled by the apps above, like RETRIES.
DISCARDS: dict[str, Discard] = {}
# How to try again, by source. Gets letters that are marked `retrying`, and how long it may take.
RETRIES: dict[str, Callable[[Collection[int], float], None]] = {
    DeadLetterSource.INBOUND: _retry_inbound,
    DeadLetterSource.MEDIA: downloads.retry_letters,
}

MARK = """
UPDATE messaging_deadletter SET state = 'retrying', due_at = now()
WHERE id = ANY(%s) AND source = ANY(%s) AND state IN ('failed', 'retrying')
RETURNING id, source
"""
DISCARD = """
UPDATE messaging_deadletter
SET state = 'discarded', due_at = NULL, closed_at = now(), closed_by_id = %s, closed_reason = %s
WHERE id = ANY(%s) AND source <> ALL(%s) AND state IN ('failed', 'retrying')
RETURNING id
"""
ORPHANED = """
UPDATE messaging_deadletter AS letter
SET state = 'failed', due_at = NULL, reason = 'the delivery is not kept any more'
WHERE letter.state = 'retrying' AND letter.source = 'inbound' AND letter.due_at <= now()
  AND NOT EXISTS (
    SELECT FROM messaging_inboundevent AS event
    WHERE event.id = letter.event_id AND event.pruned_at IS NULL
  )
"""
# A delivery that the drain has not finished yet is the drain's.
DUE_CONNECTIONS = """
SELECT DISTINCT event.connection_id
FROM messaging_deadletter AS letter
JOIN messaging_inboundevent AS event ON event.id = letter.event_id
WHERE letter.state = 'retrying' AND letter.source = 'inbound' AND letter.due_at <= now()
  AND event.state = 'finished' AND event.pruned_at IS NULL
ORDER BY event.connection_id
"""
CLAIM = """
UPDATE messaging_deadletter AS claimed SET due_at = now() + make_interval(secs => %(seconds)s)
FROM (
  SELECT letter.id
  FROM messaging_deadletter AS letter
  JOIN messaging_inboundevent AS event ON event.id = letter.event_id
  WHERE letter.state = 'retrying' AND letter.source = 'inbound' AND letter.due_at <= now()
    AND event.state = 'finished' AND event.pruned_at IS NULL
    AND event.connection_id = %(connection)s
  ORDER BY letter.event_id, letter.position LIMIT %(most)s
) AS due
WHERE claimed.id = due.id
RETURNING claimed.id, claimed.event_id, claimed.position
"""
