"""Who reacted to a message, and with what: only what still stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from inbox import faces
from messaging.models import AmendmentKind, AuthorType

if TYPE_CHECKING:
    from messaging.models import Amendment, Contact, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """All reactions to one message: each emoji once, how many people, who with what."""

    emojis: tuple[str, ...]
    count: int
    who: str


def standing(message: Message) -> list[Amendment]:
    """Each author's newest reaction, oldest first; none of who took theirs back.

    Needs `amendments` with their contacts prefetched where many messages are asked for.
    """
    newest: dict[str, Amendment] = {}
    for amendment in by_time(message, AmendmentKind.REACTION):
        person = amendment.contact.person.pk if amendment.contact else ""
        newest[str(person) or amendment.author_key] = amendment
    found = [amendment for amendment in newest.values() if amendment.emoji]
    return sorted(found, key=_moment)


def by_time(message: Message, kind: AmendmentKind) -> list[Amendment]:
    """What was done to a message, oldest first."""
    found = (amendment for amendment in message.amendments.all() if amendment.kind == kind)
    return sorted(found, key=_moment)


def chip_of(message: Message, contact_name: str) -> Chip | None:
    """The chip below a bubble, or None where nobody reacts; the name is the conversation's."""
    found = standing(message)
    if not found:
        return None
    return Chip(
        emojis=tuple(dict.fromkeys(amendment.emoji for amendment in found)),
        count=len(found),
        who=", ".join(f"{_name(each, contact_name)} {each.emoji}" for each in found),
    )


def reactions_json(message: Message, contact: Contact) -> list[dict[str, Any]]:
    """The contract's `reactions`; `contact` is the conversation's."""
    return [
        {"emoji": amendment.emoji, "by": _by(amendment, contact)} for amendment in standing(message)
    ]


def _by(amendment: Amendment, contact: Contact) -> dict[str, Any]:
    if amendment.author_type != AuthorType.CONTACT:
        return {"type": amendment.author_type, "id": None, "name": ""}
    # Only inside a group is somebody named; elsewhere it is who we talk to.
    person = (amendment.contact or contact).person
    return {"type": AuthorType.CONTACT, "id": person.pk, "name": faces.spoken_name(person)}


def _name(amendment: Amendment, contact_name: str) -> str:
    if amendment.author_type == AuthorType.CONTACT:
        return faces.contact_name(amendment.contact) if amendment.contact else contact_name
    is_phone = amendment.author_type == AuthorType.PHONE_APP
    return _("Phone app") if is_phone else _("You")


def _moment(amendment: Amendment) -> tuple[Any, int]:
    return amendment.at, amendment.pk
