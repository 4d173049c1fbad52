"""Lists of conversations: which rows a list holds, in pages, and how many they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from inbox import access, cursors, unions
from inbox.filters import ME, NOBODY, Filters
from inbox.models import Draft, Mention, ReadMark
from inbox.queries import AnyOf, Page
from inbox.views_of_list import order_name, order_of
from messaging.models import (
    Contact,
    Conversation,
    ConversationState,
    Direction,
    Message,
    ProviderKind,
)
from messaging.providers import has_window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inbox.views_of_list import Order
    from messaging.models import Membership

CLOSING = timedelta(hours=2)
# A page: more than twice what a screen shows.
ROWS = 30
# What an agent has to look at: it did not leave, or nobody knows.
LOUD = ("failed", "needs_review")
RUNNING = (ConversationState.OPEN, ConversationState.SNOOZED)
# Rows without a moment stand last; their cursor says so by a moment that none has.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
# Views whose rows may be in any state; the others hold open ones, or those they are named after.
ANY_STATE = {"mentions", "failed", "drafts"}


def chosen(
    membership: Membership,
    filters: Filters,
    rows: QuerySet[Conversation] | None = None,
    *,
    now: datetime | None = None,
) -> QuerySet[Conversation]:
    """The conversations of a list, each person once a channel, in no order.

    `rows` are those that the member may see, where the caller needs more than their columns.
    """
    visible = access.conversations(membership) if rows is None else rows
    return unions.shown(visible).filter(condition(membership, filters, now=now or timezone.now()))


def condition(membership: Membership, filters: Filters, *, now: datetime) -> Q:
    """What belongs to a list, for one member at one moment."""
    narrowed = _state(filters) & VIEW_RULES[filters.view](membership, now)
    for name, value in filters.narrowing.items():
        if name in RULES:
            narrowed &= RULES[name](membership, value, now)
    return narrowed & _ordered(order_name(filters), now)


def page(
    rows: QuerySet[Conversation],
    order: Order,
    parts: QuerySet[Conversation],
    *,
    before: str = "",
    limit: int = ROWS,
) -> Page:
    """A page of `rows` in that order, each as `parts` reads it. Raises BadCursor.

    One statement: the ids are an array, found from the conversations alone before anything is
    joined to them; as a plain `IN` Postgres would join what rows show to all conversations first.
    """
    if before:
        rows = rows.filter(_after(order, *cursors.decode(before)))
    ids = ArraySubquery(_ordered_by(order, rows)[: limit + 1].values("pk"))
    found = list(_ordered_by(order, parts.filter(AnyOf("pk", ids))))
    last = found[limit - 1] if len(found) > limit else None
    moment = (getattr(last, order.field) or NEVER) if last else NEVER
    return Page(found[:limit], cursors.encode(moment, last.pk) if last else "")


def _ordered_by(order: Order, rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    by = F(order.field)
    if order.is_newest_first:
        return rows.order_by(by.desc(), "-pk")
    return rows.order_by(by.asc(nulls_last=True), "pk")


def counted(lists: Mapping[str, QuerySet[Any]], *, most: int) -> dict[str, int]:
    """How many rows each list holds, counted up to one more than `most`; one statement for all."""
    parts, values = [], []
    for name, rows in lists.items():
        try:
            sql, given = rows.order_by().values("pk")[: most + 1].query.sql_with_params()
        except EmptyResultSet:
            continue
        # Django's own SQL, its values beside it.
        parts.append(f"SELECT %s::text, (SELECT count(*) FROM ({sql}) AS list)")  # noqa: S608
        values += [name, *given]
    counts = dict.fromkeys(lists, 0)
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            counts |= dict(cursor.fetchall())
    return counts


def _after(order: Order, moment: datetime, number: int) -> Q:
    """What stands below the row of a cursor."""
    field = order.field
    if order.is_newest_first:
        same = Q(**{field: moment, "pk__lt": number})
        return Q(**{f"{field}__lte": moment}) & (Q(**{f"{field}__lt": moment}) | same)
    never = Q(**{f"{field}__isnull": True})
    if moment == NEVER:
        return never & Q(pk__gt=number)
    return Q(**{f"{field}__gt": moment}) | Q(**{field: moment, "pk__gt": number}) | never


# --- views -----------------------------------------------------------------------------------


def _state(filters: Filters) -> Q:
    if filters.state:
        return Q() if filters.state == "any" else Q(state=filters.state)
    if filters.view in ANY_STATE:
        return Q()
    own = {"snoozed": ConversationState.SNOOZED, "resolved": ConversationState.RESOLVED}
    return Q(state=own.get(filters.view, ConversationState.OPEN))


def _unread(membership: Membership, now: datetime) -> Q:
    """More of the customer's messages than the viewer has seen, here or in what it stands for."""
    visible = access.conversations(membership)
    beside = visible.filter(
        _unseen(membership), channel=OuterRef("channel"), contact__merged_into=OuterRef("contact")
    )
    # By ids, from the few that stand for others: nobody else is asked.
    roots = Contact.objects.filter(
        organization=membership.organization_id, merged_into__isnull=False
    ).values("merged_into")
    return _unseen(membership) | Q(pk__in=visible.filter(Exists(beside), contact__in=roots))


def _unseen(membership: Membership) -> Q:
    seen = ReadMark.objects.filter(
        user=membership.user_id,
        conversation=OuterRef("pk"),
        inbound_count__gte=OuterRef("inbound_count"),
    )
    return Q(inbound_count__gt=0) & ~Q(Exists(seen))


def _closing(membership: Membership, now: datetime) -> Q:
    return _windowed(Q(window_expires_at__gt=now, window_expires_at__lte=now + CLOSING))


def _windowed(rule: Q) -> Q:
    """Where the provider has a window at all."""
    without = [kind for kind in ProviderKind.values if not has_window(kind)]
    return rule & ~Q(channel__connection__kind__in=without)


def _mentioned(membership: Membership, now: datetime) -> Q:
    mentions = Mention.objects.filter(user=membership.user_id)
    return Q(pk__in=mentions.values("conversation"))


def _failed(membership: Membership, now: datetime) -> Q:
    """The last message of ours did not leave, or nobody knows whether it did, and nobody has
    resolved the conversation since.
    """
    own = Message.objects.filter(direction=Direction.OUT, duplicate_of__isnull=True)
    newer = own.filter(conversation=OuterRef("conversation"), sort_at__gt=OuterRef("sort_at"))
    stuck = own.filter(organization=membership.organization_id, status__in=LOUD)
    running = stuck.filter(conversation__state__in=RUNNING)
    return Q(AnyOf("pk", ArraySubquery(running.filter(~Exists(newer)).values("conversation"))))


def _drafted(membership: Membership, now: datetime) -> Q:
    drafts = Draft.objects.filter(user=membership.user_id).exclude(text="")
    return Q(pk__in=drafts.values("conversation"))


def _everything(membership: Membership, now: datetime) -> Q:
    return Q()


VIEW_RULES: dict[str, Callable[[Membership, datetime], Q]] = {
    "mine": lambda membership, now: Q(assignee=membership.user_id),
    "unassigned": lambda membership, now: Q(assignee__isnull=True),
    "all": _everything,
    "unread": _unread,
    "waiting": lambda membership, now: Q(waiting_since__isnull=False),
    "closing": _closing,
    "mentions": _mentioned,
    "failed": _failed,
    "drafts": _drafted,
    "snoozed": _everything,
    "resolved": _everything,
}


# --- filters ---------------------------------------------------------------------------------


def _assigned(membership: Membership, value: str, now: datetime) -> Q:
    if value == NOBODY:
        return Q(assignee__isnull=True)
    return Q(assignee=membership.user_id if value == ME else int(value))


def _labelled(membership: Membership, value: str, now: datetime) -> Q:
    rows = Conversation.labels.through.objects.filter(
        label__in=[int(pk) for pk in value.split(",")]
    )
    return Q(pk__in=rows.values("conversation"))


def _window(membership: Membership, value: str, now: datetime) -> Q:
    if value == "closing":
        return _closing(membership, now)
    if value == "open":
        return _windowed(Q(window_expires_at__gt=now))
    return _windowed(Q(window_expires_at__isnull=True) | Q(window_expires_at__lte=now))


def _ordered(order: str, now: datetime) -> Q:
    """Who is listed by a moment has one: by waiting those who wait, by closing open windows."""
    if order == "waiting":
        return Q(waiting_since__isnull=False)
    return _windowed(Q(window_expires_at__gt=now)) if order == "closing" else Q()


RULES: dict[str, Callable[[Membership, str, datetime], Q]] = {
    "assignee": _assigned,
    "team": lambda membership, value, now: (
        Q(team__isnull=True) if value == NOBODY else Q(team=int(value))
    ),
    "label": _labelled,
    "channel": lambda membership, value, now: Q(channel=int(value)),
    "priority": lambda membership, value, now: Q(priority=value),
    "unread": lambda membership, value, now: _unread(membership, now),
    "window": _window,
}


def list_page(
    membership: Membership,
    filters: Filters,
    rows: QuerySet[Conversation],
    *,
    before: str = "",
) -> Page:
    """A page of a list, as `rows` reads those that the member may see. Raises BadCursor."""
    return page(chosen(membership, filters), order_of(filters), rows, before=before)
