"""What a list is narrowed to and how it is ordered, as its address says it; pure.

Addresses are typed, shared and old: whatever is not understood is left out, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

VIEWS = (
    "mine",
    "unassigned",
    "all",
    "unread",
    "waiting",
    "closing",
    "mentions",
    "failed",
    "drafts",
    "snoozed",
    "resolved",
)
STATES = ("open", "snoozed", "resolved", "any")
PRIORITIES = ("none", "low", "medium", "high", "urgent")
WINDOWS = ("open", "closing", "closed")
SORTS = ("activity", "waiting", "closing")
ME, NOBODY = "me", "none"
MOST_LABELS = 20
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """One list: a view, and what narrows it; empty means not narrowed.

    `assignee` and `team` are an id, "none", or "me" for the viewer. Of several labels any one
    will do. `saved` is the saved view that it was opened by.
    """

    view: str = "all"
    state: str = ""
    assignee: str = ""
    team: str = ""
    labels: tuple[int, ...] = ()
    channel: int = 0
    priority: str = ""
    unread: bool = False
    window: str = ""
    sort: str = ""
    saved: int = 0

    @property
    def narrowing(self) -> dict[str, str]:
        """What narrows the view, as parameters; neither the view itself nor the order."""
        named = as_parameters(self)
        return {name: named[name] for name in named if name not in {"view", "sort", "saved"}}

    @property
    def query(self) -> str:
        """The address after its `?`; the same list always has the same."""
        return urlencode(as_parameters(self), safe=",")

    @property
    def unread_turned(self) -> Filters:
        """The same list with "unread only" the other way round."""
        return replace(self, unread=not self.unread, saved=0)


def parse(params: Mapping[str, Sequence[str]]) -> Filters:
    """A list from its parameters, each given once or several times."""
    last = {name: values[-1] for name, values in params.items() if values}
    return Filters(
        view=_one_of(VIEWS, last.get("view", "")) or "all",
        state=_one_of(STATES, last.get("state", "")),
        assignee=_person(last.get("assignee", "")),
        team=_person(last.get("team", ""), extra=(NOBODY,)),
        labels=_labels(params.get("label", ())),
        channel=_number(last.get("channel", "")),
        priority=_one_of(PRIORITIES, last.get("priority", "")),
        unread=last.get("unread", "") == "1",
        window=_one_of(WINDOWS, last.get("window", "")),
        sort=_one_of(SORTS, last.get("sort", "")),
        saved=_number(last.get("saved", "")),
    )


def from_parameters(params: Mapping[str, str]) -> Filters:
    """A list from what `as_parameters` gave."""
    return parse({str(name): [str(value)] for name, value in params.items()})


def as_parameters(filters: Filters) -> dict[str, str]:
    """What differs from all open conversations, newest activity first."""
    named = {
        "view": "" if filters.view == "all" else filters.view,
        "state": filters.state,
        "assignee": filters.assignee,
        "team": filters.team,
        "label": ",".join(str(label) for label in filters.labels),
        "channel": str(filters.channel or ""),
        "priority": filters.priority,
        "unread": "1" if filters.unread else "",
        "window": filters.window,
        "sort": filters.sort,
        "saved": str(filters.saved or ""),
    }
    return {name: value for name, value in named.items() if value}


def _one_of(known: Iterable[str], value: str) -> str:
    return value if value in known else ""


def _person(value: str, *, extra: tuple[str, ...] = (ME, NOBODY)) -> str:
    return value if value in extra else str(_number(value) or "")


def _labels(values: Iterable[str]) -> tuple[int, ...]:
    numbers = {_number(part) for value in values for part in value.split(",")}
    return tuple(sorted(numbers - {0}))[:MOST_LABELS]


def _number(value: str) -> int:
    """An id, 0 where it is none."""
    if not (value.isascii() and value.isdecimal() and len(value) <= 19):
        return 0
    number = int(value)
    return number if number <= LARGEST_ID else 0
