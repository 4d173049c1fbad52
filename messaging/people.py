"""Who is known by an id, and making somebody known: for what arrives and for what is begun."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from messaging import phones
from messaging.items import Identity
from messaging.sql import execute

# (scope, kind, canonical key): what is unique in an organisation.
Key = tuple[str, str, str]


def key_of(connection_id: int, identity: Identity) -> Key:
    """What an id is compared by: phones everywhere and however written, others as they are."""
    kind, value = identity
    if kind == "phone":
        return ("", kind, phones.canonical(value))
    return (f"connection:{connection_id}", kind, value)


def columns(keys: Collection[Key]) -> list[list[str]]:
    """Keys as the three arrays that statements take."""
    return [[key[place] for key in keys] for place in range(3)]


def find(organization_id: int, keys: Collection[Key]) -> dict[Key, int]:
    """The contacts that are known by these keys today."""
    rows = execute(FIND, [*columns(keys), organization_id])
    return {(scope, kind, key): contact for scope, kind, key, contact in rows}


def note(organization_id: int, owners: Mapping[Key, int], values: Mapping[Key, str]) -> None:
    """Note ids, verbatim, for their contacts; one that somebody has already stays there.

    Sorted, so that two writers of an organisation cannot wait for each other.
    """
    keys = sorted(owners)
    execute(
        NOTE,
        [
            organization_id,
            [owners[key] for key in keys],
            *columns(keys),
            [values[key] for key in keys],
        ],
    )


FIND = """
SELECT identity.scope, identity.kind, identity.canonical_key,
  coalesce(contact.merged_into_id, contact.id)
FROM messaging_contactidentity AS identity
JOIN unnest(%s::text[], %s::text[], %s::text[]) AS row(scope, kind, canonical_key)
  ON identity.organization_id = %s AND identity.scope = row.scope
 AND identity.kind = row.kind AND identity.canonical_key = row.canonical_key
 AND identity.kind <> 'username' AND identity.retired_at IS NULL
JOIN messaging_contact AS contact ON contact.id = identity.contact_id
"""

NOTE = """
INSERT INTO messaging_contactidentity (organization_id, contact_id, scope, kind,
  canonical_key, value, created_at)
SELECT %s, row.contact_id, row.scope, row.kind, row.canonical_key, row.value, now()
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
  AS row(contact_id, scope, kind, canonical_key, value)
ON CONFLICT DO NOTHING
"""
