"""Two contacts who are one person: merging, parting again, and asking whether they are.

A merge makes `source` and its parts parts of `target`: `merged_into` names the root and is never
two deep. Ids move to the root, messages never move; screens show the union. The journal
(`ContactMerge`) keeps what moved, so that a merge can be undone exactly.

Whoever looks a contact up by an id takes `merged_into` where it is set: an id that was learned
while a merge committed may still belong to a part.

Locks: the organisation's turn, contacts by primary key, then conversations by primary key, then
the organisation's counter. Contacts are locked FOR NO KEY UPDATE, so that rows which only refer
to them never wait.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from messaging import carrying, timeline
from messaging.models import ContactMerge, MergeSuggestion, SuggestionState
from messaging.sql import execute

if TYPE_CHECKING:
    from messaging.models import User

LONGEST_REASON = 200
TURN_CLASS = 7202  # first key of the advisory locks by which merges take turns


class DifferentOrganizations(ValueError):
    """Nothing crosses the border of an organisation."""


@dataclass(frozen=True, slots=True)
class _Locked:
    id: int
    organization_id: int
    merged_into_id: int | None

    @property
    def root(self) -> int:
        return self.merged_into_id or self.id


def merge(
    source_id: int, target_id: int, *, reason: str, by: User | None = None
) -> ContactMerge | None:
    """Make `source` (or its root) a part of `target` (or its root), in the caller's transaction.

    None where they are one already or one of them is gone. The caller then locks
    `touched_conversations`, calls `carrying.carry_over` and ends with `timeline.publish`, so
    that lists and screens hear of it. Raises DifferentOrganizations.
    """
    contacts = _lock({source_id, target_id})
    if source_id not in contacts or target_id not in contacts:
        return None
    source, target = contacts[contacts[source_id].root], contacts[contacts[target_id].root]
    if source.id == target.id:
        return None
    if source.organization_id != target.organization_id:
        raise DifferentOrganizations
    moved = [contact.id for contact in contacts.values() if contact.merged_into_id == source.id]
    journal = ContactMerge.objects.create(
        organization_id=source.organization_id,
        source_id=source.id,
        target_id=target.id,
        reason=reason[:LONGEST_REASON],
        merged_by=by,
        contact_ids=moved,
        identity_ids=_move_identities(source.id, target.id),
        carried=carrying.take_over(source.id, target.id),
    )
    _set_root([source.id, *moved], target.id)
    _close_suggestions(contacts.values(), journal)
    return journal


def merge_now(
    source_id: int, target_id: int, *, reason: str, by: User | None = None
) -> ContactMerge | None:
    """`merge` in a transaction of its own, published."""
    with transaction.atomic():
        journal = merge(source_id, target_id, reason=reason, by=by)
        if journal is not None:
            conversations = timeline.lock(touched_conversations([journal.target_id]))
            carrying.carry_over([journal], conversations)
            timeline.publish(conversations.values())
    return journal


def undo(merge_id: int, *, by: User | None) -> bool:
    """Part what a merge joined; False where it was undone before.

    What it moved goes back, as far as it still belongs to the person; ids learned later stay
    with the root. Merges made on top of this one forget what leaves with it, so they can be
    undone in any order.
    """
    with transaction.atomic():
        journal = ContactMerge.objects.get(pk=merge_id)
        contacts = _lock({journal.source_id, journal.target_id})
        is_running = ContactMerge.objects.filter(pk=merge_id, undone_at__isnull=True)
        if not is_running.update(undone_at=Now(), undone_by=by):
            return False
        journal.refresh_from_db()
        root = contacts[journal.source_id].root
        conversations = timeline.lock(touched_conversations([root]))
        _part(journal, root)
        carrying.give_back(journal, conversations)
        timeline.publish(conversations.values())
    return True


def suggest(organization_id: int, pairs: Iterable[tuple[int, int]], *, reason: str) -> None:
    """Ask agents about pairs of contacts, in one statement; a pair is asked about once."""
    ordered = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    if not ordered:
        return
    execute(
        """
        INSERT INTO messaging_mergesuggestion (organization_id, contact_id, other_id, reason)
        SELECT %s, row.contact_id, row.other_id, %s
        FROM unnest(%s::bigint[], %s::bigint[]) AS row(contact_id, other_id)
        ON CONFLICT (contact_id, other_id) DO NOTHING
        """,
        [
            organization_id,
            reason[:LONGEST_REASON],
            [contact for contact, _ in ordered],
            [other for _, other in ordered],
        ],
    )


def reject(suggestion_id: int, *, by: User) -> bool:
    """Not the same person: they are not asked about again. False where it was decided before."""
    rows = MergeSuggestion.objects.filter(pk=suggestion_id, state=SuggestionState.OPEN)
    decided = rows.update(state=SuggestionState.REJECTED, decided_by=by, decided_at=Now())
    return bool(decided)


def family(contact_ids: Collection[int]) -> dict[int, int]:
    """Everybody who is one person with one of `contact_ids`, each with the id of their root."""
    rows = execute(
        """
        WITH root AS (
          SELECT DISTINCT coalesce(merged_into_id, id) AS id FROM messaging_contact
          WHERE id = ANY(%s)
        )
        SELECT id, id FROM root UNION ALL
        SELECT part.id, root.id FROM root
        JOIN messaging_contact AS part ON part.merged_into_id = root.id
        """,
        [sorted(contact_ids)],
    )
    return dict(rows)


def touched_conversations(contact_ids: Collection[int]) -> list[int]:
    """Conversations of everybody who is one person with one of `contact_ids`, to be locked."""
    rows = execute(
        "SELECT id FROM messaging_conversation WHERE contact_id = ANY(%s) ORDER BY id",
        [sorted(family(contact_ids))],
    )
    return [conversation_id for (conversation_id,) in rows]


def lock_family(contact_id: int) -> list[int]:
    """Lock everybody who is one person with this contact until the transaction ends; their ids."""
    return sorted(_lock({contact_id}))


def _lock(contact_ids: set[int]) -> dict[int, _Locked]:
    """Lock whole families. One merge at a time in an organisation, so that none can grow."""
    execute(TAKE_TURN, [TURN_CLASS, sorted(contact_ids)])
    rows = execute(LOCK, [sorted(family(contact_ids))])
    return {row[0]: _Locked(*row) for row in rows}


def _move_identities(source_id: int, target_id: int) -> list[int]:
    rows = execute(
        """
        UPDATE messaging_contactidentity SET contact_id = %s WHERE contact_id = %s RETURNING id
        """,
        [target_id, source_id],
    )
    return sorted(identity_id for (identity_id,) in rows)


def _set_root(contact_ids: list[int], root_id: int) -> None:
    execute(
        "UPDATE messaging_contact SET merged_into_id = %s WHERE id = ANY(%s)",
        [root_id, contact_ids],
    )


def _close_suggestions(contacts: Collection[_Locked], journal: ContactMerge) -> None:
    ours = [contact.id for contact in contacts if contact.root == journal.source_id]
    theirs = [contact.id for contact in contacts if contact.root == journal.target_id]
    between = Q(contact__in=ours, other__in=theirs) | Q(contact__in=theirs, other__in=ours)
    rows = MergeSuggestion.objects.filter(between, state=SuggestionState.OPEN)
    rows.update(
        state=SuggestionState.MERGED,
        decided_by_id=journal.merged_by_id,
        decided_at=journal.merged_at,
    )


def _part(journal: ContactMerge, root_id: int) -> None:
    """The reverse of a merge, under `root_id`, which may be the root of a later merge."""
    parts = execute(
        """
        UPDATE messaging_contact SET merged_into_id = CASE WHEN id = %(source)s THEN NULL
          ELSE %(source)s END
        WHERE id = ANY(%(ids)s) AND merged_into_id = %(root)s RETURNING id
        """,
        {
            "source": journal.source_id,
            "root": root_id,
            "ids": [journal.source_id, *journal.contact_ids],
        },
    )
    identities = execute(
        """
        UPDATE messaging_contactidentity SET contact_id = %s
        WHERE id = ANY(%s) AND contact_id = %s RETURNING id
        """,
        [journal.source_id, journal.identity_ids, root_id],
    )
    _forget_above(journal, {pk for (pk,) in parts}, {pk for (pk,) in identities})
    _ask_again(journal)


def _forget_above(journal: ContactMerge, contacts: set[int], identities: set[int]) -> None:
    above = ContactMerge.objects.filter(
        undone_at__isnull=True, contact_ids__contains=[journal.source_id]
    )
    for later in above.exclude(source_id=journal.source_id):
        later.contact_ids = [pk for pk in later.contact_ids if pk not in contacts]
        later.identity_ids = [pk for pk in later.identity_ids if pk not in identities]
        later.save(update_fields=["contact_ids", "identity_ids"])


def _ask_again(journal: ContactMerge) -> None:
    """Suggestions that this very merge answered are open again."""
    answered = MergeSuggestion.objects.filter(
        organization_id=journal.organization_id,
        state=SuggestionState.MERGED,
        decided_at=journal.merged_at,
    )
    answered.update(state=SuggestionState.OPEN, decided_by=None, decided_at=None)


TAKE_TURN = """
SELECT pg_advisory_xact_lock(%s, organization_id::int) FROM (
  SELECT DISTINCT organization_id FROM messaging_contact WHERE id = ANY(%s) ORDER BY 1
) AS place
"""

LOCK = """
SELECT id, organization_id, merged_into_id FROM messaging_contact
WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
