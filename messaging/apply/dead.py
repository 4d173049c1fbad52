"""Items that could not be applied: kept with what went wrong, tried again, then for a person."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from django.db import DatabaseError, transaction

from messaging.apply.batch import Line, Work
from messaging.apply.lines import write
from messaging.events import DeadLettersAdded, announce
from messaging.items import (
    Amendment,
    Ignored,
    InboundMessage,
    Item,
    Malformed,
    Notice,
    StatusUpdate,
)
from messaging.models import Connection, DeadLetterState, Outcome
from messaging.providers.values import clean
from messaging.sql import as_json, execute


@dataclass(frozen=True, slots=True)
class Letter:
    """An item that could not be applied, and why; what is malformed is given up at once."""

    work: Work
    code: str
    reason: str
    stack: str = ""

    @property
    def is_final(self) -> bool:
        """Whether trying again is of no use before the code is another."""
        return isinstance(self.work.item, Malformed)


def bury(connection: Connection, work: Work, error: Exception) -> None:
    """Turn one poison item into a dead letter, so that its neighbours can pass."""
    code = type(error).__name__
    reason = f"{code} while it was applied"
    stack = "".join(traceback.format_tb(error.__traceback__))
    kind, key = name(work.item)
    with transaction.atomic():
        add_dead_letters(connection, [Letter(work, code, reason, stack)])
        write([Line(work, Outcome.DEAD, kind, key=key, reason=reason)])


def name(item: Item) -> tuple[str, str]:
    """The kind and the provider's id that an item's line in the ledger tells."""
    if isinstance(item, InboundMessage):
        return "echo" if item.echo else item.kind, item.provider_id
    if isinstance(item, Amendment):
        return item.kind, item.provider_id
    if isinstance(item, StatusUpdate):
        return "status", item.provider_id
    if isinstance(item, Notice):
        return "notice", ""
    assert isinstance(item, Ignored | Malformed)  # noqa: S101 - nothing else is an item
    return item.kind, ""


def add_dead_letters(connection: Connection, letters: list[Letter]) -> None:
    """Keep items that could not be applied; one that dies again counts another attempt.

    `retrying` by PROCESSING_RETRY_DELAYS, `failed` after PROCESSING_MAX_ATTEMPTS or at once
    where trying is of no use; only then somebody is told. What was discarded stays so. A payload
    that Postgres refuses is left out: the delivery's raw body has it.
    """
    if not letters:
        return
    try:
        with transaction.atomic():
            rows = _store(connection, letters, with_payload=True)
    except (DatabaseError, RecursionError):
        rows = _store(connection, letters, with_payload=False)
    failed = tuple(letter_id for letter_id, state in rows if state == DeadLetterState.FAILED)
    if failed:
        organization_id = connection.organization_id
        announce(DeadLettersAdded(organization_id=organization_id, dead_letter_ids=failed))


def _store(
    connection: Connection, letters: list[Letter], *, with_payload: bool
) -> list[tuple[Any, ...]]:
    delays = [float(seconds) for seconds in settings.PROCESSING_RETRY_DELAYS] or [0.0]
    return execute(
        INSERT,
        {
            "organization": connection.organization_id,
            "connection": connection.pk,
            "most": settings.PROCESSING_MAX_ATTEMPTS,
            "delays": delays,
            "count": len(delays),
            "rows": as_json([_row(each, with_payload=with_payload) for each in letters]),
        },
    )


def _row(letter: Letter, *, with_payload: bool) -> dict[str, Any]:
    item = letter.work.item
    return {
        "event": letter.work.event_id,
        "position": letter.work.position,
        "channel": getattr(item, "channel", ""),
        "code": letter.code[:60],
        "reason": letter.reason,
        "stack": letter.stack,
        "payload": _payload(item) if with_payload else None,
        "is_final": letter.is_final,
    }


def _payload(item: Item) -> Any:
    """The item as JSON, or the value that could not be understood."""
    value = item.payload if isinstance(item, Malformed) else item
    return clean(msgspec.to_builtins(value))


INSERT = """
INSERT INTO messaging_deadletter AS letter (organization_id, source, event_id, position,
  channel_id, code, reason, stack, payload, attempts, first_at, last_at, state, due_at)
SELECT %(organization)s, 'inbound', row.event, row.position, channel.id, row.code, row.reason,
  row.stack, row.payload, 1, now(), now(),
  CASE WHEN row.is_final OR %(most)s <= 1 THEN 'failed' ELSE 'retrying' END,
  CASE WHEN NOT row.is_final AND %(most)s > 1
    THEN now() + make_interval(secs => (%(delays)s::float8[])[1]) END
FROM jsonb_to_recordset(%(rows)s::jsonb) AS row(
  event bigint, position int, channel text, code text, reason text, stack text, payload jsonb,
  is_final boolean
)
LEFT JOIN messaging_channel AS channel
  ON channel.connection_id = %(connection)s AND channel.external_id = row.channel
ON CONFLICT (event_id, position) WHERE event_id IS NOT NULL DO UPDATE SET
  code = excluded.code, reason = excluded.reason, stack = excluded.stack,
  payload = coalesce(excluded.payload, letter.payload),
  channel_id = coalesce(excluded.channel_id, letter.channel_id),
  attempts = letter.attempts + 1, last_at = now(),
  state = CASE WHEN letter.state = 'discarded' THEN 'discarded'
    WHEN excluded.state = 'failed' OR letter.attempts + 1 >= %(most)s THEN 'failed'
    ELSE 'retrying' END,
  due_at = CASE WHEN letter.state <> 'discarded' AND excluded.state = 'retrying'
      AND letter.attempts + 1 < %(most)s
    THEN now() + make_interval(
      secs => (%(delays)s::float8[])[least(letter.attempts + 1, %(count)s)]) END
RETURNING id, state
"""
