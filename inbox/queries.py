"""Reads shaped for screens and lists, each in a fixed number of queries."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery
from django.db.models import (
    BooleanField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
)

from inbox import access, contacts, cursors
from messaging.models import (
    Contact,
    Conversation,
    Membership,
    Message,
    OrganizationCounter,
)
from messaging.models.message import SEARCH_VECTOR

PAGE = 50
# A search for a word that stands in fewer messages sorts them; for others it walks, newest first.
RARE = 20_000
# What stands in tables of its own; people are asked for only where there are some.
MESSAGE_PARTS = (
    "media",
    "amendments__contact__identities",
    "amendments__contact__merged_into__identities",
    "amendments__sent_as__author",
    "sender__identities",
    "sender__merged_into__identities",
)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and the cursor of the page after them, empty on the last one."""

    rows: list[Any]
    cursor: str


class AnyOf(Func):
    """Whether a value is in an array, which is made before anything is read or joined for it."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def with_merged(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Conversations with all that tells whether their contact was merged."""
    parts = Contact.objects.filter(merged_into=OuterRef("contact"))
    return rows.annotate(has_parts=Exists(parts)).select_related("contact__merged_into")


def with_row_parts(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Conversations with all a row shows; three queries in all, one more for merged contacts."""
    return (
        with_merged(rows)
        .select_related(
            "channel",
            "channel__connection",
            "assignee",
            "team",
            "last_message",
            "last_message__sender",
            "last_reaction",
            "last_reaction__message",
        )
        .prefetch_related("contact__identities", "contact__merged_into__identities", "labels")
    )


def with_api_parts(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Conversations with all an API object shows: a row's, and the whole of the last message."""
    return (
        with_row_parts(rows)
        .select_related("last_message__author")
        .prefetch_related(*(f"last_message__{part}" for part in MESSAGE_PARTS))
    )


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
    """Messages with all a bubble or an API object shows.

    Three queries: messages, files, amendments; and one more each for the ids of people who wrote
    in groups, were quoted there, or reacted there.
    """
    return rows.select_related(
        "author", "sender", "outbox_entry", "reply_to", "reply_to__author", "reply_to__sender"
    ).prefetch_related("reply_to__sender__identities", *MESSAGE_PARTS)


def search_messages(membership: Membership, text: str) -> QuerySet[Message]:
    """Messages that hold all words of `text`, newest first: bodies, captions and file names.

    Quotes keep words together, `-` leaves out, `or` takes either. No words at all is everything.
    """
    rows = access.messages(membership).shown()
    if text:
        query = SearchQuery(text, config="simple", search_type="websearch")
        rows = rows.annotate(words=SEARCH_VECTOR).filter(words=query)
    return rows.order_by("-sort_at", "-pk")


def is_rare(membership: Membership, text: str) -> bool:
    """Whether few messages hold the words, as Postgres guesses; one query, which reads none."""
    if not text:
        return False
    plan = json.loads(search_messages(membership, text).order_by().explain(format="json"))
    return bool(plan[0]["Plan"]["Plan Rows"] < RARE)


def page_of_found(
    rows: QuerySet[Message],
    parts: QuerySet[Message],
    *,
    is_rare: bool,
    before: str = "",
    limit: int = PAGE,
) -> Page:
    """A page of `search_messages`, as `parts` reads them, each with its conversation.

    Postgres thinks little of taking a text apart, so it would walk through a year of messages for
    a rare word: then they are asked for in an order that no index has. Raises BadCursor.
    """
    if before:
        moment, number = cursors.decode(before)
        earlier = Q(sort_at__lt=moment) | Q(sort_at=moment, pk__lt=number)
        rows = rows.filter(earlier, sort_at__lte=moment)
    if is_rare:
        unwalked = ExpressionWrapper(F("sort_at") + timedelta(0), output_field=DateTimeField())
        rows = rows.order_by(unwalked.desc(), "-pk")
    ids = ArraySubquery(rows[: limit + 1].values("pk"))
    found = list(
        with_message_parts(parts.filter(AnyOf("pk", ids)))
        .select_related("conversation__channel", "conversation__contact__merged_into")
        .prefetch_related(
            "conversation__contact__identities", "conversation__contact__merged_into__identities"
        )
        .order_by("-sort_at", "-pk")
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], cursors.encode(last.sort_at, last.pk) if last else "")


def search_conversations(
    membership: Membership, rows: QuerySet[Conversation], text: str
) -> QuerySet[Conversation]:
    """Those of `rows` in which something was said, or with somebody whose name or id fits."""
    people = contacts.named(access.contacts(membership), text).values("pk")
    hits = search_messages(membership, text).order_by().values("conversation")
    return rows.filter(Q(pk__in=hits) | Q(contact__in=people) | Q(contact__merged_into__in=people))


def organization_head(organization_id: int) -> int:
    """The number of the newest change among an organisation's conversations."""
    rows = OrganizationCounter.objects.filter(organization_id=organization_id)
    return rows.values_list("head_seq", flat=True).first() or 0
