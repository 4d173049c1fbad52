"""What news does to our own rows: names, wishes, and the state of our addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from messaging import wishes
from messaging.apply.batch import Batch, moment
from messaging.apply.keys import find, key_of
from messaging.events import ConsentHeard, announce
from messaging.items import ChannelChange, ContactName, Identity, Notice, Preference
from messaging.sql import execute


def carry_out(batch: Batch) -> None:
    """Let every fresh notice have its effect; news of nobody we know has none."""
    for work, notice in batch.fresh_notices:
        effect = notice.effect
        if isinstance(effect, Preference):
            _prefer(batch, effect, moment(effect.at) or work.received_at)
        elif isinstance(effect, ContactName) and effect.name:
            _name(batch, effect)
        elif isinstance(effect, ChannelChange):
            _change(batch, notice, effect)


def _contacts(batch: Batch, identities: tuple[Identity, ...]) -> list[int]:
    found = find(batch, {key_of(batch, identity) for identity in identities})
    return sorted(set(found.values()))


def _prefer(batch: Batch, wish: Preference, at: datetime) -> None:
    contacts = _contacts(batch, wish.identities)
    wishes.prefer(contacts, wants_marketing=wish.wants_marketing, at=at)
    announce(ConsentHeard(organization_id=batch.organization_id))


def _name(batch: Batch, entry: ContactName) -> None:
    """The business's own name for somebody who came without one."""
    execute(
        "UPDATE messaging_contact SET name = %s WHERE id = ANY(%s) AND name = ''",
        [entry.name, _contacts(batch, entry.identities)],
    )


def _change(batch: Batch, notice: Notice, news: ChannelChange) -> None:
    """News of one address, by its id or number; without either, of all of the connection."""
    said: dict[str, Any] = {
        name: value
        for name in ("throughput", "messaging_limit", "quality", "verified_name", "health")
        if (value := getattr(news, name)) is not None
    }
    if not said:
        return
    execute(
        f"""
        UPDATE messaging_channel SET {", ".join(f"{name} = %({name})s" for name in said)}
        WHERE connection_id = %(connection)s
          AND (%(channel)s = '' OR external_id = %(channel)s)
          AND (%(number)s = '' OR regexp_replace(display_number, '[^0-9]', '', 'g') = %(number)s)
        """,  # noqa: S608 - our own columns
        said
        | {"connection": batch.connection.pk, "channel": notice.channel, "number": news.number},
    )
