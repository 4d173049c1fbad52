"""After a restore nothing leaves until an operator says so.

In a backup, messages that left since look unsent. So before anything is claimed, a process makes
sure that this is the database it sent from; if not, it closes the gate for all of them, and
hands over to people what was open in the backup. See docs/decisions/0009-quarantine.md.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from messaging import outgoing
from messaging.sql import execute
from outbound import incarnations, lanes, protocol
from outbound.models import OutboxEntry, Quarantine
from outbound.protocol import AttemptState, By, EntryState

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.models import User

logger = logging.getLogger(__name__)

BATCH = 200
CODE = "restored"
# An operator's words: this is a backup that could not be recognised; or only a brake.
RESTORED = "operator_restored"
STOPPED = "operator_stopped"


def permits() -> bool:
    """Whether messages may leave; for the start of every turn, in a query or two."""
    identity, reason = incarnations.look()
    if reason:
        _close(reason, identity)
    else:
        incarnations.remember(identity)
    opened = list(open_ones())
    for quarantine in opened:
        hand_over(quarantine)
    return not opened


def open_ones() -> QuerySet[Quarantine]:
    """What keeps messages back now."""
    return Quarantine.objects.filter(released_at__isnull=True).order_by("pk")


def start(*, is_restored: bool) -> Quarantine:
    """Keep everything back from now on; as a restored backup, or as a brake that hands over
    nothing. Repeating it changes nothing.
    """
    reason = RESTORED if is_restored else STOPPED
    Quarantine.objects.bulk_create([Quarantine(reason=reason)], ignore_conflicts=True)
    quarantine = open_ones().get(reason=reason)
    hand_over(quarantine)
    return quarantine


def release(quarantine: Quarantine, *, by: User | None) -> None:
    """Let messages leave again; in the caller's transaction, after `hand_over`."""
    execute(RELEASE, [by.pk if by else None, quarantine.pk])


def hand_over(quarantine: Quarantine) -> int:
    """Give to people what was open in the backup and may have left since; how many messages.

    What is planned for later cannot have left, and what was written since the restore is whole:
    both wait for the release. Done in batches, by whoever looks, until nothing is left.
    """
    if quarantine.reason == STOPPED:
        return 0
    done = 0
    while batch := _open_in_the_backup(quarantine.since):
        _hand_over(batch)
        done += len(batch)
    if done:
        logger.warning("open messages handed over", extra={"count": done})
    return done


def _close(reason: str, identity: incarnations.Identity) -> None:
    """Shut the gate and take this database for known, so that each restore is told once."""
    with transaction.atomic():
        Quarantine.objects.bulk_create([Quarantine(reason=reason)], ignore_conflicts=True)
        incarnations.adopt(identity)
    logger.error("sending stopped: the database was restored", extra={"reason": reason})


def _open_in_the_backup(since: datetime) -> list[OutboxEntry]:
    rows = OutboxEntry.objects.filter(
        finished_at__isnull=True, created_at__lt=since, ready_at__lte=since
    )
    return list(rows.only("conversation_id", "message_id").order_by("conversation_id")[:BATCH])


def _hand_over(entries: Sequence[OutboxEntry]) -> None:
    """One transaction: locks conversations, then lanes, and the organisations' counters last."""
    conversations = sorted({entry.conversation_id for entry in entries})
    with transaction.atomic():
        outgoing.lock(conversations, [])
        lanes.lock(conversations)
        _move(ATTEMPTS, entries, protocol.ATTEMPT_TRANSITIONS, AttemptState.UNKNOWN)
        moved = _move(ENTRIES, entries, protocol.ENTRY_TRANSITIONS, EntryState.NEEDS_REVIEW)
        # No claim has the number 0: a lane that is claimed is advanced by its owner.
        lanes.advance(conversations, [0] * len(conversations))
        outgoing.record_results(
            [
                outgoing.SendResult(
                    message_id=entry.message_id,
                    status=EntryState.NEEDS_REVIEW.value,
                    error_code=CODE,
                )
                for entry in entries
                if entry.pk in moved
            ]
        )


def _move(
    sql: str,
    entries: Sequence[OutboxEntry],
    transitions: tuple[protocol.Transition, ...],
    target: str,
) -> set[int]:
    """Move what the protocol lets a restore move; the entries concerned."""
    sources, targets = protocol.pairs(transitions, by=By.RESTORE)
    allowed = [s for s, t in zip(sources, targets, strict=True) if t == target]
    rows = execute(
        sql,
        {
            "entries": [entry.pk for entry in entries],
            "sources": allowed,
            "target": str(target),
            "code": CODE,
        },
    )
    return {entry_id for (entry_id,) in rows}


ATTEMPTS = """
UPDATE outbound_sendattempt AS attempt SET
  state = %(target)s, error_code = %(code)s, finished_at = statement_timestamp(),
  dispatched_at = COALESCE(attempt.dispatched_at, attempt.started_at)
WHERE attempt.entry_id = ANY(%(entries)s::bigint[])
  AND attempt.state = ANY(%(sources)s::text[])
RETURNING attempt.entry_id
"""

ENTRIES = """
UPDATE outbound_outboxentry AS entry SET
  state = %(target)s, finished_at = statement_timestamp()
WHERE entry.id = ANY(%(entries)s::bigint[]) AND entry.state = ANY(%(sources)s::text[])
RETURNING entry.id
"""

RELEASE = """
UPDATE outbound_quarantine SET released_at = statement_timestamp(), released_by_id = %s
WHERE id = %s AND released_at IS NULL
"""
