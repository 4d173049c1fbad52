"""Reads shaped for screens and lists, each in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from inbox import access, cursors
from messaging.models import (
    Conversation,
    ConversationState,
    Membership,
    Message,
    OrganizationCounter,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PAGE = 50
MOST_COUNTED = 999


@dataclass(frozen=True, slots=True)
class View:
    """A named part of the list."""

    name: str
    title: _StrPromise
    tab: _StrPromise
    icon: str


VIEWS = {
    "mine": View("mine", _("Mine"), _("Mine"), "person"),
    "unassigned": View("unassigned", _("Unassigned"), _("Unassigned"), "unassigned"),
    "all": View("all", _("All open"), _("All"), "inbox"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and the cursor of the page after them, empty on the last one."""

    rows: list[Any]
    cursor: str


def view_filter(view: str, membership: Membership) -> Q:
    """What belongs to a view, for one member."""
    chosen = Q(state=ConversationState.OPEN)
    if view == "mine":
        return chosen & Q(assignee=membership.user_id)
    if view == "unassigned":
        return chosen & Q(assignee__isnull=True)
    return chosen


def with_row_parts(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Conversations with all a row or an API object shows; three queries in all."""
    return rows.select_related(
        "channel", "channel__connection", "contact", "assignee", "team", "last_message"
    ).prefetch_related("contact__identities", "labels")


def page_by_activity(rows: QuerySet[Conversation], *, before: str = "", limit: int = PAGE) -> Page:
    """Newest activity first. Raises BadCursor."""
    if before:
        moment, number = cursors.decode(before)
        rows = rows.filter(
            Q(last_activity_at__lt=moment) | Q(last_activity_at=moment, pk__lt=number),
            last_activity_at__lte=moment,
        )
    found = list(rows.order_by("-last_activity_at", "-pk")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    last = found[-1] if more else None
    return Page(found, cursors.encode(last.last_activity_at, last.pk) if last else "")


def page_of_messages(rows: QuerySet[Message], *, before: str = "", limit: int = PAGE) -> Page:
    """Newest first, by the time they are shown under. Raises BadCursor."""
    if before:
        moment, number = cursors.decode(before)
        rows = rows.filter(
            Q(sort_at__lt=moment) | Q(sort_at=moment, seq__lt=number), sort_at__lte=moment
        )
    found = list(with_message_parts(rows).order_by("-sort_at", "-seq")[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    last = found[-1] if more else None
    return Page(found, cursors.encode(last.sort_at, last.seq) if last else "")


def with_message_parts(rows: QuerySet[Message]) -> QuerySet[Message]:
    """Messages with all a bubble or an API object shows, in one query."""
    return rows.select_related("author", "reply_to", "reply_to__author")


def view_counts(membership: Membership) -> dict[str, int]:
    """How many conversations each view holds, counted up to one more than MOST_COUNTED."""
    seen = access.conversations(membership)
    return {
        view: seen.filter(view_filter(view, membership)).order_by()[: MOST_COUNTED + 1].count()
        for view in VIEWS
    }


def organization_head(organization_id: int) -> int:
    """The number of the newest change among an organisation's conversations."""
    rows = OrganizationCounter.objects.filter(organization_id=organization_id)
    return rows.values_list("head_seq", flat=True).first() or 0
