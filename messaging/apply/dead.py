"""Items that could not be applied: kept, with what went wrong, for a person."""

from __future__ import annotations

import traceback

from django.db import transaction

from messaging.apply.batch import Line, Work
from messaging.apply.lines import write
from messaging.events import DeadLettersAdded, announce
from messaging.items import Ignored, InboundMessage, Item, Malformed, Notice, StatusUpdate
from messaging.models import Connection, Outcome
from messaging.sql import execute


def bury(connection: Connection, work: Work, error: Exception) -> None:
    """Turn one poison item into a dead letter, so that its neighbours can pass."""
    reason = f"{type(error).__name__} while it was applied"
    kind, key = _name(work.item)
    with transaction.atomic():
        stack = "".join(traceback.format_tb(error.__traceback__))
        add_dead_letter(connection, work, code=type(error).__name__, reason=reason, stack=stack)
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


def add_dead_letter(
    connection: Connection, work: Work, *, code: str, reason: str, stack: str = ""
) -> None:
    """Keep the item for a person; one that dies again counts another attempt.

    The payload stays in the delivery's raw body, which is never changed.
    """
    rows = execute(
        """
        INSERT INTO messaging_deadletter AS letter (organization_id, source, event_id, position,
          code, reason, stack, attempts, first_at, last_at, state)
        VALUES (%s, 'inbound', %s, %s, %s, %s, %s, 1, now(), now(), 'failed')
        ON CONFLICT (event_id, position) WHERE event_id IS NOT NULL DO UPDATE SET
          code = excluded.code, reason = excluded.reason, stack = excluded.stack,
          attempts = letter.attempts + 1, last_at = now(), state = 'failed'
        RETURNING id
        """,
        [
            connection.organization_id,
            work.event_id,
            work.position,
            code[:60],
            reason,
            stack,
        ],
    )
    announce(
        DeadLettersAdded(
            organization_id=connection.organization_id,
            dead_letter_ids=tuple(letter_id for (letter_id,) in rows),
        )
    )
