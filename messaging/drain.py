"""A connection's waiting deliveries → batches → rows; safe to repeat, kill and run twice.

One drain at a time works on a connection (its lane is a transaction-scoped advisory lock), so
its deliveries are applied in order. A batch and its ledger lines are one transaction. If a
batch cannot be applied, it is split until the poison item stands alone and becomes a dead
letter, while its neighbours pass.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import InterfaceError, OperationalError, ProgrammingError, transaction

from messaging.apply import apply, bury
from messaging.apply.batch import Work
from messaging.failpoints import failpoint
from messaging.items import Item, Malformed
from messaging.metrics import drain_seconds, jobs_total
from messaging.models import Connection
from messaging.providers import PROVIDERS
from messaging.sql import execute

logger = logging.getLogger(__name__)

BATCH_EVENTS = 500
BATCH_BYTES = 8 * 1024 * 1024  # bodies; a delivery alone may be 4 MB
LANE_CLASS = 7201  # first key of the advisory locks that are lanes

# The fault of the database or of a half-finished deploy, not of an item: nothing is buried for
# it, the deliveries wait until it is mended.
PASSING_ERRORS = (OperationalError, InterfaceError, ProgrammingError)


@dataclass(frozen=True, slots=True)
class Event:
    """A claimed delivery."""

    id: int
    body: bytes
    received_at: datetime


def drain_batch(connection: Connection) -> int:
    """Apply the oldest waiting deliveries; how many were finished, 0 when none waits.

    Raises PASSING_ERRORS: nothing is lost, call again.
    """
    started = time.perf_counter()
    try:
        finished = _drain_together(connection)
    except PASSING_ERRORS as error:
        if not is_too_much(error):
            raise
        finished = _drain_one_by_one(connection)
    except Exception as error:
        # Whatever it was, one item must not hold up its neighbours.
        logger.warning("batch split", extra={"connection": connection.pk, **blame(error)})
        finished = _drain_one_by_one(connection)
    if finished:
        drain_seconds.observe(time.perf_counter() - started)
        jobs_total.labels("finished").inc(finished)
    return finished


def _drain_together(connection: Connection) -> int:
    with transaction.atomic():
        take_lane(connection.pk)
        events = _claim(connection.pk)
        if events:
            failpoint("drain.claimed")
            works = decode(connection, events)
            failpoint("drain.decoded")
            finish([event.id for event in events])
            apply(connection, works)
            failpoint("drain.applied")
    if events:
        failpoint("drain.committed")
    return len(events)


def _drain_one_by_one(connection: Connection) -> int:
    """Halve the items until each half passes or is a single dead one, then finish the events."""
    with transaction.atomic():
        take_lane(connection.pk)
        events = _claim(connection.pk)
        works = decode(connection, events)
    halve(works, partial(_apply_new, connection), partial(_bury_new, connection))
    failpoint("drain.halved")
    with transaction.atomic():
        finish([event.id for event in events])
    return len(events)


def _apply_new(connection: Connection, works: list[Work]) -> None:
    with transaction.atomic():
        take_lane(connection.pk)
        apply(connection, _not_in_ledger(works))
        failpoint("drain.half")


def _bury_new(connection: Connection, work: Work, error: Exception) -> None:
    """Another drain may have been faster: it counts as one attempt."""
    with transaction.atomic():
        take_lane(connection.pk)
        if _not_in_ledger([work]):
            bury(connection, work, error)
            failpoint("drain.buried")


def halve(
    works: list[Work],
    attempt: Callable[[list[Work]], None],
    give_up: Callable[[Work, Exception], None],
) -> None:
    """Try the items together; where that fails, each half alone, until what fails stands alone.

    `attempt` and `give_up` are transactions of their own
    (docs/decisions/0005-poison-by-separate-transactions.md). Raises PASSING_ERRORS.
    """
    halves = [works] if works else []
    while halves:
        half = halves.pop()
        try:
            attempt(half)
        except Exception as error:
            if isinstance(error, PASSING_ERRORS) and not is_too_much(error):
                raise
            if len(half) > 1:
                middle = len(half) // 2
                halves += [half[middle:], half[:middle]]
            else:
                give_up(half[0], error)


def is_too_much(error: BaseException) -> bool:
    """A limit of the database itself (class 54), which repeating does not lift but halving may."""
    return (getattr(error.__cause__, "sqlstate", None) or "").startswith("54")


def blame(error: BaseException) -> dict[str, str]:
    """What a log may say of an error: its kind and SQLSTATE, never its text, which quotes rows."""
    state = getattr(error.__cause__, "sqlstate", None)
    return {"error": type(error).__name__, "sqlstate": state or ""}


def take_lane(connection_id: int) -> None:
    """Hold the connection's lane until the transaction ends."""
    execute("SELECT pg_advisory_xact_lock(%s, %s)", [LANE_CLASS, connection_id])


def _claim(connection_id: int) -> list[Event]:
    rows = execute(
        """
        SELECT id, body, received_at FROM (
          SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS bytes_before
          FROM (
            SELECT id, body, received_at FROM messaging_inboundevent
            WHERE connection_id = %s AND state = 'pending' ORDER BY id LIMIT %s
          ) AS waiting
        ) AS sized
        WHERE bytes_before < %s ORDER BY id
        """,
        [connection_id, BATCH_EVENTS, BATCH_BYTES],
    )
    return [Event(*row) for row in rows]


def decode(connection: Connection, events: Iterable[Event]) -> list[Work]:
    """Every item of the events; an event whose decoding breaks is one dead item."""
    provider = PROVIDERS[connection.kind]
    works: list[Work] = []
    for event in events:
        items: list[Item]
        try:
            items = provider.decode(bytes(event.body), now=event.received_at.timestamp())
        except Exception as error:
            logger.warning("event not decoded", extra={"event": event.id, **blame(error)})
            items = [_undecodable(event, error)]
        works += [
            Work(event.id, event.received_at, position, item) for position, item in enumerate(items)
        ]
    return works


def _undecodable(event: Event, error: Exception) -> Malformed:
    """The payload names the body, so that another one is not taken for its repetition."""
    return Malformed(
        kind="unknown",
        reason=f"decoding broke: {type(error).__name__}",
        payload=hashlib.sha256(event.body).hexdigest(),
    )


def _not_in_ledger(works: list[Work]) -> list[Work]:
    known = set(
        execute(
            "SELECT event_id, position FROM messaging_inbounditem WHERE event_id = ANY(%s)",
            [list({work.event_id for work in works})],
        )
    )
    return [work for work in works if (work.event_id, work.position) not in known]


def finish(event_ids: list[int]) -> None:
    """Mark deliveries as done; their ledger lines are in the same transaction."""
    execute(
        """
        UPDATE messaging_inboundevent SET state = 'finished', finished_at = clock_timestamp()
        WHERE id = ANY(%s)
        """,
        [event_ids],
    )


def waiting_connections(*, older_than_seconds: float = 0) -> list[int]:
    """Connections with deliveries that wait, for longer than that."""
    rows = execute(
        """
        SELECT DISTINCT connection_id FROM messaging_inboundevent
        WHERE state = 'pending' AND received_at < now() - make_interval(secs => %s)
        """,
        [older_than_seconds],
    )
    return [connection_id for (connection_id,) in rows]
