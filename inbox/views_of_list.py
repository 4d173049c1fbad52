"""The named views of the list: what they are called, and which order is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inbox.filters import Filters

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Order:
    """By one moment of the conversation, then its id; `attribute` is the row's, for the browser."""

    field: str
    attribute: str
    is_newest_first: bool = False


ORDERS = {
    "activity": Order("last_activity_at", "activity", is_newest_first=True),
    "waiting": Order("waiting_since", "waits"),
    "closing": Order("window_expires_at", "closes"),
    "wake": Order("snoozed_until", "wakes"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A named part of the list; `tone` colours its number, `empty` is said where it holds none."""

    name: str
    title: _StrPromise
    icon: str
    group: str
    empty: _StrPromise
    tab: _StrPromise | None = None
    order: str = "activity"
    tone: str = ""
    mirrored: bool = False


_ALL = (
    View(
        name="mine",
        title=_("Mine"),
        tab=_("Mine"),
        icon="person",
        group="inbox",
        empty=_("Nothing is assigned to you"),
    ),
    View(
        name="unassigned",
        title=_("Unassigned"),
        tab=_("Unassigned"),
        icon="unassigned",
        group="inbox",
        empty=_("Nothing is unassigned"),
    ),
    View(
        name="all",
        title=_("All open"),
        tab=_("All"),
        icon="inbox",
        group="inbox",
        empty=_("No conversations yet"),
    ),
    View(
        name="unread",
        title=_("Unread"),
        icon="eye",
        group="attention",
        empty=_("You have read everything"),
    ),
    View(
        name="waiting",
        title=_("Needs reply"),
        icon="reply",
        group="attention",
        order="waiting",
        mirrored=True,
        empty=_("All answered. Nobody is waiting."),
    ),
    View(
        name="closing",
        title=_("Closing within 2 h"),
        icon="clock",
        group="attention",
        order="closing",
        tone="warning",
        empty=_("No window closes within two hours"),
    ),
    View(
        name="mentions",
        title=_("Mentions"),
        icon="at",
        group="attention",
        empty=_("Nobody has mentioned you"),
    ),
    View(
        name="failed",
        title=_("Failed to send"),
        icon="error",
        group="attention",
        tone="danger",
        empty=_("Everything was sent"),
    ),
    View(name="drafts", title=_("Drafts"), icon="pencil", group="later", empty=_("No drafts")),
    View(
        name="snoozed",
        title=pgettext_lazy("conversations", "Snoozed"),
        icon="snooze",
        group="later",
        order="wake",
        empty=_("Nothing sleeps"),
    ),
    View(
        name="resolved",
        title=pgettext_lazy("conversations", "Resolved"),
        icon="check",
        group="later",
        empty=_("Nothing is resolved yet"),
    ),
)
VIEWS = {view.name: view for view in _ALL}
TABS = tuple(view for view in _ALL if view.tab)
GROUPS = {"inbox": "", "attention": _("Needs attention"), "later": _("Later")}


def order_name(filters: Filters) -> str:
    """The order that was chosen, else the view's own."""
    return filters.sort or VIEWS[filters.view].order


def order_of(filters: Filters) -> Order:
    """How the list is ordered."""
    return ORDERS[order_name(filters)]
