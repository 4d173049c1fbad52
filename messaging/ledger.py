"""Where every delivery went: the sums that must close, and the story of one message.

`received = finished + in_flight` deliveries, and
`items = applied + duplicate + ignored + dead`; nothing ends without a line.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db.models import Q, QuerySet

from messaging.models import InboundItem, Message, Organization, Receipt
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


def balance() -> Balance:
    """Count every delivery and every line of this installation.

    One statement, so the counts belong to one moment even while deliveries pour in.
    """
    received, in_flight, without_line, items, applied, duplicate, ignored, dead = execute(
        """
        WITH events AS (
          SELECT count(*) AS received,
            count(*) FILTER (WHERE state = 'pending') AS in_flight,
            count(*) FILTER (WHERE state = 'finished' AND NOT EXISTS (
              SELECT FROM messaging_inbounditem AS item WHERE item.event_id = event.id
            )) AS without_line
          FROM messaging_inboundevent AS event
        ), items AS (
          SELECT count(*) AS items,
            count(*) FILTER (WHERE outcome = 'applied') AS applied,
            count(*) FILTER (WHERE outcome = 'duplicate') AS duplicate,
            count(*) FILTER (WHERE outcome = 'ignored') AS ignored,
            count(*) FILTER (WHERE outcome = 'dead') AS dead
          FROM messaging_inbounditem
        )
        SELECT * FROM events, items
        """
    )[0]
    return Balance(
        received=received,
        in_flight=in_flight,
        items=items,
        applied=applied,
        duplicate=duplicate,
        ignored=ignored,
        dead=dead,
        balanced=without_line == 0 and items == applied + duplicate + ignored + dead,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything known of one provider id, in one organisation."""

    wamid: str
    items: QuerySet[InboundItem]
    messages: QuerySet[Message]
    receipts: QuerySet[Receipt]


def trace(organization: Organization, wamid: str, *, channel_ids: list[int] | None = None) -> Trace:
    """The story of a message: deliveries and their outcomes, the message, its statuses.

    `channel_ids` narrows it to channels the asker may see.
    """
    of_channel = Q() if channel_ids is None else Q(channel_id__in=channel_ids)
    return Trace(
        wamid=wamid,
        items=InboundItem.objects.filter(
            of_channel, event__connection__organization=organization, key=wamid
        )
        .select_related("channel")
        .order_by("event_id", "position"),
        messages=Message.objects.filter(
            of_channel, organization=organization, provider_id=wamid
        ).order_by("pk"),
        receipts=Receipt.objects.filter(
            of_channel, channel__organization=organization, provider_id=wamid
        ).order_by("received_at", "pk"),
    )
