"""Items that could not be applied: kept, with what went wrong, for a person."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from messaging.apply.batch import Line, Work
from messaging.apply.lines import write
from messaging.events import DeadLettersAdded, announce
from messaging.items import Ignored, InboundMessage, Item, Malformed, Notice, StatusUpdate
from messaging.models import Connection, Outcome
from messaging.sql import as_json, execute


@dataclass(frozen=True, slots=True)
class Letter:
    """An item that is given up, and why."""

    work: Work
    code: str
    reason: str
    stack: str = ""


def bury(connection: Connection, work: Work, error: Exception) -> None:
    """Turn one poison item into a dead letter, so that its neighbours can pass."""
    reason = f"{type(error).__name__} while it was applied"
    kind, key = _name(work.item)
    with transaction.atomic():
        stack = "".join(traceback.format_tb(error.__traceback__))
        add_dead_letters(connection, [Letter(work, type(error).__name__, reason, stack)])
        write([Line(work, Outcome.DEAD, kind, key=key, reason=reason)])


def _name(item: Item) -> tuple[str, str]:
    if isinstance(item, InboundMessage):
        return "echo" if item.echo else item.kind, item.provider_id
    if isinstance(item, StatusUpdate):
        return "status", item.provider_id
    if isinstance(item, Notice):
        return "notice", ""
    assert isinstance(item, Ignored | Malformed)  # noqa: S101 - nothing else is an item
    return item.kind, ""


def add_dead_letters(connection: Connection, letters: list[Letter]) -> None:
    """Keep items for a person; one that dies again counts another attempt.

    The payload stays in the delivery's raw body, which is never changed.
    """
    if not letters:
        return
    rows = execute(INSERT, [connection.organization_id, as_json([_row(each) for each in letters])])
    announce(
        DeadLettersAdded(
            organization_id=connection.organization_id,
            dead_letter_ids=tuple(letter_id for (letter_id,) in rows),
        )
    )


def _row(letter: Letter) -> dict[str, Any]:
    return {
        "event": letter.work.event_id,
        "position": letter.work.position,
        "code": letter.code[:60],
        "reason": letter.reason,
        "stack": letter.stack,
    }


INSERT = """
INSERT INTO messaging_deadletter AS letter (organization_id, source, event_id, position,
  code, reason, stack, attempts, first_at, last_at, state)
SELECT %s, 'inbound', row.event, row.position, row.code, row.reason, row.stack, 1, now(), now(),
  'failed'
FROM jsonb_to_recordset(%s::jsonb) AS row(
  event bigint, position int, code text, reason text, stack text
)
ON CONFLICT (event_id, position) WHERE event_id IS NOT NULL DO UPDATE SET
  code = excluded.code, reason = excluded.reason, stack = excluded.stack,
  attempts = letter.attempts + 1, last_at = now(), state = 'failed'
RETURNING id
"""
