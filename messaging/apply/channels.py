"""Which channel an item belongs to; a number not seen before becomes a channel by itself."""

from __future__ import annotations

from messaging.apply.batch import Batch, HeardAmendment, HeardStatus, NewMessage
from messaging.events import ChannelsAdded, announce
from messaging.items import Amendment, InboundMessage, Notice, StatusUpdate
from messaging.models import Outcome
from messaging.sql import execute


def resolve(batch: Batch) -> None:
    """Sort items to channels; without one they are parked, never lost.

    News of an unknown address makes no channel of it.
    """
    wanted: dict[str, str] = {}
    for work in batch.works:
        if isinstance(work.item, InboundMessage | StatusUpdate | Amendment):
            wanted.setdefault(work.item.channel, work.item.channel_number)
    named = {work.item.channel for work in batch.works if isinstance(work.item, Notice)}
    if not wanted and not named - {""}:
        return
    _find(batch, sorted({*wanted, *named}))
    missing = {name: number for name, number in wanted.items() if name not in batch.channels}
    if missing and batch.connection.adds_channels:
        _add(batch, missing)
    _sort(batch)


def _find(batch: Batch, names: list[str]) -> None:
    rows = execute(
        """
        SELECT external_id, id FROM messaging_channel
        WHERE connection_id = %s AND external_id = ANY(%s)
        """,
        [batch.connection.pk, names],
    )
    batch.channels.update(rows)


def _add(batch: Batch, missing: dict[str, str]) -> None:
    added = execute(
        """
        INSERT INTO messaging_channel (organization_id, connection_id, external_id, name,
          display_number, throughput, is_active, appeared_by_itself, created_at)
        SELECT %s, %s, row.external_id, coalesce(nullif(row.number, ''), row.external_id),
          row.number, 80, true, true, now()
        FROM unnest(%s::text[], %s::text[]) AS row(external_id, number)
        ON CONFLICT (connection_id, external_id) DO NOTHING
        RETURNING id
        """,
        [batch.organization_id, batch.connection.pk, list(missing), list(missing.values())],
    )
    _find(batch, list(missing))
    if added:
        announce(
            ChannelsAdded(
                organization_id=batch.organization_id,
                channel_ids=tuple(channel_id for (channel_id,) in added),
            )
        )


def _sort(batch: Batch) -> None:
    for work in batch.works:
        item = work.item
        if not isinstance(item, InboundMessage | StatusUpdate | Amendment):
            continue
        channel_id = batch.channels.get(item.channel)
        if channel_id is None:
            kind = "status" if isinstance(item, StatusUpdate) else item.kind
            reason = "this number is not a channel, and the connection adds none by itself"
            batch.note(work, Outcome.IGNORED, kind, key=item.provider_id, reason=reason)
        elif isinstance(item, StatusUpdate):
            batch.statuses.append(HeardStatus(work, item, channel_id))
        elif isinstance(item, Amendment):
            batch.amendments.append(HeardAmendment(work, item, channel_id))
        else:
            batch.messages.append(NewMessage(work, item, channel_id))
