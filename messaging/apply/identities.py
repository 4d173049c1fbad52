"""Who wrote: identities → contacts.

Looked up by every id that came; what was newly learned is attached to the contact found. Where
two ids lead to two contacts the phone decides, nothing is merged, and a merge is suggested. An
id that its owner gave up counts only for what was written before that.
Source: Cloud API, "Business-scoped user IDs".
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from messaging import merging
from messaging.apply.batch import Batch, NewMessage
from messaging.apply.former import given_up, recall
from messaging.apply.keys import choose, find, insert, key_of, keys_of
from messaging.apply.known import note
from messaging.items import Party
from messaging.models import Outcome
from messaging.people import Key
from messaging.sql import execute

SUGGESTION = gettext_noop("One message came under ids of both.")


def resolve(batch: Batch) -> None:
    """Give every message its contact, making those that are new."""
    _drop_nameless(batch)
    parties = batch.parties()
    if not parties:
        return
    values = {
        key_of(batch, identity): identity[1] for party in parties for identity in party.identities
    }
    known = find(batch, values)
    recall(batch, known)
    parties = batch.parties()
    missing = [p for p in parties if not any(key in known for key in keys_of(batch, p))]
    if missing:
        _add(batch, missing, values)
        known |= find(batch, values)
    owners = {party: choose(batch, party, known) for party in parties}
    _attach(batch, owners, known, values)
    _suggest(batch, parties, known)
    _assign(batch, owners)
    _fill_names(owners)
    _add_usernames(batch, owners)


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
            if message.completed:
                note(batch, message.completed, message.channel_id, Outcome.DUPLICATE, None)
    batch.messages = kept


def _add(batch: Batch, parties: list[Party], values: dict[Key, str]) -> None:
    """Make contacts for parties nobody knows; one that another connection made first wins.

    Two parties of one batch may share an id (a phone with and without its business-scoped id):
    they are one contact.
    """
    owner: dict[Key, int] = {}
    names: list[str] = []
    for party in parties:
        keys = keys_of(batch, party)
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
    insert(batch, {key: ids[number] for key, number in owner.items()}, values)
    _yield_to_faster(batch, parties, set(ids))
    _drop_unclaimed(ids)


def _yield_to_faster(batch: Batch, parties: list[Party], fresh: set[int]) -> None:
    """Another connection may have made the same person meanwhile, with some of the ids: then
    the others are theirs too, and our contact is nobody.
    """
    known = find(batch, {key for party in parties for key in keys_of(batch, party)})
    moves: dict[int, int] = {}
    for party in parties:
        owners = [known[key] for key in keys_of(batch, party) if key in known]
        theirs = next((owner for owner in owners if owner not in fresh), None)
        if theirs is not None:
            moves |= {owner: theirs for owner in owners if owner in fresh}
    if moves:
        execute(
            """
            UPDATE messaging_contactidentity AS identity SET contact_id = row.theirs
            FROM unnest(%s::bigint[], %s::bigint[]) AS row(ours, theirs)
            WHERE identity.contact_id = row.ours
            """,
            [list(moves), list(moves.values())],
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


def _attach(
    batch: Batch, owners: dict[Party, int], known: dict[Key, int], values: dict[Key, str]
) -> None:
    """Keep what was newly learned of contacts that are known."""
    learned = {
        key: contact_id
        for party, contact_id in owners.items()
        for key in keys_of(batch, party)
        if key not in known
    }
    if learned:
        for key in given_up(batch, learned, owners):
            del learned[key]
        insert(batch, learned, values)


def _suggest(batch: Batch, parties: list[Party], known: dict[Key, int]) -> None:
    pairs = set()
    for party in parties:
        contacts = sorted({known[key] for key in keys_of(batch, party) if key in known})
        pairs |= {(contacts[0], other) for other in contacts[1:]}
    if pairs:
        merging.suggest(batch.organization_id, pairs, reason=SUGGESTION)


def _assign(batch: Batch, owners: dict[Party, int]) -> None:
    for message in batch.messages:
        message.contact_id = message.contact_id or owners[message.item.party]
        message.sender_id = owners.get(message.item.sender) if message.item.sender else None
    for amendment in batch.amendments:
        sender = amendment.item.sender
        amendment.sender_id = owners.get(sender) if sender else None


def _fill_names(owners: dict[Party, int]) -> None:
    """A contact first met without a name gets the one they bring later."""
    named = {contact_id: party.name for party, contact_id in owners.items() if party.name}
    execute(
        """
        UPDATE messaging_contact AS contact SET name = row.name
        FROM unnest(%s::bigint[], %s::text[]) AS row(id, name)
        WHERE contact.id = row.id AND contact.name = ''
        """,
        [list(named), list(named.values())],
    )


def _add_usernames(batch: Batch, owners: dict[Party, int]) -> None:
    """Usernames are shown and never looked up by: they change hands."""
    named = {contact_id: party.username for party, contact_id in owners.items() if party.username}
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
