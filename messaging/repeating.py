"""Finished deliveries through today's code once more: what retries and replays have in common.

Applying is idempotent, so everything of a delivery is applied again and only what is new takes
effect. The ledger keeps the lines of what was done, and is corrected where today's code reads
something else in a delivery.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from messaging.apply import apply, lines
from messaging.apply.batch import Batch, Work
from messaging.apply.lines import OldLine, Place
from messaging.drain import Event
from messaging.items import Malformed
from messaging.models import Connection, Outcome
from messaging.sql import execute


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedMessage:
    """A message that was not in the timeline."""

    event: int
    message: int
    channel: int
    provider_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """A line of the ledger that is told anew; None where there was none, or is none any more."""

    event: int
    position: int
    kind: str
    before: str | None
    after: str | None


@dataclass(slots=True)
class Effects:
    """What repeating did."""

    added: list[AddedMessage] = field(default_factory=list)
    lines: list[LineChange] = field(default_factory=list)


def read_events(event_ids: Iterable[int]) -> list[Event]:
    """Finished deliveries in order, without those whose bodies are pruned."""
    rows = execute(
        """
        SELECT id, body, received_at FROM messaging_inboundevent
        WHERE id = ANY(%s) AND state = 'finished' AND pruned_at IS NULL ORDER BY id
        """,
        [list(event_ids)],
    )
    return [Event(*row) for row in rows]


def repeat(connection: Connection, works: Collection[Work]) -> Effects:
    """Apply items again, inside the caller's transaction and lane.

    What is still malformed is left alone. Raises what applying raises.
    """
    effects = Effects()
    old = lines.read({work.event_id for work in works})
    sound = [work for work in works if not (is_malformed(work) and place(work) in old)]
    apply(connection, sound, write=partial(_correct, effects, old))
    return effects


def _correct(effects: Effects, old: Mapping[Place, OldLine], batch: Batch) -> None:
    """Write the lines that say something new, and remember what that is."""
    applied = _applied_keys(old)
    changed = [
        line
        for each in batch.lines
        if (line := lines.decided(old.get(place(each.work)), each, applied[each.work.event_id]))
    ]
    lines.rewrite(changed)
    for line in changed:
        before = old.get(place(line.work))
        effects.lines.append(
            LineChange(
                event=line.work.event_id,
                position=line.work.position,
                kind=line.kind,
                before=before.outcome.value if before else None,
                after=line.outcome.value,
            )
        )
    effects.added += [
        AddedMessage(
            event=message.work.event_id,
            message=message.id,
            channel=message.channel_id,
            provider_id=message.item.provider_id,
            kind=message.item.kind,
        )
        for message in batch.messages
    ]


def _applied_keys(old: Mapping[Place, OldLine]) -> Mapping[int, set[str]]:
    keys: dict[int, set[str]] = defaultdict(set)
    for (event_id, _), line in old.items():
        if line.outcome == Outcome.APPLIED and line.key:
            keys[event_id].add(line.key)
    return keys


def close(works: Collection[Work]) -> Effects:
    """Last, in a transaction of its own: no line without its item, no letter of what passed.

    A delivery that today's code cannot read whole keeps the lines of what was done of it.
    """
    counts = Counter(work.event_id for work in works)
    unread = {work.event_id for work in works if is_malformed(work)}
    effects = Effects()
    read = {event: count for event, count in counts.items() if event not in unread}
    for (event, position), kind, outcome in lines.drop_beyond(read):
        effects.lines.append(
            LineChange(event=event, position=position, kind=kind, before=outcome.value, after=None)
        )
    execute(RESOLVE, [list(counts)])
    return effects


def place(work: Work) -> Place:
    """Where the item stands."""
    return (work.event_id, work.position)


def is_malformed(work: Work) -> bool:
    """Whether today's decoder still cannot read it."""
    return isinstance(work.item, Malformed)


RESOLVE = """
UPDATE messaging_deadletter AS letter
SET state = 'resolved', due_at = NULL, closed_at = now(), closed_by_id = NULL
WHERE letter.event_id = ANY(%s) AND letter.source = 'inbound' AND letter.state <> 'resolved'
  AND NOT EXISTS (
    SELECT FROM messaging_inbounditem AS item
    WHERE item.event_id = letter.event_id AND item.position = letter.position
      AND item.outcome = 'dead'
  )
"""
