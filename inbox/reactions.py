"""Who reacted to a message, and with what: only what still stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from inbox import faces
from messaging.models import AmendmentKind, AuthorType
from messaging.reacting import UNDONE

if TYPE_CHECKING:
    from messaging.models import Amendment, Contact, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """All reactions to one message: each emoji once, how many people, who with what, and ours."""

    emojis: tuple[str, ...]
    count: int
    who: str
    ours: str = ""


def standing(message: Message) -> list[Amendment]:
    """Each author's newest reaction, oldest first; none of who took theirs back, nor of ours what
    did not leave.

    Needs `amendments` with their contacts and our messages prefetched where there are many.
    """
    newest: dict[str, Amendment] = {}
    for amendment in by_time(message, AmendmentKind.REACTION):
        if amendment.sent_as and amendment.sent_as.status in UNDONE:
            continue
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
        ours=next((each.emoji for each in found if each.author_type != AuthorType.CONTACT), ""),
    )


def reactions_json(message: Message, contact: Contact) -> list[dict[str, Any]]:
    """The contract's `reactions`; `contact` is the conversation's."""
    return [
        {"emoji": amendment.emoji, "by": _by(amendment, contact)} for amendment in standing(message)
    ]


def _by(amendment: Amendment, contact: Contact) -> dict[str, Any]:
    author = amendment.sent_as.author if amendment.sent_as else None
    if amendment.author_type != AuthorType.CONTACT:
        name = str(author) if author else ""
        return {"type": amendment.author_type, "id": author.pk if author else None, "name": name}
    # Only inside a group is somebody named; elsewhere it is who we talk to.
    person = (amendment.contact or contact).person
    return {"type": AuthorType.CONTACT, "id": person.pk, "name": faces.spoken_name(person)}


def _name(amendment: Amendment, contact_name: str) -> str:
    if amendment.author_type == AuthorType.CONTACT:
        return faces.contact_name(amendment.contact) if amendment.contact else contact_name
    if amendment.author_type == AuthorType.PHONE_APP:
        return _("Phone app")
    author = amendment.sent_as.author if amendment.sent_as else None
    return str(author) if author else _("Automation")


def _moment(amendment: Amendment) -> tuple[Any, int]:
    return amendment.at, amendment.pk
