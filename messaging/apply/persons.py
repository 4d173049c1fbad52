"""One person under new ids: the provider's word that number or business-scoped id changed.

Where both ids are known already, the word itself is the reason to merge; a hint that is less
certain only suggests it. Rare, so one by one.
Source: Cloud API, "Business-scoped user IDs › When a user changes their phone number".
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_noop

from messaging import merging
from messaging.apply.batch import Batch, moment
from messaging.apply.keys import find, insert, key_of
from messaging.items import IdentityChange
from messaging.sql import execute

REASON = gettext_noop("WhatsApp says that one became the other.")
HINT = gettext_noop("The contact shared this phone number as their own.")


def change(batch: Batch) -> None:
    """Carry out what new messages and fresh news say of people's ids."""
    for message in batch.messages:
        if message.item.change:
            at = moment(message.item.at) or message.work.received_at
            _carry_out(batch, message.item.change, at)
    for work, notice in batch.fresh_notices:
        if isinstance(notice.effect, IdentityChange):
            _carry_out(batch, notice.effect, moment(notice.at) or work.received_at)


def _carry_out(batch: Batch, news: IdentityChange, at: datetime) -> None:
    values = {key_of(batch, identity): identity[1] for identity in news.current}
    former = _former_owner(batch, news)
    current = find(batch, values)
    others = sorted({contact_id for contact_id in current.values() if contact_id != former})
    if former is None:
        former = others.pop(0) if others else _remember(batch, news, at)
    if others and not news.is_certain:
        pairs = [(former, other) for other in others]
        merging.suggest(batch.organization_id, pairs, reason=HINT)
        return
    for other in others:
        if journal := merging.merge(other, former, reason=REASON):
            batch.merges.append(journal)
            _rename(batch, other, former)
    if news.is_certain:
        _retire(batch, former, news, at)
    insert(batch, dict.fromkeys(values, former), values)
    batch.affected.update(merging.touched_conversations([former]))


def _remember(batch: Batch, news: IdentityChange, at: datetime) -> int:
    """Somebody we have not heard of yet, so that late messages under the old ids find them too."""
    contact_id: int = execute(
        """
        INSERT INTO messaging_contact (organization_id, name, created_at)
        VALUES (%s, '', now()) RETURNING id
        """,
        [batch.organization_id],
    )[0][0]
    previous = {key_of(batch, identity): identity[1] for identity in news.previous}
    insert(batch, dict.fromkeys(previous, contact_id), previous)
    execute(
        "UPDATE messaging_contactidentity SET retired_at = %s WHERE contact_id = %s",
        [at, contact_id],
    )
    return contact_id


def _former_owner(batch: Batch, news: IdentityChange) -> int | None:
    """Who had the previous ids, even where they were given up before."""
    keys = [key_of(batch, identity) for identity in news.previous]
    known = find(batch, keys)
    if known:
        return next(known[key] for key in keys if key in known)
    rows = execute(
        """
        SELECT identity.contact_id FROM messaging_contactidentity AS identity
        JOIN unnest(%s::text[], %s::text[], %s::text[]) AS row(scope, kind, canonical_key)
          ON identity.organization_id = %s AND identity.scope = row.scope
         AND identity.kind = row.kind AND identity.canonical_key = row.canonical_key
         AND identity.retired_at IS NOT NULL
        ORDER BY identity.retired_at DESC LIMIT 1
        """,
        [*[[key[place] for key in keys] for place in range(3)], batch.organization_id],
    )
    return rows[0][0] if rows else None


def _rename(batch: Batch, other: int, former: int) -> None:
    """Messages of this batch that were filed under the contact that was merged away."""
    for message in batch.messages:
        if message.contact_id == other:
            message.contact_id = former
        if message.sender_id == other:
            message.sender_id = former


def _retire(batch: Batch, contact_id: int, news: IdentityChange, at: datetime) -> None:
    """What was replaced stays with its history and is not sent to any more."""
    kinds = {kind for kind, _ in news.current}
    keys = [key_of(batch, identity) for identity in news.previous if identity[0] in kinds]
    kept = {key_of(batch, identity) for identity in news.current}
    given_up = [key for key in keys if key not in kept]
    execute(
        """
        UPDATE messaging_contactidentity AS identity SET retired_at = %s
        WHERE identity.contact_id = %s AND identity.retired_at IS NULL AND (
          (identity.scope, identity.kind, identity.canonical_key) IN (
            SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
          ) OR (%s AND identity.kind = 'phone')
        )
        """,
        [at, contact_id, *[[key[p] for key in given_up] for p in range(3)], news.drops_phone],
    )
