"""What agents do with conversations: whose they are, whether they are done, how they are marked.

Every function but `wake_due` takes conversations that the caller has locked (`timeline.lock`) and
gives those that it changed, which the caller hands to `timeline.publish`. Each change is told by
a line in the timeline; what is so already stays as it is, and nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Now

from messaging import internal, timeline
from messaging.internal import Event
from messaging.models import Conversation, ConversationState, Episode, Priority, Team, User
from messaging.sql import execute
from messaging.waiting import WAITS
from messaging.windows import SILENT_KINDS

if TYPE_CHECKING:
    from messaging.models import Label

WOKEN_AT_ONCE = 200
State = ConversationState


@dataclass(frozen=True, slots=True)
class Taken:
    """Who was first: conversations that changed hands, and those that others hold, with whom."""

    won: list[Conversation]
    lost: dict[int, User]


def assign(
    rows: Iterable[Conversation], assignee: User | None, *, by: User | None
) -> list[Conversation]:
    """Make them `assignee`'s, or nobody's, whoever had them before."""
    changed = [row for row in rows if row.assignee_id != (assignee.pk if assignee else None)]
    former = User.objects.in_bulk(_ids(changed, "assignee_id"))
    events = [
        Event(
            row,
            "assigned" if assignee else "unassigned",
            {"from": _named(former.get(row.assignee_id or 0)), "to": _named(assignee)},
        )
        for row in changed
    ]
    for row in changed:
        row.assignee = assignee
    return _told(events, by=by)


def take(
    rows: Iterable[Conversation], assignee: User | None, *, held_by: int | None, by: User | None
) -> Taken:
    """Make those `assignee`'s that `held_by` still holds, or nobody; the first one wins."""
    rows = list(rows)
    wanted = assignee.pk if assignee else None
    free = [row for row in rows if row.assignee_id in {held_by, None}]
    gone = [row for row in rows if row.assignee_id not in {held_by, wanted, None}]
    holders = User.objects.in_bulk(_ids(gone, "assignee_id"))
    lost = {row.pk: holders[row.assignee_id] for row in gone if row.assignee_id}
    return Taken(assign(free, assignee, by=by), lost)


def claim(rows: Iterable[Conversation], by: User) -> Taken:
    """Make those one's own that are nobody's."""
    return take(rows, by, held_by=None, by=by)


def set_team(
    rows: Iterable[Conversation], team: Team | None, *, by: User | None
) -> list[Conversation]:
    """Give them to a team, or to everybody who sees their channel."""
    changed = [row for row in rows if row.team_id != (team.pk if team else None)]
    former = Team.objects.in_bulk(_ids(changed, "team_id"))
    events = [
        Event(row, "team", {"from": _named(former.get(row.team_id or 0)), "to": _named(team)})
        for row in changed
    ]
    for row in changed:
        row.team = team
    return _told(events, by=by)


def resolve(rows: Iterable[Conversation], *, by: User | None) -> list[Conversation]:
    """Close them with their running episode; nobody waits there any more."""
    changed = [row for row in rows if row.state != State.RESOLVED]
    running = Episode.objects.filter(conversation__in=changed, resolved_at__isnull=True)
    running.update(resolved_at=Now())
    events = [Event(row, "resolved", {"from": row.state}) for row in changed]
    for row in changed:
        row.state, row.snoozed_until, row.waiting_since = State.RESOLVED, None, None
    return _told(events, by=by)


def reopen(rows: Iterable[Conversation], *, by: User | None) -> list[Conversation]:
    """Open what is resolved or asleep, with its next episode where the last one has ended."""
    changed = [row for row in rows if row.state != State.OPEN]
    _begin_again(changed)
    names = {State.SNOOZED.value: "woke"}
    events = [Event(row, names.get(row.state, "reopened"), {"from": row.state}) for row in changed]
    for row in changed:
        row.state, row.snoozed_until = State.OPEN, None
    return _told(events, by=by)


def snooze(rows: Iterable[Conversation], until: datetime, *, by: User | None) -> list[Conversation]:
    """Put them away until then; a customer's message opens them before."""
    changed = [row for row in rows if row.state != State.SNOOZED or row.snoozed_until != until]
    _begin_again(changed)
    events = [
        Event(row, "snoozed", {"from": row.state, "until": until.isoformat()}) for row in changed
    ]
    for row in changed:
        row.state, row.snoozed_until = State.SNOOZED, until
    return _told(events, by=by)


def set_priority(
    rows: Iterable[Conversation], priority: Priority, *, by: User | None
) -> list[Conversation]:
    """Say how much they matter."""
    changed = [row for row in rows if row.priority != priority]
    events = [Event(row, "priority", {"from": row.priority, "to": priority}) for row in changed]
    for row in changed:
        row.priority = priority
    return _told(events, by=by)


def add_label(rows: Iterable[Conversation], label: Label, *, by: User | None) -> list[Conversation]:
    """Put a label on those that do not have it."""
    return _labelled(ADD_LABEL, "label_added", rows, label, by)


def remove_label(
    rows: Iterable[Conversation], label: Label, *, by: User | None
) -> list[Conversation]:
    """Take a label off those that have it."""
    return _labelled(REMOVE_LABEL, "label_removed", rows, label, by)


def wake_due(*, limit: int = WOKEN_AT_ONCE) -> int:
    """Open what has slept long enough, as news in the list; how many there were.

    What somebody else holds right now is passed over: they wake it, or the next round does.
    """
    with transaction.atomic():
        due = [pk for (pk,) in execute(DUE, [limit])]
        woken = reopen(timeline.lock(due).values(), by=None)
        [(now,)] = execute("SELECT now()")
        for row in woken:
            row.last_activity_at = max(row.last_activity_at, now)
        timeline.publish(woken)
    return len(woken)


def _told(events: list[Event], *, by: User | None) -> list[Conversation]:
    if events:
        internal.add_events(events, by=by)
    return [event.conversation for event in events]


def _labelled(
    sql: str, type_: str, rows: Iterable[Conversation], label: Label, by: User | None
) -> list[Conversation]:
    by_id = {row.pk: row for row in rows}
    changed = sorted(pk for (pk,) in execute(sql, [label.pk, list(by_id)]))
    details = {"label": _named(label)}
    return _told([Event(by_id[pk], type_, details) for pk in changed], by=by)


def _begin_again(rows: list[Conversation]) -> None:
    """Whoever was resolved has a running episode again, and waits if they had no answer."""
    by_id = {row.pk: row for row in rows if row.state == State.RESOLVED}
    if not by_id:
        return
    execute(BEGIN, [sorted(by_id)])
    for pk, since in execute(WAITS, [sorted(SILENT_KINDS), sorted(by_id)]):
        by_id[pk].waiting_since = since


def _ids(rows: Iterable[Conversation], name: str) -> set[int]:
    return {pk for row in rows if (pk := getattr(row, name)) is not None}


def _named(thing: User | Team | Label | None) -> dict[str, Any] | None:
    """As it was called then; it may be gone when the line is read."""
    if thing is None:
        return None
    return {"id": thing.pk, "name": str(thing)}


DUE = """
SELECT id FROM messaging_conversation WHERE state = 'snoozed' AND snoozed_until <= now()
ORDER BY snoozed_until, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
BEGIN = """
INSERT INTO messaging_episode (conversation_id, opened_at)
SELECT id, now() FROM unnest(%s::bigint[]) AS row(id) ON CONFLICT DO NOTHING
"""
ADD_LABEL = """
INSERT INTO messaging_conversation_labels (conversation_id, label_id)
SELECT id, %s FROM unnest(%s::bigint[]) AS row(id) ON CONFLICT DO NOTHING
RETURNING conversation_id
"""
REMOVE_LABEL = """
DELETE FROM messaging_conversation_labels
WHERE label_id = %s AND conversation_id = ANY(%s::bigint[]) RETURNING conversation_id
"""
