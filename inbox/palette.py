"""Whom the command palette jumps to: people by name or number, and where one talks with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbox import access, contacts, faces
from inbox.searching import MOST_PEOPLE, cleaned
from messaging import merging

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from messaging.models import Contact, Conversation, Membership

FEWEST_LETTERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Somebody, and their conversation with the newest activity; without one, only themselves."""

    name: str
    handle: str
    contact_id: int
    conversation_id: int | None = None
    channel: str = ""
    active_at: datetime | None = None


def goals(membership: Membership, text: str) -> list[Goal]:
    """The first few whose name or number contains `text`, by name; in a fixed number of queries."""
    text = cleaned(text)
    if len(text) < FEWEST_LETTERS:
        return []
    rows = contacts.named(access.contacts(membership), text).prefetch_related("identities")
    people = list(rows.order_by("name", "pk")[:MOST_PEOPLE])
    places = _places(membership, people)
    return [_goal(person, places.get(person.pk)) for person in people]


def _places(membership: Membership, people: Sequence[Contact]) -> dict[int, Conversation]:
    """Of each person, merged parts and all, the visible conversation that was active last."""
    roots = merging.family([person.pk for person in people]) if people else {}
    return {roots[each.contact_id]: each for each in _conversations(membership, roots)}


def _conversations(membership: Membership, family: Collection[int]) -> list[Conversation]:
    visible = access.conversations(membership).filter(contact__in=family)
    newest = visible.order_by("contact", "-last_activity_at", "-pk").distinct("contact")
    found = newest.select_related("channel")
    return sorted(found, key=lambda each: (each.last_activity_at, each.pk))


def _goal(person: Contact, place: Conversation | None) -> Goal:
    return Goal(
        name=faces.contact_name(person),
        handle=faces.contact_handle(person),
        contact_id=person.pk,
        conversation_id=place.pk if place else None,
        channel=place.channel.name if place else "",
        active_at=place.last_activity_at if place else None,
    )
