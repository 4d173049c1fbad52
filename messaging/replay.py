"""Stored deliveries through today's code: the same rows, plus what the code of then missed.

Connection by connection, in order, in batches; each step of a batch is a transaction that holds
the connection's lane, so deliveries that come in meanwhile are applied between two of them. Safe
to stop and to run again: what was done is found done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Exists, Func, IntegerField, OuterRef, QuerySet

from messaging.apply import bury, lines
from messaging.apply.batch import Work
from messaging.drain import BATCH_BYTES, BATCH_EVENTS, Event, blame, decode, halve, take_lane
from messaging.failpoints import failpoint
from messaging.inbound import patiently
from messaging.models import Connection, EventState, InboundEvent, InboundItem
from messaging.refreshing import ChangedMessage, refresh
from messaging.repeating import (
    AddedMessage,
    Effects,
    LineChange,
    close,
    place,
    read_events,
    repeat,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which deliveries; what is not given does not narrow it. Times are of receipt.

    `reason` is a part of a line's reason, `outcome` a line's outcome.
    """

    event_ids: tuple[int, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    slug: str = ""
    reason: str = ""
    outcome: str = ""


@dataclass(slots=True, kw_only=True)
class Report:
    """What a replay did, or would do: ids and names of fields, never what is in them."""

    is_dry_run: bool
    deliveries: int = 0
    items: int = 0
    pruned: int = 0
    added: list[AddedMessage] = field(default_factory=list)
    changed: list[ChangedMessage] = field(default_factory=list)
    lines: list[LineChange] = field(default_factory=list)

    @property
    def changes_nothing(self) -> bool:
        """Whether today's code finds everything as it is."""
        return not (self.added or self.changed or self.lines)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "changes_nothing": self.changes_nothing}

    def add(self, effects: Effects) -> None:
        """Count what repeating did."""
        self.added += effects.added
        self.lines += effects.lines


def replay(selection: Selection, *, is_dry_run: bool = False) -> Report:
    """Process finished deliveries again; with `is_dry_run` nothing of it stays.

    Deliveries whose bodies are pruned are only counted. Raises the database's errors that did
    not pass in time; what was done until then stays.
    """
    report = Report(is_dry_run=is_dry_run)
    rows = _selected(selection)
    report.pruned = rows.filter(pruned_at__isnull=False).count()
    rows = rows.filter(pruned_at__isnull=True)
    newest = rows.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        return report
    rows = rows.filter(pk__lte=newest)
    for connection in _connections(selection):
        for events in _batches(rows.filter(connection=connection)):
            _replay_batch(connection, events, report)
    return report


def _connections(selection: Selection) -> QuerySet[Connection]:
    rows = Connection.objects.order_by("pk")
    return rows.filter(slug=selection.slug) if selection.slug else rows


def _selected(selection: Selection) -> QuerySet[InboundEvent]:
    rows = InboundEvent.objects.filter(state=EventState.FINISHED)
    if selection.event_ids:
        rows = rows.filter(pk__in=selection.event_ids)
    if selection.since:
        rows = rows.filter(received_at__gte=selection.since)
    if selection.until:
        rows = rows.filter(received_at__lt=selection.until)
    if selection.slug:
        rows = rows.filter(connection__slug=selection.slug)
    if selection.reason or selection.outcome:
        told = InboundItem.objects.filter(event=OuterRef("pk"))
        if selection.outcome:
            told = told.filter(outcome=selection.outcome)
        if selection.reason:
            told = told.filter(reason__icontains=selection.reason)
        rows = rows.filter(Exists(told))
    return rows


def _batches(rows: QuerySet[InboundEvent]) -> Iterator[list[Event]]:
    """Deliveries in order, a batch at a time, within the drain's bounds."""
    size = Func("body", function="octet_length", output_field=IntegerField())
    sized = rows.order_by("pk").annotate(size_bytes=size).values_list("pk", "size_bytes")
    last = 0
    while found := list(sized.filter(pk__gt=last)[:BATCH_EVENTS]):
        ids: list[int] = []
        total_bytes = 0
        for pk, size_bytes in found:
            ids.append(pk)
            total_bytes += size_bytes
            if total_bytes >= BATCH_BYTES:
                break
        last = ids[-1]
        yield read_events(ids)


def _replay_batch(connection: Connection, events: list[Event], report: Report) -> None:
    works = decode(connection, events)
    report.deliveries += len(events)
    report.items += len(works)
    run = partial(_run, connection, is_dry_run=report.is_dry_run)
    report.changed += run(lambda: refresh(connection, works))
    failpoint("replay.refreshed")
    halve(
        works,
        lambda half: report.add(run(lambda: repeat(connection, half))),
        lambda work, error: report.add(run(lambda: _give_up(connection, work, error))),
    )
    failpoint("replay.repeated")
    report.add(run(lambda: close(works)))


def _run(connection: Connection, call: Callable[[], T], *, is_dry_run: bool) -> T:
    """One transaction under the connection's lane; errors that pass are waited for."""

    def attempt(_: Connection) -> T:
        with transaction.atomic():
            take_lane(connection.pk)
            done = call()
            if is_dry_run:
                transaction.set_rollback(True)
        return done

    return patiently(connection, attempt)


def _give_up(connection: Connection, work: Work, error: Exception) -> Effects:
    """What was dead or done stays so; only an item without a line becomes a dead letter."""
    effects = Effects()
    logger.warning("item not repeated", extra={"event": work.event_id, **blame(error)})
    if place(work) not in lines.read([work.event_id]):
        bury(connection, work, error)
        effects.lines.append(
            LineChange(
                event=work.event_id, position=work.position, kind="", before=None, after="dead"
            )
        )
    return effects
