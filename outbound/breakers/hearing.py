"""Counting what answers tell of numbers, accounts and hosts; opening a breaker is one statement.

An answer that can be read makes up for one failure, so a breaker opens where failures outnumber
answers. Lost access opens its connection's at once: no message can leave before somebody acts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from messaging.events import announce
from messaging.providers.answers import Answer, Failure
from messaging.sql import execute
from outbound.breakers import board, scopes
from outbound.departures import Departure
from outbound.error_codes import ErrorClass, class_of
from outbound.events import BreakersOpened

logger = logging.getLogger(__name__)

CUT_OFF = frozenset({Failure.INTERRUPTED, Failure.UNREADABLE})
# The token itself is refused, which a probe can see. Of a missing permission it may see nothing,
# so that is looked at less often.
TOKEN_CODES = frozenset({0, 102, 104, 190})
PERMISSION_FACTOR = 10


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What a batch of answers says of one scope; `trip` is the code that opens it at once."""

    channel_id: int | None = None
    connection_id: int | None = None
    failures: int = 0
    reason: str = ""
    trip: int | None = None


def heard(deliveries: Iterable[tuple[Departure, Answer]]) -> None:
    """Take note of answers. Never raises for the database's sake: the next batch counts too."""
    tallies = _tally(deliveries)
    known = set()
    try:
        known = set(board.now())
        bad = {scope: t for scope, t in tallies.items() if t.failures > 0 or t.trip is not None}
        good = {s: t for s, t in tallies.items() if t.failures < 0 and s in known and s not in bad}
        if bad:
            _tell(_fail(bad))
        if good:
            execute(FORGIVE, [sorted(good), [-good[scope].failures for scope in sorted(good)]])
    except (DatabaseError, InterfaceError):
        logger.warning("breakers do not hear", extra={"count": len(tallies)})


def _tally(deliveries: Iterable[tuple[Departure, Answer]]) -> dict[str, _Tally]:
    tallies: dict[str, _Tally] = {}
    for departure, answer in deliveries:
        for scope, told in _what(departure, answer):
            tally = tallies.setdefault(scope, told)
            if tally is not told:
                tally.failures += told.failures
                tally.reason = told.reason or tally.reason
                tally.trip = told.trip if tally.trip is None else tally.trip
    return tallies


def _what(departure: Departure, answer: Answer) -> Iterator[tuple[str, _Tally]]:
    """What one answer says, by scope."""
    channel_id, sender = departure.claim.channel_id, departure.sender
    if answer.failure is Failure.NOT_STARTED:
        return
    if answer.failure is Failure.NOT_CONNECTED:
        yield scopes.of_host(sender), _Tally(failures=1, reason=answer.failure.value)
        return
    yield scopes.of_host(sender), _Tally(failures=-1)
    error_class = None if answer.code is None else class_of(answer.code)
    is_fault = answer.failure in CUT_OFF or error_class is ErrorClass.BUSY
    reason = answer.failure.value if answer.failure else str(answer.code or "")
    yield (
        scopes.of_channel(channel_id),
        _Tally(
            channel_id=channel_id, failures=1 if is_fault else -1, reason=reason if is_fault else ""
        ),
    )
    if error_class is ErrorClass.ACCESS:
        yield (
            scopes.of_connection(sender.pk),
            _Tally(connection_id=sender.pk, reason=reason, trip=answer.code),
        )


def _fail(tallies: dict[str, _Tally]) -> list[tuple[str, str]]:
    """Count failures; scope and reason of the breakers that opened."""
    names = sorted(tallies)
    rows = [tallies[name] for name in names]
    wait = settings.BREAKER_OPEN_SECONDS
    opened = execute(
        FAIL,
        {
            "scopes": names,
            "channels": [row.channel_id for row in rows],
            "connections": [row.connection_id for row in rows],
            "failures": [max(row.failures, 0) for row in rows],
            "reasons": [row.reason for row in rows],
            "trips": [row.trip is not None for row in rows],
            "waits": [
                wait if row.trip is None or row.trip in TOKEN_CODES else wait * PERMISSION_FACTOR
                for row in rows
            ],
            "most": settings.BREAKER_FAILURES,
            "window": settings.BREAKER_WINDOW_SECONDS,
        },
    )
    return [(scope, reason) for scope, reason, is_new in opened if is_new]


def _tell(opened: list[tuple[str, str]]) -> None:
    for scope, reason in opened:
        logger.warning("breaker opened", extra={"scope": scope, "code": reason})
    if opened:
        board.forget()
        announce(BreakersOpened(count=len(opened)))


_COUNT = """(CASE WHEN breaker.window_started_at
    > statement_timestamp() - make_interval(secs => %(window)s)
  THEN breaker.failures ELSE 0 END + excluded.failures)"""
_OPENS = f"""(breaker.state = 'closed'
  AND (excluded.state = 'open' OR {_COUNT} >= %(most)s))"""

FAIL = f"""
INSERT INTO outbound_breaker AS breaker (scope, channel_id, connection_id, state, reason_code,
  failures, window_started_at, opened_at, retry_at)
SELECT row.scope, row.channel_id, row.connection_id,
  CASE WHEN row.trips OR row.failures >= %(most)s THEN 'open' ELSE 'closed' END, row.reason,
  row.failures, statement_timestamp(),
  CASE WHEN row.trips OR row.failures >= %(most)s THEN statement_timestamp() END,
  statement_timestamp() + make_interval(secs => row.wait)
FROM unnest(
  %(scopes)s::text[], %(channels)s::bigint[], %(connections)s::bigint[], %(failures)s::int[],
  %(reasons)s::text[], %(trips)s::bool[], %(waits)s::float8[]
) AS row(scope, channel_id, connection_id, failures, reason, trips, wait)
ORDER BY row.scope
ON CONFLICT (scope) DO UPDATE SET
  state = CASE WHEN {_OPENS} THEN 'open' ELSE breaker.state END,
  opened_at = CASE WHEN {_OPENS} THEN statement_timestamp() ELSE breaker.opened_at END,
  retry_at = CASE WHEN {_OPENS} THEN excluded.retry_at ELSE breaker.retry_at END,
  reason_code = CASE WHEN {_OPENS} OR breaker.state = 'closed'
    THEN excluded.reason_code ELSE breaker.reason_code END,
  failures = {_COUNT},
  window_started_at = CASE WHEN breaker.window_started_at
      > statement_timestamp() - make_interval(secs => %(window)s)
    THEN breaker.window_started_at ELSE statement_timestamp() END
RETURNING scope, reason_code, state = 'open' AND opened_at = statement_timestamp()
"""  # noqa: S608 - put together from constants

FORGIVE = """
UPDATE outbound_breaker AS breaker SET failures = GREATEST(breaker.failures - row.count, 0)
FROM unnest(%s::text[], %s::int[]) AS row(scope, count)
WHERE breaker.scope = row.scope AND breaker.state = 'closed' AND breaker.failures > 0
"""
