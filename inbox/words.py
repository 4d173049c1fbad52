"""Plain sentences for people: kinds of messages, ticks, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbound.error_codes import Remedy
from outbound.words import remedy_for, words_for

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

# What a pending message waits for, by its entry's state.
WAITS = {
    "waiting": Tick("queued", "clock", _("Waiting for its turn")),
    "throttled": Tick("queued", "clock", _("Slowed; it leaves by itself")),
    "confirming": Tick("queued", "clock", _("Waiting for WhatsApp to confirm it")),
}

# What a message is, where its own words do not say it; with the icon of its row.
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
# Ids of a contact, as short as a column of them needs.
IDENTITY_KINDS: dict[str, _StrPromise] = {
    "phone": _("Phone"),
    "username": _("Username"),
    "bsuid": _("User id"),
    "parent_bsuid": _("Parent id"),
    "lid": _("Hidden id"),
    "group": _("Group"),
    "other": _("Other id"),
}
UNKNOWN_KIND = ("question", _("Message of a kind WhatsApp does not pass on"))
# What WhatsApp says of a message it does not pass on.
# Source: Cloud API, "Webhooks › unsupported messages".
HINTS: dict[str, tuple[str, _StrPromise]] = {
    "edit": ("pencil", _("Edited message")),
    "event": ("calendar", _("Event")),
    "gif": ("play", _("GIF")),
    "group_invite": ("people", _("Invitation to a group")),
    "hsm": ("template", _("Message template")),
    "image": ("image", _("Photo")),
    "interactive": ("list", _("Message with buttons or a list")),
    "keep_in_chat": ("lock", _("Kept message")),
    "link_preview": ("link", _("Link with a preview")),
    "list": ("list", _("List")),
    "location": ("pin", _("Location")),
    "media_placeholder": ("clip", _("Photo, video or file")),
    "order": ("bag", _("Order")),
    "pin": ("pin", _("Pinned message")),
    "poll_creation": ("list", _("Poll")),
    "poll_update": ("list", _("Vote in a poll")),
    "product": ("bag", _("Product")),
    "reaction": ("smile", _("Reaction")),
    "view_once": ("eye", _("Photo or video to be seen once")),
}
# Errors that come with a customer's message, by their code.
TROUBLES: dict[str, _StrPromise] = {
    "131051": _("WhatsApp does not pass this kind on; open it on the phone."),
    "131052": _(
        "WhatsApp could not fetch this file; it may be larger than 100 MB. "
        "Ask the customer to send it another way."
    ),
    "131060": _(
        "WhatsApp could not hand this message over. Open it on the phone, "
        "or ask the customer to send it again."
    ),
}


def kind_of(kind: str) -> tuple[str, _StrPromise]:
    """Icon and name of a kind, in words."""
    return KINDS.get(kind, UNKNOWN_KIND)


def trouble(code: str, said: str) -> str:
    """What is wrong with a message that arrived; the provider's own words where we have none."""
    if code in TROUBLES:
        return str(TROUBLES[code])
    if said:
        return gettext("WhatsApp reports a problem with this message: %(said)s") % {"said": said}
    return gettext("WhatsApp reports a problem with this message.")


def tick_of(status: str, entry_state: str = "") -> Tick:
    """A message's tick; what has not left says what its entry in the outbox waits for."""
    if status == "pending" and entry_state in WAITS:
        return WAITS[entry_state]
    return TICKS.get(status, TICKS["pending"])


def verdict(status: str, code: str, title: str) -> str:
    """What became of a message and what to do, or nothing where all is well."""
    if status == "needs_review":
        code = code or "unconfirmed"
    elif status != "failed" and not (status == "pending" and code):
        return ""
    return error_sentence(code, title)


def wants_template(code: str) -> bool:
    """Whether a message with this error can still be said by a (another) template."""
    return remedy_for(code) in {Remedy.WINDOW_CLOSED, Remedy.TEMPLATE_FIX}


def error_sentence(code: str, title: str) -> str:
    """The plain sentences of an error code; the provider's own words where we have none."""
    words = words_for(code, title=title)
    parts = [gettext(words.sentence), words.title, gettext(words.next_step)]
    return " ".join(part for part in parts if part)
