"""Half-open: one process asks the provider with a harmless GET, and no customer's message."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

from django.conf import settings
from django.db import connection as database

from messaging.events import announce
from messaging.models import Connection
from messaging.probing import Verdict, probe
from messaging.sql import execute
from outbound.breakers import board, closing, scopes
from outbound.events import BreakersClosed
from outbound.models import Breaker
from outbound.places import account_of

logger = logging.getLogger(__name__)

# Longer than a probe takes; a process that dies meanwhile is replaced after it.
PROBE_SECONDS = 30.0
TURN_SECONDS = 20.0


def probe_due(*, limit_seconds: float = TURN_SECONDS) -> int:
    """Probe open breakers whose time has come; how many were probed."""
    stop_at = time.monotonic() + limit_seconds
    count = 0
    while time.monotonic() < stop_at and (claimed := execute(CLAIM, [PROBE_SECONDS])):
        [(breaker_id, token)] = claimed
        board.forget()
        _settle(breaker_id, token, works=_works(Breaker.objects.get(pk=breaker_id)))
        count += 1
    return count


def probe_beside() -> int:
    """`probe_due` in a thread of its own, one a process; how many breakers are due."""
    [(due,)] = execute(COUNT_DUE)
    if due and not (_Beside.thread and _Beside.thread.is_alive()):
        _Beside.thread = threading.Thread(target=_probe_in_thread, name="breaker probe")
        _Beside.thread.start()
    return int(due)


def probe_connection(connection_id: int) -> int:
    """Probe what is open of one connection and its numbers now: its secrets have changed."""
    execute(HASTEN, {"connection": connection_id})
    return probe_due()


class _Beside:
    thread: ClassVar[threading.Thread | None] = None


def _probe_in_thread() -> None:
    try:
        probe_due()
    except Exception:  # the edge of a thread: the next round tries again
        logger.exception("probe broke")
    finally:
        database.close()


def _works(breaker: Breaker) -> bool:
    """Whether what the breaker guards answers; what nobody uses any more does no harm."""
    kind = scopes.kind_of(breaker.scope)
    if kind == "channel" and breaker.channel is not None:
        status = probe(breaker.channel.connection, breaker.channel).status
        return status is not None and status < 500
    if kind == "connection" and breaker.connection is not None:
        return probe(breaker.connection).is_good
    verdict = _ask_host(breaker.scope)
    return verdict is None or verdict.status is not None


def _ask_host(scope: str) -> Verdict | None:
    """What the host says to the first connection that uses it; None where none does."""
    user = next(connections_of(scope), None)
    return None if user is None else probe(user)


def connections_of(scope: str) -> Iterator[Connection]:
    """The active connections that use a host."""
    for each in Connection.objects.filter(is_active=True).order_by("pk"):
        account = account_of(each)
        if scopes.of_address(account.base_url if account else "", each.kind) == scope:
            yield each


def _settle(breaker_id: int, token: object, *, works: bool) -> None:
    claimed = {"id": breaker_id, "token": token}
    if works:
        rows = execute(CLOSE, claimed)
    else:
        rows = execute(REOPEN, claimed | {"wait": settings.BREAKER_OPEN_SECONDS})
    board.forget()
    for (scope,) in rows:
        logger.warning("breaker probed", extra={"scope": scope, "works": works})
        if works:
            closing.release()
            announce(BreakersClosed(count=1))


_DUE = "state IN ('open', 'half_open') AND override = '' AND retry_at <= statement_timestamp()"
COUNT_DUE = f"SELECT count(*) FROM outbound_breaker WHERE {_DUE}"  # noqa: S608 - a constant

CLAIM = f"""
UPDATE outbound_breaker AS breaker SET
  state = 'half_open', retry_at = clock_timestamp() + make_interval(secs => %s)
FROM (
  SELECT id FROM outbound_breaker WHERE {_DUE} ORDER BY retry_at LIMIT 1 FOR UPDATE SKIP LOCKED
) AS due
WHERE breaker.id = due.id
RETURNING breaker.id, breaker.retry_at
"""  # noqa: S608 - put together from constants

CLOSE = """
UPDATE outbound_breaker SET
  state = 'closed', failures = 0, window_started_at = NULL, opened_at = NULL, retry_at = NULL,
  reason_code = '', closed_at = clock_timestamp()
WHERE id = %(id)s AND state = 'half_open' AND retry_at = %(token)s
RETURNING scope
"""
REOPEN = """
UPDATE outbound_breaker SET
  state = 'open', retry_at = statement_timestamp() + make_interval(secs => %(wait)s)
WHERE id = %(id)s AND state = 'half_open' AND retry_at = %(token)s
RETURNING scope
"""
HASTEN = """
UPDATE outbound_breaker AS breaker SET retry_at = statement_timestamp()
WHERE breaker.state <> 'closed' AND (
  breaker.connection_id = %(connection)s
  OR breaker.channel_id IN (
    SELECT id FROM messaging_channel WHERE connection_id = %(connection)s
  )
)
"""
