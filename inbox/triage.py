"""One door for all that agents do with conversations in the list and in the thread's head.

One conversation or many, from a page or a program: what the member may see, what their role may
do, and whom or what they may name, are checked here; `messaging.conversations` does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from inbox import access, queries, triage_targets, unions
from inbox.reading import mark_read, mark_unread
from inbox.refusals import Invalid, ReadOnly
from inbox.undoing import Step, snapshot, steps_back
from messaging import conversations, timeline
from messaging.conversations import Taken

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from inbox.triage_targets import Assignee
    from inbox.unions import Union
    from messaging.models import Conversation, Label, Membership, Priority, Team, User

MOST = 200
Rows = Sequence["Conversation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """What came of it: which conversations changed, and which somebody else was first to take.

    `target` is whom, what or until when; `steps` undo it. `asked` are the conversations meant,
    those that go on where contacts were merged.
    """

    action: str
    asked: tuple[int, ...]
    changed: tuple[int, ...] = ()
    lost: Mapping[int, User] = field(default_factory=dict)
    target: Any = None  # as the action's own parser gave it
    steps: tuple[Step, ...] = ()

    @property
    def is_lost(self) -> bool:
        """Others were first, everywhere."""
        return bool(self.lost) and not self.changed

    def joined(self, other: Performed) -> Performed:
        """Two batches of one act."""
        return replace(
            self,
            asked=self.asked + other.asked,
            changed=self.changed + other.changed,
            lost={**self.lost, **other.lost},
            steps=self.steps + other.steps,
        )


def perform(
    membership: Membership,
    action: str,
    conversation_ids: Sequence[int],
    params: Mapping[str, str],
) -> Performed:
    """Do one thing to at most MOST conversations, in one transaction.

    Those that the member does not see are passed over. Raises Http404 where that is all of them,
    ReadOnly, or Invalid; then nothing was done.
    """
    found = _unions(membership, conversation_ids)
    if action in MARKS:
        changed = tuple(pk for union in found if (pk := MARKS[action](membership.user, union)))
        return Performed(action=action, asked=_mains(found), changed=changed)
    if action not in ACTIONS:
        raise Invalid({"action": [_("There is no such action.")]})
    if not membership.replies:
        raise ReadOnly
    return _act(membership, action, _mains(found), params)


def perform_many(
    membership: Membership,
    action: str,
    conversation_ids: Sequence[int],
    params: Mapping[str, str],
) -> Performed:
    """`perform` in batches; what the first ones did stays where a later one is refused."""
    batches = [conversation_ids[at : at + MOST] for at in range(0, len(conversation_ids), MOST)]
    first, *others = batches or [()]
    performed = perform(membership, action, first, params)
    for batch in others:
        performed = performed.joined(perform(membership, action, batch, params))
    return performed


def undo(membership: Membership, steps: Sequence[Step]) -> Performed:
    """Restore former values where nothing has changed them since."""
    changed: dict[int, None] = {}
    for step in steps:
        ids = _unions(membership, step.ids)
        if not membership.replies or step.action not in ACTIONS:
            raise ReadOnly
        done = _act(membership, step.action, _mains(ids), step.params, still=step)
        changed |= dict.fromkeys(done.changed)
    asked = tuple(pk for step in steps for pk in step.ids)
    return Performed(action="undo", asked=asked, changed=tuple(changed))


def _unions(membership: Membership, conversation_ids: Sequence[int]) -> list[Union]:
    """Each visible person once, by their conversation that goes on."""
    ids = {pk for pk in conversation_ids if 0 < pk <= access.LARGEST_ID}
    if len(ids) > MOST:
        raise Invalid({"ids": [_("At most %(most)d at once.") % {"most": MOST}]})
    seen: QuerySet[Conversation] = queries.with_merged(access.conversations(membership))
    rows = list(seen.filter(pk__in=ids))
    if not rows:
        raise Http404
    found = unions.unions_of(rows, seen)
    return list({union.main.pk: union for union in found.values()}.values())


def _mains(found: Sequence[Union]) -> tuple[int, ...]:
    return tuple(union.main.pk for union in found)


def _act(
    membership: Membership,
    action: str,
    ids: tuple[int, ...],
    params: Mapping[str, str],
    *,
    still: Step | None = None,
) -> Performed:
    parse, apply = ACTIONS[action]
    target = parse(membership, params)
    with transaction.atomic():
        scope = access.scope_of(membership)
        # Their team or channel may have changed since they were looked for.
        rows = [row for row in timeline.lock(ids).values() if scope.sees(row)]
        if still is not None:
            rows = [row for row in rows if still.still_holds(row)]
        before = {row.pk: snapshot(row) for row in rows}
        taken = apply(rows, target, membership.user)
        changed = {row.pk: row for row in taken.won}
        timeline.publish(changed.values())
    after = {pk: snapshot(row) for pk, row in changed.items()}
    return Performed(
        action=action,
        asked=ids,
        changed=tuple(changed),
        lost=taken.lost,
        target=target,
        steps=tuple(steps_back(action, before, after, params)),
    )


def _won(rows: list[Conversation]) -> Taken:
    return Taken(rows, {})


def _claim(rows: Rows, target: None, by: User) -> Taken:
    return conversations.claim(rows, by)


def _assign(rows: Rows, target: Assignee, by: User) -> Taken:
    target.check(rows)
    if target.held_by is None:
        return _won(conversations.assign(rows, target.user, by=by))
    return conversations.take(rows, target.user, held_by=target.held_by or None, by=by)


def _team(rows: Rows, target: Team | None, by: User) -> Taken:
    """Whoever does not see the team's conversations cannot go on with them."""
    changed = conversations.set_team(rows, target, by=by)
    blind = triage_targets.assigned_to_blind(changed)
    return _won([*changed, *conversations.assign(blind, None, by=by)])


def _resolve(rows: Rows, target: None, by: User) -> Taken:
    return _won(conversations.resolve(rows, by=by))


def _reopen(rows: Rows, target: None, by: User) -> Taken:
    return _won(conversations.reopen(rows, by=by))


def _snooze(rows: Rows, target: datetime, by: User) -> Taken:
    return _won(conversations.snooze(rows, target, by=by))


def _priority(rows: Rows, target: Priority, by: User) -> Taken:
    return _won(conversations.set_priority(rows, target, by=by))


def _label_add(rows: Rows, target: Label, by: User) -> Taken:
    return _won(conversations.add_label(rows, target, by=by))


def _label_remove(rows: Rows, target: Label, by: User) -> Taken:
    return _won(conversations.remove_label(rows, target, by=by))


def _read(user: User, union: Union) -> int | None:
    for each in union.all:
        mark_read(user, each, seq=each.head_seq)
    return union.main.pk


def _unread(user: User, union: Union) -> int | None:
    return union.main.pk if mark_unread(user, [each.pk for each in union.all]) else None


# What stays between an agent and the list: their own marks.
MARKS: dict[str, Callable[[User, Union], int | None]] = {"read": _read, "unread": _unread}
# How each action reads its parameters, and what it does. Any: the first gives what the other takes.
ACTIONS: dict[
    str,
    tuple[
        Callable[[Membership, Mapping[str, str]], Any],
        Callable[[Rows, Any, User], Taken],
    ],
] = {
    "claim": (triage_targets.nothing, _claim),
    "assign": (triage_targets.assignee, _assign),
    "unassign": (triage_targets.nobody, _assign),
    "team": (triage_targets.team, _team),
    "resolve": (triage_targets.nothing, _resolve),
    "reopen": (triage_targets.nothing, _reopen),
    "snooze": (triage_targets.until, _snooze),
    "priority": (triage_targets.priority, _priority),
    "label_add": (triage_targets.label, _label_add),
    "label_remove": (triage_targets.label, _label_remove),
}
