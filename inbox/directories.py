"""People in the order of their names, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, IntegerField, Q, When
from django.db.models.functions import Lower

from inbox import access, contacts, faces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet

    from inbox.contacts import Person
    from messaging.models import Contact, ContactIdentity, Membership

PAGE = 50
# The same expressions as in the index `contact_by_name`: whoever has no name comes last.
NAMELESS = Case(When(name="", then=1), default=0, output_field=IntegerField())


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody in a list of people."""

    person: Person
    name: str
    handle: str
    tint: int


@dataclass(frozen=True, slots=True)
class People:
    """A page, and whom the next one comes after; None on the last one."""

    entries: Sequence[Entry]
    after: int | None


def page_of(
    membership: Membership, *, text: str = "", after: int | None = None, without: int | None = None
) -> People:
    """By name, after somebody; of all, or of whom `text` finds. Four queries at most."""
    people = access.contacts(membership)
    if without is not None:
        people = people.exclude(pk=without)
    if text:
        people = contacts.named(people, text)
    rows = people.annotate(nameless=NAMELESS, sorted_name=Lower("name"))
    if after is not None:
        rows = _below(rows, membership, after)
    found = list(rows.order_by("nameless", "sorted_name", "pk")[: PAGE + 1])
    entries = [entry_of(person) for person in contacts.people(membership, found[:PAGE])]
    return People(entries, found[PAGE - 1].pk if len(found) > PAGE else None)


def entry_of(person: Person) -> Entry:
    """How a list calls a person."""
    handle = faces.handle_of(_in_use(person.identities))
    name = person.contact.name.strip() or handle or "–"
    return Entry(person, name, handle, faces.tint(person.contact.pk))


def pair_of(membership: Membership, one: Contact, other: Contact) -> list[Entry]:
    """Two to compare, the one known longer first: it keeps its place."""
    rows = sorted((one, other), key=lambda each: each.pk)
    return [entry_of(person) for person in contacts.people(membership, rows)]


def _below(rows: QuerySet[Any], membership: Membership, after: int) -> QuerySet[Any]:
    """Those behind one who was shown; from the start where they are gone."""
    last = (
        access.contacts(membership)
        .filter(pk=after)
        .annotate(nameless=NAMELESS, sorted_name=Lower("name"))
        .values_list("nameless", "sorted_name")
        .first()
    )
    if last is None:
        return rows
    nameless, name = last
    return rows.filter(
        Q(nameless__gt=nameless)
        | Q(nameless=nameless, sorted_name__gt=name)
        | Q(nameless=nameless, sorted_name=name, pk__gt=after)
    )


def _in_use(identities: Iterable[ContactIdentity]) -> list[ContactIdentity]:
    return [each for each in identities if each.retired_at is None]
