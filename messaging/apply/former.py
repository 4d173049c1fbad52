"""Ids that were given up: whose they were, and until when."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from messaging.apply.batch import Batch, moment
from messaging.apply.keys import keys_of
from messaging.items import Party
from messaging.people import Key, columns
from messaging.sql import execute


def recall(batch: Batch, known: dict[Key, int]) -> None:
    """Messages from before an id was given up still belong to its former owner."""
    strangers = [
        message
        for message in batch.messages
        if message.item.at is not None
        and not any(key in known for key in keys_of(batch, message.item.party))
    ]
    keys = {key for message in strangers for key in keys_of(batch, message.item.party)}
    former: dict[Key, list[tuple[int, datetime]]] = defaultdict(list)
    for key, contact_id, until in retired(batch, list(keys)):
        former[key].append((contact_id, until))
    for message in strangers:
        at = moment(message.item.at)
        found = [
            (until, contact_id)
            for key in keys_of(batch, message.item.party)
            for contact_id, until in former.get(key, ())
            if at is not None and at <= until
        ]
        if found:
            message.contact_id = min(found)[1]


def given_up(batch: Batch, learned: dict[Key, int], owners: dict[Party, int]) -> list[Key]:
    """Ids that their owner has given up since the newest of these messages was written."""
    newest: dict[int, datetime] = {}
    for message in batch.messages:
        owner = owners.get(message.item.party)
        if owner is not None:
            at = moment(message.item.at) or message.work.received_at
            newest[owner] = max(at, newest.get(owner, at))
    return [
        key
        for key, contact_id, until in retired(batch, list(learned))
        if learned[key] == contact_id and newest.get(contact_id, until) < until
    ]


def retired(batch: Batch, keys: list[Key]) -> list[tuple[Key, int, datetime]]:
    """Who had these ids before, and until when."""
    if not keys:
        return []
    rows = execute(
        """
        SELECT identity.scope, identity.kind, identity.canonical_key,
          coalesce(contact.merged_into_id, contact.id), identity.retired_at
        FROM messaging_contactidentity AS identity
        JOIN unnest(%s::text[], %s::text[], %s::text[]) AS row(scope, kind, canonical_key)
          ON identity.organization_id = %s AND identity.scope = row.scope
         AND identity.kind = row.kind AND identity.canonical_key = row.canonical_key
         AND identity.retired_at IS NOT NULL
        JOIN messaging_contact AS contact ON contact.id = identity.contact_id
        """,
        [*columns(keys), batch.organization_id],
    )
    return [((scope, kind, key), contact, until) for scope, kind, key, contact, until in rows]
