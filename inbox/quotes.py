"""Who wrote a message, what it answers, and what it said before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from inbox import faces
from inbox.gists import gist_of
from inbox.reactions import by_time
from messaging.models import AmendmentKind, AuthorType, Direction, Message
from messaging.providers.values import mapping, text

if TYPE_CHECKING:
    from inbox.bubbles import Reader

LONGEST_QUOTE = 200
# Whoever is neither the reader nor a colleague gets a glyph beside their name.
AUTHOR_ICONS = {AuthorType.PHONE_APP.value: "handset", AuthorType.AUTOMATION.value: "robot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a message answers; without an id it is not here."""

    message_id: int | None
    of: str
    name: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What a message said from `at` until it was edited."""

    text: str
    at: datetime


def author_of(message: Message, reader: Reader) -> str:
    """The name over a bubble; nothing over the reader's own and the contact's."""
    if message.direction == Direction.IN:
        # In a group everybody is on the other side, so it has to be said who.
        return faces.contact_name(message.sender) if message.sender else ""
    if message.author_id is not None and message.author_id == reader.user.pk:
        return ""
    if message.author is not None:
        return str(message.author)
    return str(
        {
            AuthorType.PHONE_APP: _("Phone app"),
            AuthorType.AUTOMATION: _("Automation"),
        }.get(AuthorType(message.author_type), _("System"))
    )


def quote_of(message: Message, reader: Reader) -> Quote | None:
    quoted = message.reply_to
    if quoted is None:
        return _missing_quote(message)
    mine = quoted.author_id == reader.user.pk and quoted.direction != Direction.IN
    is_in = quoted.direction == Direction.IN
    author = _("You") if mine else author_of(quoted, reader)
    gist = gist_of(quoted)
    return Quote(
        message_id=quoted.pk,
        of="contact" if is_in else "agent",
        name=(author or reader.contact_name) if is_in else author,
        icon=gist.icon,
        text=gist.text[:LONGEST_QUOTE],
    )


def _missing_quote(message: Message) -> Quote | None:
    """An answer to what we never got; what a product enquiry names is no message at all."""
    context = mapping(mapping(message.content).get("context"))
    if not message.reply_to_provider_id or context.get("referred_product"):
        return None
    return Quote(
        message_id=None,
        of="contact",
        name=_("Earlier message"),
        icon="",
        text=_("This message is not here."),
    )


def former_of(message: Message) -> list[Former]:
    """What an edited message said before, oldest first."""
    if message.edited_at is None:
        return []
    edits = by_time(message, AmendmentKind.EDIT)
    first = text(mapping(message.original).get("text"))
    return [
        Former(text=first, at=message.sort_at),
        *(Former(text=edit.text, at=edit.at) for edit in edits[:-1]),
    ]
