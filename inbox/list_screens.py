"""What the list and the sidebar beside it show, gathered for their templates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inbox import colleagues, drafts, listing, queries, rows, saved, sidebar, unions
from inbox.filters import Filters
from inbox.views_of_list import VIEWS, order_name, order_of
from messaging.models import Priority, User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.utils.functional import _StrPromise

    from inbox.sidebar import Facets
    from messaging.models import Conversation, Membership

SORT_WORDS = {
    "activity": _("Newest activity"),
    "waiting": _("Longest waiting"),
    "closing": _("Closing soonest"),
}
STATE_WORDS = {
    "open": pgettext_lazy("conversations", "Open"),
    "snoozed": pgettext_lazy("conversations", "Snoozed"),
    "resolved": pgettext_lazy("conversations", "Resolved"),
    "any": _("Any state"),
}
WINDOW_WORDS = {
    "open": pgettext_lazy("window", "Open"),
    "closing": _("Closes within 2 h"),
    "closed": pgettext_lazy("window", "Closed"),
}


WINDOW_CHIPS = {
    "open": _("Window open"),
    "closing": _("Window closes within 2 h"),
    "closed": _("Window closed"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a list may be narrowed to, and whether it is."""

    value: str
    title: str | _StrPromise
    is_chosen: bool
    query: str = ""


def views_context(membership: Membership, filters: Filters) -> dict[str, Any]:
    """The sidebar and the tabs with their counts, and the head of the list."""
    found = sidebar.facets(membership)
    groups = sidebar.groups(membership, filters, found)
    counted = {"groups": groups, "tabs": sidebar.tabs(groups), "is_counted": True}
    return {**_head(membership, filters, found), **counted}


def head_context(membership: Membership, filters: Filters) -> dict[str, Any]:
    """The head of the list alone; nothing is counted, the page keeps the numbers it has."""
    found = sidebar.facets(membership)
    return {**_head(membership, filters, found), "tabs": sidebar.uncounted_tabs(filters)}


def _head(membership: Membership, filters: Filters, found: Facets) -> dict[str, Any]:
    """What the list is, and what it may be narrowed to."""
    kept = next((row for row in found.saved if row.pk == filters.saved), None)
    return {
        "view": VIEWS[filters.view],
        "filters": filters,
        "most_counted": sidebar.MOST_COUNTED,
        "saved_view": kept,
        "may_change_saved": kept is not None and saved.may_change(membership, kept),
        "may_share": saved.may_share(membership),
        "facets": found,
        "colleagues": colleagues.agents(membership),
        "narrowed": narrowed(filters, found),
        **choices(filters),
    }


def narrowed(filters: Filters, found: Facets) -> list[tuple[str, str]]:
    """What narrows the list, in words, each with the list that is not narrowed by it."""
    plain = replace(filters, saved=0)
    named = {
        "state": (STATE_WORDS.get(filters.state), replace(plain, state="")),
        "assignee": (_assignee(filters.assignee), replace(plain, assignee="")),
        "team": (_name(found.teams, filters.team, _("No team")), replace(plain, team="")),
        "channel": (_name(found.channels, str(filters.channel)), replace(plain, channel=0)),
        "priority": (
            _("Priority: %(level)s") % {"level": dict(Priority.choices).get(filters.priority, "")},
            replace(plain, priority=""),
        ),
        "window": (WINDOW_CHIPS.get(filters.window), replace(plain, window="")),
        "unread": (_("Unread"), replace(plain, unread=False)),
    }
    chips = [(str(named[name][0]), named[name][1]) for name in filters.narrowing if name in named]
    for label in filters.labels:
        rest = tuple(each for each in filters.labels if each != label)
        chips.append((_name(found.labels, str(label)), replace(plain, labels=rest)))
    return [(title, each.query or f"view={each.view}") for title, each in chips]


def _name(rows: Iterable[Any], value: str, nobody: str | _StrPromise = "") -> str:
    """What a team, channel or label is called; its number where it is gone."""
    if value == "none":
        return str(nobody)
    return next((row.name for row in rows if str(row.pk) == value), f"#{value}")


def _assignee(value: str) -> str:
    words = {"me": _("Assigned to me"), "none": _("Unassigned")}
    if value in words or not value:
        return str(words.get(value, ""))
    found = User.objects.filter(pk=int(value)).first()
    return str(found or f"#{value}")


def choices(filters: Filters) -> dict[str, list[Choice]]:
    """Fixed words of the filter's form and of the menu of orders."""
    sort = order_name(filters)
    return {
        "sorts": [
            Choice(value, title, sort == value, replace(filters, sort=value, saved=0).query)
            for value, title in SORT_WORDS.items()
        ],
        "states": _choices(STATE_WORDS, filters.state),
        "windows": _choices(WINDOW_WORDS, filters.window),
        "priorities": _choices(dict(Priority.choices), filters.priority),
    }


def list_context(
    membership: Membership,
    filters: Filters,
    readable: QuerySet[Conversation],
    *,
    before: str = "",
    selected: int = 0,
) -> dict[str, Any]:
    """A page of rows. Raises BadCursor.

    The head is read first, so what changes while the rows are read is pulled again, not missed.
    """
    head = queries.organization_head(membership.organization_id)
    page = listing.list_page(membership, filters, readable, before=before)
    found = unions.unions_of(page.rows, readable)
    return {
        "view": VIEWS[filters.view],
        "filters": filters,
        "order": order_of(filters),
        "membership": membership,
        "list_head": head,
        "rows": rows.rows_of(
            [found[row.pk] for row in page.rows],
            now=timezone.now(),
            viewer=membership.user,
            selected=selected,
            drafts=drafts.on_rows(membership.user, found),
        ),
        "older_rows": page.cursor,
    }


def _choices(words: dict[str, Any], chosen: str) -> list[Choice]:
    return [Choice(value, title, chosen == value) for value, title in words.items()]
