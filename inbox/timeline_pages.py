"""Stretches of a timeline: the newest, those above or below a place, and those around one.

All of them stand by time, then id, of a union's messages; a cursor names a place between two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from inbox import access, cursors, queries
from inbox.contents import EVENT_KINDS
from inbox.unions import LOUD, QUIET, Union
from messaging.models import AuthorType, Direction
from messaging.sql import execute
from messaging.windows import SILENT_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from messaging.models import Membership, Message

PAGE = 50
# What stands above the place that was asked for, so that it has a context.
ABOVE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which stretch a reader asks for; the newest one where nothing is named."""

    before: str = ""
    after: str = ""
    message_id: int | None = None
    at: datetime | None = None

    @property
    def is_newest(self) -> bool:
        """Whether no place was named."""
        return self == Wanted()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Messages without a gap, oldest first; a cursor where there are more on that side."""

    messages: list[Message]
    older: str = ""
    newer: str = ""
    # The message that was asked for, or the first one at or after a moment.
    found_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A place between messages, and which way to read from there."""

    moment: datetime
    number: int
    is_upwards: bool


def wanted_of(params: Mapping[str, str]) -> Wanted:
    """`?before=`, `?from=` (a cursor), `?message=` (an id) or `?at=` (a date or a moment).

    What cannot be read is as good as not said; cursors are judged when they are used.
    """
    number = params.get("message", "")
    return Wanted(
        before=params.get("before", ""),
        after=params.get("from", ""),
        message_id=int(number) if access.is_number(number) else None,
        at=_moment(params.get("at", "")),
    )


def stretch(membership: Membership, union: Union, wanted: Wanted) -> Stretch:
    """The stretch somebody asks for. Raises BadCursor."""
    if wanted.before:
        return _above(membership, union, _place(wanted.before, is_upwards=True))
    if wanted.after:
        return _below(membership, union, _place(wanted.after, is_upwards=False))
    around = _target(membership, union, wanted)
    return _around(membership, union, around) if around else _above(membership, union, None)


def first_unread(membership: Membership, union: Union, seen: Mapping[int, int]) -> Stretch | None:
    """The stretch around the first message of the customer above the numbers in `seen`."""
    unread = Q(pk__in=[])
    for each in union.all:
        unread |= Q(conversation=each.pk, seq__gt=seen.get(each.pk, 0))
    rows = access.messages(membership, *union.all).shown().filter(unread)
    found = (
        rows.filter(direction=Direction.IN, is_silent=False)
        .exclude(kind__in=SILENT_KINDS)
        .order_by("sort_at", "pk")
        .first()
    )
    return _around(membership, union, Place(found.sort_at, found.pk, False)) if found else None


def born_since(membership: Membership, union: Union, heads: Mapping[int, int]) -> int:
    """How many bubbles of others were born above the numbers a reader has."""
    born = Q(pk__in=[])
    for each in union.all:
        born |= Q(conversation=each.pk, seq__gt=heads[each.pk])
    own = Q(direction=Direction.OUT, author=membership.user, author_type=AuthorType.AGENT)
    rows = access.messages(membership, *union.all).shown().filter(born).exclude(QUIET | own)
    return rows.exclude(kind__in=EVENT_KINDS).count()


def _target(membership: Membership, union: Union, wanted: Wanted) -> Place | None:
    if wanted.at is not None:
        return Place(wanted.at, 0, False)
    if wanted.message_id is None:
        return None
    rows = access.messages(membership, *union.all).filter(pk=wanted.message_id)
    place = rows.values_list("sort_at", "pk").first()
    return Place(*place, False) if place else None


def _around(membership: Membership, union: Union, place: Place) -> Stretch:
    """Some messages above a place, and the rest of a page from there on."""
    above = _read(membership, union, Place(place.moment, place.number, True), ABOVE + 1)
    # The message itself comes first: its place is just above it.
    below = _read(membership, union, Place(place.moment, place.number - 1, False), PAGE - ABOVE + 1)
    above_kept, below_kept = above[:ABOVE], below[: PAGE - ABOVE]
    messages = [*reversed(above_kept), *below_kept]
    return Stretch(
        messages=messages,
        older=_cursor(above_kept[-1]) if len(above) > ABOVE else "",
        newer=_cursor(below_kept[-1]) if len(below) > len(below_kept) else "",
        found_id=below_kept[0].pk if below_kept else None,
    )


def _above(membership: Membership, union: Union, place: Place | None) -> Stretch:
    found = _read(membership, union, place, PAGE + 1)
    kept = found[:PAGE]
    messages = list(reversed(kept))
    # Below a place there is something: it was taken from a message that stands there.
    newer = _cursor(messages[-1]) if place and messages else ""
    return Stretch(
        messages=messages, older=_cursor(kept[-1]) if len(found) > PAGE else "", newer=newer
    )


def _below(membership: Membership, union: Union, place: Place) -> Stretch:
    found = _read(membership, union, place, PAGE + 1)
    messages = found[:PAGE]
    return Stretch(
        messages=messages,
        older=_cursor(messages[0]) if messages else "",
        newer=_cursor(messages[-1]) if len(found) > PAGE else "",
    )


def _read(membership: Membership, union: Union, place: Place | None, limit: int) -> list[Message]:
    rows = access.messages(membership, *union.all).shown()
    rows = rows.filter(_of_union(union, place, limit) if union.beside else _of_one(union, place))
    order = ("-sort_at", "-pk") if place is None or place.is_upwards else ("sort_at", "pk")
    return list(queries.with_message_parts(rows).order_by(*order)[:limit])


def _of_one(union: Union, place: Place | None) -> Q:
    """One conversation is read straight from its index."""
    chosen = Q(conversation=union.main) & ~QUIET
    if place is None:
        return chosen
    if place.is_upwards:
        beyond = Q(sort_at__lt=place.moment) | Q(pk__lt=place.number)
        return chosen & Q(sort_at__lte=place.moment) & beyond
    beyond = Q(sort_at__gt=place.moment) | Q(pk__gt=place.number)
    return chosen & Q(sort_at__gte=place.moment) & beyond


def _of_union(union: Union, place: Place | None, limit: int) -> Q:
    """Of several conversations each gives a page at most."""
    values = {
        "ids": [each.pk for each in union.all],
        "moment": place.moment if place else None,
        "number": place.number if place else 0,
        "loud": list(LOUD),
        "limit": limit,
    }
    sql = UPWARDS if place is None or place.is_upwards else DOWNWARDS
    return Q(pk__in=[pk for (pk,) in execute(sql, values)])


def _place(cursor: str, *, is_upwards: bool) -> Place:
    moment, number = cursors.decode(cursor)
    return Place(moment, number, is_upwards)


def _cursor(message: Message) -> str:
    return cursors.encode(message.sort_at, message.pk)


def _moment(said: str) -> datetime | None:
    """A moment, or the midnight that begins a date, in the reader's zone as far as it is known."""
    try:
        moment = parse_datetime(said) if "T" in said else None
        day = None if moment else parse_date(said)
    except ValueError:
        return None
    if day is not None:
        moment = datetime.combine(day, time.min)
    if moment is None or not 1970 < moment.year < 9999:
        return None
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    return moment.astimezone(UTC)


_ROWS = """
SELECT message.id FROM unnest(%(ids)s::bigint[]) AS row(id) CROSS JOIN LATERAL (
  SELECT id, sort_at FROM messaging_message
  WHERE conversation_id = row.id
  AND duplicate_of_id IS NULL
  AND NOT (kind = 'reaction' AND direction = 'out' AND status <> ALL(%(loud)s))
"""
UPWARDS = f"""{_ROWS}
  AND (%(moment)s::timestamptz IS NULL OR (
    sort_at <= %(moment)s AND (sort_at < %(moment)s OR id < %(number)s)
  ))
  ORDER BY sort_at DESC, id DESC LIMIT %(limit)s
) AS message
ORDER BY message.sort_at DESC, message.id DESC LIMIT %(limit)s
"""
DOWNWARDS = f"""{_ROWS}
  AND sort_at >= %(moment)s AND (sort_at > %(moment)s OR id > %(number)s)
  ORDER BY sort_at, id LIMIT %(limit)s
) AS message
ORDER BY message.sort_at, message.id LIMIT %(limit)s
"""
