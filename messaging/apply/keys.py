"""What people's ids are compared by, and who has them today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from messaging import phones
from messaging.apply.batch import Batch
from messaging.items import Identity, Party
from messaging.sql import execute

# (scope, kind, canonical key): what is unique in an organisation.
Key = tuple[str, str, str]
PRECEDENCE = ("phone", "bsuid", "parent_bsuid", "lid", "group", "other")


def key_of(batch: Batch, identity: Identity) -> Key:
    """What an id is compared by: phones everywhere and however written, others as they are."""
    kind, value = identity
    if kind == "phone":
        return ("", kind, phones.canonical(value))
    return (f"connection:{batch.connection.pk}", kind, value)


def keys_of(batch: Batch, party: Party) -> list[Key]:
    """A party's keys, the one that decides first."""
    ordered = sorted(party.identities, key=lambda identity: PRECEDENCE.index(identity[0]))
    return [key_of(batch, identity) for identity in ordered]


def choose(batch: Batch, party: Party, known: dict[Key, int]) -> int:
    """The contact that is meant, where ids lead to several."""
    return next(known[key] for key in keys_of(batch, party) if key in known)


def columns(keys: list[Key]) -> list[list[str]]:
    """Keys as the three arrays that statements take."""
    return [[key[place] for key in keys] for place in range(3)]


def find(batch: Batch, keys: Iterable[Key]) -> dict[Key, int]:
    """The contacts that are known by these keys today."""
    wanted = list(keys)
    rows = execute(
        """
        SELECT identity.scope, identity.kind, identity.canonical_key,
          coalesce(contact.merged_into_id, contact.id)
        FROM messaging_contactidentity AS identity
        JOIN unnest(%s::text[], %s::text[], %s::text[]) AS row(scope, kind, canonical_key)
          ON identity.organization_id = %s AND identity.scope = row.scope
         AND identity.kind = row.kind AND identity.canonical_key = row.canonical_key
         AND identity.kind <> 'username' AND identity.retired_at IS NULL
        JOIN messaging_contact AS contact ON contact.id = identity.contact_id
        """,
        [*columns(wanted), batch.organization_id],
    )
    return {(scope, kind, key): contact for scope, kind, key, contact in rows}


def insert(batch: Batch, owners: Mapping[Key, int], values: Mapping[Key, str]) -> None:
    """Note ids, verbatim, for their contacts; one that somebody has already stays there.

    Sorted, so that two connections of an organisation cannot wait for each other.
    """
    keys = sorted(owners)
    execute(
        """
        INSERT INTO messaging_contactidentity (organization_id, contact_id, scope, kind,
          canonical_key, value, created_at)
        SELECT %s, row.contact_id, row.scope, row.kind, row.canonical_key, row.value, now()
        FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
          AS row(contact_id, scope, kind, canonical_key, value)
        ON CONFLICT DO NOTHING
        """,
        [
            batch.organization_id,
            [owners[key] for key in keys],
            *columns(keys),
            [values[key] for key in keys],
        ],
    )
