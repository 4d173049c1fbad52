"""What stands in the sidebar: views, saved views, labels, teams and channels, with their counts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import access, colleagues, listing, saved, unions
from inbox.filters import Filters
from inbox.models import Mention, SavedView
from inbox.views_of_list import GROUPS, TABS, VIEWS
from messaging.models import Label, Team

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.models import Channel, Membership

MOST_COUNTED = 999
# More of a kind than that are found by the filter; a sidebar is read, not searched.
MOST_OF_A_KIND = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One list in the sidebar; `count` is None where it is not counted."""

    title: str
    filters: Filters
    icon: str = ""
    tint: int = 0
    tone: str = ""
    mirrored: bool = False
    count: int | None = None
    is_current: bool = False

    @property
    def query(self) -> str:
        """The address of the list after its `?`; a view always says its name."""
        return self.filters.query or f"view={self.filters.view}"


@dataclass(frozen=True, slots=True)
class Group:
    """Lists of one kind under their heading."""

    name: str
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What a member may narrow a list to, by name."""

    labels: list[Label]
    teams: list[Team]
    channels: list[Channel]
    saved: list[SavedView] = field(default_factory=list)


def facets(membership: Membership) -> Facets:
    """Four queries."""
    return Facets(
        labels=list(colleagues.labels(membership).order_by("name")),
        teams=list(_teams(membership)),
        channels=list(access.channels(membership).order_by("name", "pk")),
        saved=list(saved.seen_by(membership).order_by("position", "name")),
    )


def _teams(membership: Membership) -> QuerySet[Team]:
    """The teams whose conversations the member may see."""
    rows = colleagues.teams(membership)
    return rows if membership.sees_all_teams else rows.filter(pk__in=membership.teams.all())


def groups(membership: Membership, current: Filters, found: Facets) -> list[Group]:
    """All of it, one statement for all counts."""
    named: dict[str, tuple[str, list[Entry]]] = {
        name: (str(title), [_view(view) for view in VIEWS.values() if view.group == name])
        for name, title in GROUPS.items()
    }
    named["saved"] = (_("Saved views"), [_saved(row) for row in found.saved[:MOST_OF_A_KIND]])
    named["labels"] = (_("Labels"), [_label(row) for row in found.labels[:MOST_OF_A_KIND]])
    named["teams"] = (_("Teams"), [_team(row) for row in found.teams[:MOST_OF_A_KIND]])
    if len(found.channels) > 1:
        entries = [_channel(row) for row in found.channels[:MOST_OF_A_KIND]]
        named["channels"] = (_("Channels"), entries)
    counts = _counts(membership, [entry for _title, each in named.values() for entry in each])
    return [
        Group(name, title, tuple(_finished(entry, counts, current) for entry in entries))
        for name, (title, entries) in named.items()
        if entries
    ]


def tabs(found: list[Group]) -> list[tuple[Any, Entry]]:
    """The views over the list, as they stand in the sidebar."""
    by_view = {entry.filters.view: entry for entry in found[0].entries}
    return [(view.tab, by_view[view.name]) for view in TABS]


def uncounted_tabs(current: Filters) -> list[tuple[Any, Entry]]:
    """The same without their numbers: no query."""
    return [
        (view.tab, replace(_view(view), is_current=_is_current(_view(view).filters, current)))
        for view in TABS
    ]


def view_counts(membership: Membership) -> dict[str, int]:
    """How many conversations each view holds, counted up to one more than MOST_COUNTED."""
    entries = [_view(view) for view in VIEWS.values()]
    counts = _counts(membership, entries)
    return {entry.filters.view: counts[entry.query] for entry in entries}


def _counts(membership: Membership, entries: list[Entry]) -> dict[str, int]:
    shown, now = unions.shown(access.conversations(membership)), timezone.now()
    lists: dict[str, QuerySet[Any]] = {
        entry.query: shown.filter(listing.condition(membership, entry.filters, now=now))
        for entry in entries
    }
    # Who was mentioned long ago knows it: the list holds all, the number says what is new.
    mentions = Mention.objects.filter(user=membership.user_id, seen_at__isnull=True)
    lists["view=mentions"] = mentions.filter(conversation__in=access.conversations(membership))
    return listing.counted(lists, most=MOST_COUNTED)


def _finished(entry: Entry, counts: dict[str, int], current: Filters) -> Entry:
    count = counts[entry.query]
    return replace(
        entry,
        tone=entry.tone if count else "",
        count=count,
        is_current=_is_current(entry.filters, current),
    )


def _is_current(listed: Filters, current: Filters) -> bool:
    if listed.saved or current.saved:
        return listed.saved == current.saved
    return listed.query == current.query


def _view(view: Any) -> Entry:
    return Entry(
        title=str(view.title),
        filters=Filters(view=view.name),
        icon=view.icon,
        tone=view.tone,
        mirrored=view.mirrored,
    )


def _saved(row: SavedView) -> Entry:
    icon = "people" if row.owner_id is None else "filter"
    return Entry(title=row.name, filters=saved.filters_of(row), icon=icon)


def _label(row: Label) -> Entry:
    return Entry(title=row.name, filters=Filters(labels=(row.pk,)), tint=row.tint)


def _team(row: Team) -> Entry:
    return Entry(title=row.name, filters=Filters(team=str(row.pk)), icon="people")


def _channel(row: Channel) -> Entry:
    return Entry(title=row.name, filters=Filters(channel=row.pk), icon="handset")
