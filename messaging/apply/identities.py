"""Who wrote: identities → contacts.

Looked up by exact business-scoped id, then parent id, then phone; what was newly learned is
attached to the contact found. Where two ids lead to two contacts, the phone decides and nothing
is merged. Source: Cloud API, "Business-scoped user IDs".
"""

from __future__ import annotations

from collections.abc import Iterable

from messaging.apply.batch import Batch, NewMessage
from messaging.items import Identity, Party
from messaging.models import Outcome
from messaging.sql import execute

# (scope, kind, canonical key): what is unique in an organisation.
Key = tuple[str, str, str]
PRECEDENCE = ("phone", "bsuid", "parent_bsuid", "lid", "group", "other")


def resolve(batch: Batch) -> None:
    """Give every message its contact, making those that are new."""
    _drop_nameless(batch)
    parties = batch.parties()
    if not parties:
        return
    wanted = {key for party in parties for key in _keys(batch, party)}
    known = _find(batch, wanted)
    missing = [p for p in parties if not any(key in known for key in _keys(batch, p))]
    if missing:
        _add(batch, missing)
        known = _find(batch, wanted)
    _attach(batch, parties, known)
    for party, messages in parties.items():
        contact_id = _choose(batch, party, known)
        for message in messages:
            message.contact_id = contact_id
    _fill_names(parties)
    _add_usernames(batch, parties)


def _drop_nameless(batch: Batch) -> None:
    """Without any id there is nobody to file a message under; the delivery keeps it."""
    kept: list[NewMessage] = []
    for message in batch.messages:
        if message.item.party.identities:
            kept.append(message)
        else:
            batch.note(
                message.work,
                Outcome.IGNORED,
                message.item.kind,
                key=message.item.provider_id,
                reason="no sender is named",
                channel_id=message.channel_id,
            )
    batch.messages = kept


def _keys(batch: Batch, party: Party) -> list[Key]:
    ordered = sorted(party.identities, key=lambda identity: PRECEDENCE.index(identity[0]))
    return [_key(batch, identity) for identity in ordered]


def _key(batch: Batch, identity: Identity) -> Key:
    kind, value = identity
    return ("" if kind == "phone" else f"connection:{batch.connection.pk}", kind, value)


def _choose(batch: Batch, party: Party, known: dict[Key, int]) -> int:
    return next(known[key] for key in _keys(batch, party) if key in known)


def _find(batch: Batch, keys: Iterable[Key]) -> dict[Key, int]:
    wanted = list(keys)
    rows = execute(
        """
        SELECT identity.scope, identity.kind, identity.canonical_key, identity.contact_id
        FROM messaging_contactidentity AS identity
        JOIN unnest(%s::text[], %s::text[], %s::text[]) AS row(scope, kind, canonical_key)
          ON identity.organization_id = %s AND identity.scope = row.scope
         AND identity.kind = row.kind AND identity.canonical_key = row.canonical_key
         AND identity.kind <> 'username'
        """,
        [*_columns(wanted), batch.organization_id],
    )
    return {(scope, kind, key): contact for scope, kind, key, contact in rows}


def _columns(keys: list[Key]) -> list[list[str]]:
    return [[key[place] for key in keys] for place in range(3)]


def _add(batch: Batch, parties: list[Party]) -> None:
    """Make contacts for parties nobody knows; one that another connection made first wins.

    Two parties of one batch may share an id (a phone with and without its business-scoped id):
    they are one contact.
    """
    owner: dict[Key, int] = {}
    names: list[str] = []
    for party in parties:
        keys = _keys(batch, party)
        number = next((owner[key] for key in keys if key in owner), len(names))
        if number == len(names):
            names.append(party.name)
        for key in keys:
            owner.setdefault(key, number)
    ids = [
        row[0]
        for row in execute(
            """
            INSERT INTO messaging_contact (id, organization_id, name, created_at)
            SELECT nextval('messaging_contact_id_seq'), %s, name, now() FROM unnest(%s::text[])
              AS row(name)
            RETURNING id
            """,
            [batch.organization_id, names],
        )
    ]
    _insert(batch, {key: ids[number] for key, number in owner.items()})
    _drop_unclaimed(ids)


def _insert(batch: Batch, owner: dict[Key, int]) -> None:
    """Sorted, so that two connections of an organisation cannot wait for each other."""
    keys = sorted(owner)
    execute(
        """
        INSERT INTO messaging_contactidentity (organization_id, contact_id, scope, kind, value,
          canonical_key, created_at)
        SELECT %s, row.contact_id, row.scope, row.kind, row.value, row.value, now()
        FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
          AS row(contact_id, scope, kind, value)
        ON CONFLICT DO NOTHING
        """,
        [batch.organization_id, [owner[key] for key in keys], *_columns(keys)],
    )


def _drop_unclaimed(contact_ids: list[int]) -> None:
    """Contacts whose every id was claimed by somebody faster."""
    execute(
        """
        DELETE FROM messaging_contact AS contact WHERE contact.id = ANY(%s) AND NOT EXISTS (
          SELECT FROM messaging_contactidentity AS identity WHERE identity.contact_id = contact.id
        )
        """,
        [contact_ids],
    )


def _attach(batch: Batch, parties: Iterable[Party], known: dict[Key, int]) -> None:
    """Keep what was newly learned of contacts that are known."""
    learned = {
        key: _choose(batch, party, known)
        for party in parties
        for key in _keys(batch, party)
        if key not in known
    }
    if learned:
        _insert(batch, learned)


def _fill_names(parties: dict[Party, list[NewMessage]]) -> None:
    """A contact first met without a name gets the one they bring later."""
    named = {messages[0].contact_id: party.name for party, messages in parties.items()}
    named = {contact_id: name for contact_id, name in named.items() if name}
    execute(
        """
        UPDATE messaging_contact AS contact SET name = row.name
        FROM unnest(%s::bigint[], %s::text[]) AS row(id, name)
        WHERE contact.id = row.id AND contact.name = ''
        """,
        [list(named), list(named.values())],
    )


def _add_usernames(batch: Batch, parties: dict[Party, list[NewMessage]]) -> None:
    """Usernames are shown and never looked up by: they change hands."""
    named = {messages[0].contact_id: party.username for party, messages in parties.items()}
    named = {contact_id: name for contact_id, name in named.items() if name}
    if not named:
        return
    execute(
        """
        INSERT INTO messaging_contactidentity (organization_id, contact_id, scope, kind, value,
          canonical_key, created_at)
        SELECT %s, row.contact_id, %s, 'username', row.value, row.value, now()
        FROM unnest(%s::bigint[], %s::text[]) AS row(contact_id, value)
        WHERE NOT EXISTS (
          SELECT FROM messaging_contactidentity AS identity
          WHERE identity.contact_id = row.contact_id AND identity.kind = 'username'
            AND identity.value = row.value
        )
        """,
        [
            batch.organization_id,
            f"connection:{batch.connection.pk}",
            list(named),
            list(named.values()),
        ],
    )
