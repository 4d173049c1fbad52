"""Where every delivery went: the sums that must close, and the story of one message.

`received = finished + in_flight` deliveries, and
`items = applied + duplicate + ignored + dead`; nothing ends without a line.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from messaging.models import (
    Amendment,
    DeadLetter,
    InboundItem,
    Message,
    Organization,
    Receipt,
)
from messaging.sql import execute


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Counts of deliveries and items; `balanced` when nothing is missing."""

    received: int
    in_flight: int
    items: int
    applied: int
    duplicate: int
    ignored: int
    dead: int
    balanced: bool

    def as_dict(self) -> dict[str, int | bool]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The sums of one channel, and of one hour where `hour` is set.

    Deliveries without a line yet, and items of no channel, are in the row without a channel; a
    delivery with items of two channels is in both their rows.
    """

    hour: datetime | None
    channel: int | None
    sums: Balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An organisation whose sums do not close."""

    organization_id: int
    lineless: int
    odd: int


def balance(*, channel_ids: list[int] | None = None, since: datetime | None = None) -> Balance:
    """Count the deliveries and lines of this installation.

    One statement, so the counts belong to one moment even while deliveries pour in. With
    `channel_ids`, lines of these channels and their deliveries; with `since`, received from then.
    """
    sql = OF_CHANNELS if channel_ids is not None else TOTALS
    return _sums(*execute(sql, {"channels": channel_ids, "since": since})[0])


def rows(
    *, by_hour: bool, channel_ids: list[int] | None = None, since: datetime | None = None
) -> list[Row]:
    """The sums by channel, or by channel and hour of receipt (UTC); oldest hour first."""
    found = execute(ROWS, {"by_hour": by_hour, "channels": channel_ids, "since": since})
    return [
        Row(hour=hour, channel=channel, sums=_sums(*counts)) for hour, channel, *counts in found
    ]


def gaps(*, since: datetime) -> list[Gap]:
    """Organisations with finished deliveries that have no line, or lines with an odd outcome."""
    return [
        Gap(organization_id=organization, lineless=lineless, odd=odd)
        for organization, lineless, odd in execute(GAPS, {"since": since})
    ]


def _sums(*counts: int) -> Balance:
    received, in_flight, lineless, items, applied, duplicate, ignored, dead = counts
    return Balance(
        received=received,
        in_flight=in_flight,
        items=items,
        applied=applied,
        duplicate=duplicate,
        ignored=ignored,
        dead=dead,
        balanced=lineless == 0 and items == applied + duplicate + ignored + dead,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything known of one provider id, in one organisation."""

    wamid: str
    items: QuerySet[InboundItem]
    messages: QuerySet[Message]
    receipts: QuerySet[Receipt]

    @property
    def dead_letters(self) -> QuerySet[DeadLetter]:
        """Of its items and of its files."""
        of_item = Q(pk__in=[])
        for event_id, position in self.items.values_list("event_id", "position"):
            of_item |= Q(event_id=event_id, position=position)
        return DeadLetter.objects.filter(of_item | Q(media__message__in=self.messages)).order_by(
            "pk"
        )


def trace(organization: Organization, wamid: str, *, channel_ids: list[int] | None = None) -> Trace:
    """The story of a message: deliveries and their outcomes, the message, its statuses.

    With it comes what was done to it later (edits, revokes, reactions), which have ids of their
    own. `channel_ids` narrows it to channels the asker may see.
    """
    of_channel: Q = Q() if channel_ids is None else Q(channel_id__in=channel_ids)
    messages = Message.objects.filter(of_channel, organization=organization, provider_id=wamid)
    return Trace(
        wamid=wamid,
        items=InboundItem.objects.filter(
            of_channel & _named(organization, wamid, messages),
            event__connection__organization=organization,
        )
        .select_related("channel")
        .order_by("event_id", "position"),
        messages=messages.order_by("pk"),
        receipts=Receipt.objects.filter(
            of_channel, channel__organization=organization, provider_id=wamid
        ).order_by("received_at", "pk"),
    )


def _named(organization: Organization, wamid: str, messages: QuerySet[Message]) -> Q:
    """Lines under this id, and those of amendments that are about it."""
    bound = Q(message__in=list(messages.values_list("pk", flat=True)))
    parked = Q(message__isnull=True, targets__contains=[wamid])
    amendments: list[Any] = [
        found
        for of in (bound, parked)  # each by an index of its own
        for found in Amendment.objects.filter(of, channel__organization=organization).values_list(
            "channel_id", "kind", "provider_id"
        )
    ]
    named = Q(key=wamid)
    for channel_id, kind, provider_id in amendments:
        named |= Q(channel_id=channel_id, kind=kind, key=provider_id)
    return named


COUNTS = """
  count(item.id) AS items,
  count(item.id) FILTER (WHERE item.outcome = 'applied') AS applied,
  count(item.id) FILTER (WHERE item.outcome = 'duplicate') AS duplicate,
  count(item.id) FILTER (WHERE item.outcome = 'ignored') AS ignored,
  count(item.id) FILTER (WHERE item.outcome = 'dead') AS dead
"""
TOTALS = f"""
WITH events AS (
  SELECT count(*) AS received,
    count(*) FILTER (WHERE state = 'pending') AS in_flight,
    count(*) FILTER (WHERE state = 'finished' AND NOT EXISTS (
      SELECT FROM messaging_inbounditem AS item WHERE item.event_id = event.id
    )) AS lineless
  FROM messaging_inboundevent AS event
  WHERE %(since)s::timestamptz IS NULL OR event.received_at >= %(since)s
), items AS (
  SELECT {COUNTS} FROM messaging_inbounditem AS item
  WHERE %(since)s::timestamptz IS NULL OR item.received_at >= %(since)s
)
SELECT * FROM events, items
"""  # noqa: S608 - our own words
OF_CHANNELS = f"""
SELECT count(DISTINCT event.id),
  count(DISTINCT event.id) FILTER (WHERE event.state = 'pending'), 0::bigint,
  {COUNTS}
FROM messaging_inbounditem AS item JOIN messaging_inboundevent AS event ON event.id = item.event_id
WHERE item.channel_id = ANY(%(channels)s::bigint[])
  AND (%(since)s::timestamptz IS NULL OR item.received_at >= %(since)s)
"""  # noqa: S608 - our own words
ROWS = f"""
SELECT CASE WHEN %(by_hour)s THEN date_trunc('hour', event.received_at, 'UTC') END AS hour,
  item.channel_id,
  count(DISTINCT event.id),
  count(DISTINCT event.id) FILTER (WHERE event.state = 'pending'),
  count(*) FILTER (WHERE event.state = 'finished' AND item.id IS NULL),
  {COUNTS}
FROM messaging_inboundevent AS event
LEFT JOIN messaging_inbounditem AS item ON item.event_id = event.id
WHERE (%(since)s::timestamptz IS NULL OR event.received_at >= %(since)s)
  AND (%(channels)s::bigint[] IS NULL OR item.channel_id = ANY(%(channels)s))
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - our own words
GAPS = """
SELECT connection.organization_id,
  count(*) FILTER (WHERE item.id IS NULL),
  count(*) FILTER (WHERE item.outcome NOT IN ('applied', 'duplicate', 'ignored', 'dead'))
FROM messaging_inboundevent AS event
JOIN messaging_connection AS connection ON connection.id = event.connection_id
LEFT JOIN messaging_inbounditem AS item ON item.event_id = event.id
WHERE event.state = 'finished' AND event.received_at >= %(since)s
  AND (item.id IS NULL OR item.outcome NOT IN ('applied', 'duplicate', 'ignored', 'dead'))
GROUP BY 1 ORDER BY 1
"""
