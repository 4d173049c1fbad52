"""How an act is taken back: by the acts that restore the former values, where they still hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from django.core import signing

from messaging.models import ConversationState

if TYPE_CHECKING:
    from messaging.models import Conversation

SALT = "inbox.undo"
LIVES_SECONDS = 3600
OPPOSITE = {"label_add": "label_remove", "label_remove": "label_add"}
Value = str | int | None
Snapshot = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act that takes part of another back; `name` must still be `value`, where it is named."""

    action: str
    ids: tuple[int, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    value: Value = None

    def still_holds(self, row: Conversation) -> bool:
        """Whether nothing has changed it since."""
        return not self.name or snapshot(row)[self.name] == self.value


def snapshot(row: Conversation) -> Snapshot:
    """What acts change in a conversation's own row."""
    until = row.snoozed_until
    asleep = row.state == ConversationState.SNOOZED and until is not None
    return {
        "assignee": row.assignee_id,
        "team": row.team_id,
        "priority": str(row.priority),
        # Asleep until another time is another state.
        "state": until.isoformat() if asleep and until else str(row.state),
    }


def steps_back(
    action: str,
    before: Mapping[int, Snapshot],
    after: Mapping[int, Snapshot],
    params: Mapping[str, str],
) -> Iterator[Step]:
    """The acts that restore `before` where it is `after` now."""
    if action in OPPOSITE:
        given = {"label": params.get("label", "")}
        if after:
            yield Step(action=OPPOSITE[action], ids=tuple(after), params=given)
        return
    groups: dict[tuple[str, Value, Value], list[int]] = defaultdict(list)
    for pk, now in after.items():
        for name in now:
            if now[name] != before[pk][name]:
                groups[name, before[pk][name], now[name]].append(pk)
    # The team first: the former assignee may see nothing without it.
    for (name, former, now_is), ids in sorted(
        groups.items(), key=lambda each: each[0][0] != "team"
    ):
        act, given = _restoring(name, former)
        yield Step(action=act, ids=tuple(ids), params=given, name=name, value=now_is)


def _restoring(name: str, former: Value) -> tuple[str, dict[str, str]]:
    if name == "assignee":
        return ("assign", {"assignee": str(former)}) if former else ("unassign", {})
    if name == "team":
        return "team", {"team": str(former or "")}
    if name == "priority":
        return "priority", {"priority": str(former)}
    if former == ConversationState.OPEN:
        return "reopen", {}
    if former == ConversationState.RESOLVED:
        return "resolve", {}
    return "snooze", {"until": str(former)}


def seal(steps: Collection[Step]) -> str:
    """The steps as a text that nobody can alter; "" where there are none."""
    if not steps:
        return ""
    plain = [asdict(step) for step in steps]
    return signing.dumps(plain, salt=SALT, compress=True)


def unseal(text: str) -> tuple[Step, ...]:
    """The steps of `seal`; none of a text that is no such thing, or too old."""
    try:
        plain: Iterable[dict[str, object]] = signing.loads(text, salt=SALT, max_age=LIVES_SECONDS)
    except signing.BadSignature:
        return ()
    return tuple(Step(**{**each, "ids": tuple(each["ids"])}) for each in plain)  # type: ignore[arg-type]  # as it was sealed
