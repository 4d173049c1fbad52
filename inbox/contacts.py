"""People as agents see them: their ids, what they were merged from, who they may also be.

Merging and parting are decided here for one member: both contacts must be theirs to see, and an
auditor only reads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext, gettext_noop

from inbox import access, faces
from messaging import merging
from messaging.models import (
    Contact,
    ContactIdentity,
    ContactMerge,
    Conversation,
    IdentityKind,
    Membership,
    MergeSuggestion,
    SuggestionState,
)

if TYPE_CHECKING:
    from datetime import datetime

BY_AGENT = gettext_noop("An agent said that they are one person.")
KIND_ORDER = [kind.value for kind in IdentityKind]
FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Person:
    """One person with all that belongs to them and the member may see."""

    contact: Contact
    identities: tuple[ContactIdentity, ...]
    conversations: tuple[Conversation, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Who somebody may also be, and why we think so."""

    id: int
    name: str
    handle: str
    reason: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A line of the journal: who became a part, and whether they still are."""

    id: int
    name: str
    reason: str
    by: str
    at: datetime
    is_running: bool


def people(membership: Membership, contacts: Iterable[Contact]) -> list[Person]:
    """Contacts found by `access.contacts`, with their families' ids and visible conversations.

    Three queries, however many they are.
    """
    rows = list(contacts)
    roots = merging.family([contact.pk for contact in rows])
    identities: dict[int, list[ContactIdentity]] = defaultdict(list)
    for identity in ContactIdentity.objects.filter(contact__in=roots):
        identities[roots[identity.contact_id]].append(identity)
    conversations: dict[int, list[Conversation]] = defaultdict(list)
    visible = access.conversations(membership).filter(contact__in=roots)
    for conversation in visible.select_related("channel").order_by("pk"):
        conversations[roots[conversation.contact_id]].append(conversation)
    return [
        Person(row, _in_order(identities[row.pk]), tuple(conversations[row.pk])) for row in rows
    ]


def named(rows: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Contacts whose name or id contains `text`; a phone number may be written with spaces."""
    text = text.strip()
    ids = Q(value__icontains=text.removeprefix("@"))
    digits = "".join(char for char in text if char.isascii() and char.isdecimal())
    if len(digits) >= FEWEST_DIGITS and not any(char.isalpha() for char in text):
        ids |= Q(kind=IdentityKind.PHONE, value__contains=digits)
    owners = ContactIdentity.objects.filter(ids).values("contact")
    return rows.filter(Q(name__icontains=text) | Q(pk__in=owners))


def suggestions(membership: Membership, contact_ids: Collection[int]) -> list[Suggestion]:
    """Open questions about one person (all of whose contacts are given), as far as the member
    may see the other one.
    """
    theirs = set(contact_ids)
    rows = MergeSuggestion.objects.filter(
        Q(contact__in=theirs) | Q(other__in=theirs), state=SuggestionState.OPEN
    ).select_related("contact", "other")
    others = {row.pk: _other(row, theirs) for row in rows.order_by("pk")}
    wanted = set(others.values()) - theirs
    if not wanted:
        return []
    seen = access.contacts(membership).filter(pk__in=wanted).prefetch_related("identities")
    known = {contact.pk: contact for contact in seen}
    return [
        Suggestion(
            id=row.pk,
            name=faces.contact_name(other),
            handle=faces.contact_handle(other),
            reason=gettext(row.reason),
        )
        for row in rows
        if (other := known.get(others[row.pk]))
    ]


def journal(contact: Contact) -> list[Joined]:
    """What this person was merged from, newest first."""
    rows = ContactMerge.objects.filter(Q(target=contact) | Q(target__merged_into=contact))
    merges = list(rows.select_related("source", "merged_by").order_by("-merged_at", "-pk"))
    moved = {pk for merge in merges for pk in merge.identity_ids}
    identities = ContactIdentity.objects.in_bulk(moved)
    return [
        Joined(
            id=merge.pk,
            name=_former_name(merge, identities),
            reason=gettext(merge.reason) if merge.reason else "",
            by=str(merge.merged_by or ""),
            at=merge.merged_at,
            is_running=merge.undone_at is None,
        )
        for merge in merges
    ]


def accept(membership: Membership, suggestion_id: int) -> Contact:
    """Merge the two; the one known longer keeps its place. Raises Http404, PermissionDenied."""
    suggestion = _suggestion(membership, suggestion_id)
    older, newer = sorted([_root(suggestion.contact), _root(suggestion.other)])
    merging.merge_now(newer, older, reason=BY_AGENT, by=membership.user)
    return access.contact_or_404(membership, older)


def join(membership: Membership, contact_id: int, other_id: int) -> Contact:
    """Two people that an agent says are one; the one known longer keeps its place.

    Raises Http404 or PermissionDenied.
    """
    _must_write(membership)
    found = {access.contact_or_404(membership, pk).pk for pk in (contact_id, other_id)}
    older, newer = min(found), max(found)
    merging.merge_now(newer, older, reason=BY_AGENT, by=membership.user)
    return access.contact_or_404(membership, older)


def reject(membership: Membership, suggestion_id: int) -> Contact:
    """Not the same person. Raises Http404, PermissionDenied."""
    suggestion = _suggestion(membership, suggestion_id)
    merging.reject(suggestion.pk, by=membership.user)
    return access.contact_or_404(membership, suggestion.contact_id)


def part(membership: Membership, merge_id: int) -> Contact:
    """Undo a merge; nothing happens where it was undone. Raises Http404, PermissionDenied."""
    _must_write(membership)
    rows = ContactMerge.objects.filter(organization_id=membership.organization_id)
    merge = rows.filter(pk=min(merge_id, access.LARGEST_ID)).first()
    if merge is None:
        raise Http404
    contact = access.contact_or_404(membership, merge.target_id)
    merging.undo(merge.pk, by=membership.user)
    return contact


def place_of(membership: Membership, contact: Contact) -> Conversation | None:
    """The person's conversation with the newest activity that the member may see."""
    family = merging.family([contact.pk])
    rows = access.conversations(membership).filter(contact__in=family)
    return rows.order_by("-last_activity_at", "-pk").first()


def _suggestion(membership: Membership, suggestion_id: int) -> MergeSuggestion:
    _must_write(membership)
    rows = MergeSuggestion.objects.filter(organization_id=membership.organization_id)
    found = (
        rows.select_related("contact", "other")
        .filter(pk=min(suggestion_id, access.LARGEST_ID))
        .first()
    )
    if found is None:
        raise Http404
    access.contact_or_404(membership, found.contact_id)
    access.contact_or_404(membership, found.other_id)
    return found


def _must_write(membership: Membership) -> None:
    if not membership.replies:
        raise PermissionDenied


def _other(row: MergeSuggestion, theirs: set[int]) -> int:
    return _root(row.other) if row.contact_id in theirs else _root(row.contact)


def _root(contact: Contact) -> int:
    return contact.merged_into_id or contact.pk


def _former_name(merge: ContactMerge, identities: dict[int, ContactIdentity]) -> str:
    """A part without a name is called by an id that it brought."""
    brought = (identities[pk] for pk in merge.identity_ids if pk in identities)
    return merge.source.name.strip() or faces.handle_of(brought) or "–"


def _in_order(identities: Iterable[ContactIdentity]) -> tuple[ContactIdentity, ...]:
    """Ids in use first, the readable kinds before the others."""
    return tuple(
        sorted(
            identities,
            key=lambda each: (each.retired_at is not None, KIND_ORDER.index(each.kind), each.pk),
        )
    )
