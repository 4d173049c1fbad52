"""The panel beside a conversation: everything about the person, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from inbox import consents, contacts, dossiers, rows
from inbox.unions import Union
from messaging.describing import LONGEST_NAME, LONGEST_VALUE, MOST_DETAILS

if TYPE_CHECKING:
    from messaging.models import Conversation, Membership


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An edit that was refused: what was typed, and why it does not do."""

    section: str
    sentences: tuple[str, ...]
    former: str = ""
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which pages of the long sections are shown, and what was refused before."""

    episodes: str = ""
    files: str = ""
    trial: Trial | None = None
    limits: dict[str, int] = field(
        default_factory=lambda: {"name": LONGEST_NAME, "value": LONGEST_VALUE, "most": MOST_DETAILS}
    )


def context_of(
    membership: Membership, conversation: Conversation, place: Place | None = None
) -> dict[str, Any]:
    """Of a conversation found by `screens.conversation_for_thread`. Raises BadCursor."""
    place = place or Place()
    contact = conversation.contact.person
    [person] = contacts.people(membership, [contact])
    return {
        "membership": membership,
        "conversation": conversation,
        "row": rows.row_of(Union(conversation), now=timezone.now()),
        "person": person,
        "details": sorted(contact.attributes.items(), key=lambda each: each[0].casefold()),
        "dossier": dossiers.dossier_of(
            {each.pk for each in person.conversations},
            periods_before=place.episodes,
            files_before=place.files,
        ),
        "journal": contacts.journal(contact),
        "standing": consents.standing(contact, conversation.channel_id),
        "place": place,
        "trial": place.trial,
        "has_panel": True,
    }
