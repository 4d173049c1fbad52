"""Plain sentences for people: kinds of messages, ticks, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbound.words import words_for

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Tick(NamedTuple):
    """How a status is drawn beside a message of ours."""

    state: str
    icon: str
    label: _StrPromise


TICKS = {
    "pending": Tick("queued", "clock", _("Waiting to be sent")),
    "sending": Tick("queued", "clock", _("Being sent")),
    "accepted": Tick("sent", "sent", _("Accepted by WhatsApp")),
    "sent": Tick("sent", "sent", _("Sent")),
    "delivered": Tick("delivered", "delivered", _("Delivered")),
    "read": Tick("read", "delivered", _("Read")),
    "played": Tick("read", "delivered", _("Played")),
    "failed": Tick("failed", "error", _("Failed")),
    "needs_review": Tick("review", "question", _("Needs review")),
    "discarded": Tick("discarded", "bin", _("Discarded")),
}

# What a message is, where its content cannot be shown yet; with the icon of its row.
KINDS: dict[str, tuple[str, _StrPromise]] = {
    "image": ("image", _("Photo")),
    "video": ("play", _("Video")),
    "audio": ("mic", _("Audio file")),
    "voice": ("mic", _("Voice note")),
    "document": ("file", _("Document")),
    "sticker": ("smile", _("Sticker")),
    "location": ("pin", _("Location")),
    "contacts": ("card", _("Contact card")),
    "order": ("bag", _("Order")),
    "interactive": ("list", _("Choice from a list or buttons")),
    "button": ("reply", _("Pressed button")),
    "template": ("template", _("Message template")),
    "reaction": ("smile", _("Reaction")),
    "edit": ("pencil", _("Edited message")),
    "revoke": ("bin", _("Deleted message")),
    "system": ("swap", _("News about this contact")),
    "request_welcome": ("handset", _("First opening of this chat")),
    "note": ("lock", _("Internal note")),
    "event": ("swap", _("Event")),
    "poll": ("list", _("Poll")),
}
UNKNOWN_KIND = ("question", _("Message of a kind WhatsApp does not pass on"))


def kind_of(kind: str) -> tuple[str, _StrPromise]:
    """Icon and name of a kind, in words."""
    return KINDS.get(kind, UNKNOWN_KIND)


def verdict(status: str, code: str, title: str) -> str:
    """What became of a message and what to do, or nothing where all is well."""
    if status == "needs_review":
        code = code or "unconfirmed"
    elif status != "failed":
        return ""
    return error_sentence(code, title)


def error_sentence(code: str, title: str) -> str:
    """The plain sentences of an error code; the provider's own words where we have none."""
    words = words_for(code, title=title)
    parts = [gettext(words.sentence), words.title, gettext(words.next_step)]
    return " ".join(part for part in parts if part)
