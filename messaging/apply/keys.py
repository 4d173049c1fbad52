"""What people's ids are compared by, and who has them today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from messaging import people
from messaging.apply.batch import Batch
from messaging.items import Identity, Party
from messaging.people import Key

PRECEDENCE = ("phone", "bsuid", "parent_bsuid", "lid", "group", "other")


def key_of(batch: Batch, identity: Identity) -> Key:
    """What an id is compared by: phones everywhere and however written, others as they are."""
    return people.key_of(batch.connection.pk, identity)


def keys_of(batch: Batch, party: Party) -> list[Key]:
    """A party's keys, the one that decides first."""
    ordered = sorted(party.identities, key=lambda identity: PRECEDENCE.index(identity[0]))
    return [key_of(batch, identity) for identity in ordered]


def choose(batch: Batch, party: Party, known: dict[Key, int]) -> int:
    """The contact that is meant, where ids lead to several."""
    return next(known[key] for key in keys_of(batch, party) if key in known)


def find(batch: Batch, keys: Iterable[Key]) -> dict[Key, int]:
    """The contacts that are known by these keys today."""
    return people.find(batch.organization_id, list(keys))


def insert(batch: Batch, owners: Mapping[Key, int], values: Mapping[Key, str]) -> None:
    """Note ids, verbatim, for their contacts; one that somebody has already stays there."""
    people.note(batch.organization_id, owners, values)
