"""Messages as the Cloud API wants them; pure.

A message's content already holds the Cloud API's own object of its kind. What stands in columns
of their own (text, quote, file) is put back into it; of an object that we know, only the keys
that may be sent.
Source: Cloud API reference, "Messages"; Graph API, "Business-scoped user IDs".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from messaging.providers.outgoing import Outgoing, Recipient
from messaging.providers.values import mapping, rows, text

LINK = re.compile(r"https?://\S", re.IGNORECASE)
# Where our name of a kind is not the platform's.
TYPES = {"voice": "audio"}
CAPTIONED = frozenset({"image", "video", "document"})
PLACE = ("latitude", "longitude", "name", "address")
FILE = ("id", "link", "filename")


def encode(message: Outgoing) -> dict[str, Any]:
    """The JSON body of `POST /{phone_number_id}/messages`."""
    kind = TYPES.get(message.kind, message.kind)
    request: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_address(message.recipient),
        "type": kind,
        kind: OBJECTS.get(kind, _as_it_is)(message),
    }
    # A reaction is about a message already; it quotes none.
    if message.quoted and kind != "reaction":
        request["context"] = {"message_id": message.quoted}
    if message.opaque:
        request["biz_opaque_callback_data"] = message.opaque
    return request


def _address(recipient: Recipient) -> dict[str, str]:
    # Where both are given `to` wins, so only one is.
    if recipient.kind == "phone":
        return {"to": f"+{recipient.value.removeprefix('+')}"}
    return {"recipient": recipient.value}


def _text(message: Outgoing) -> dict[str, Any]:
    wanted = mapping(message.content.get("text")).get("preview_url")
    # A preview is drawn only where the text has an http link; asking for one without it
    # is refused by some versions.
    has_link = LINK.search(message.text) is not None
    return {"preview_url": has_link and wanted is not False, "body": message.text}


def _file(message: Outgoing) -> dict[str, Any]:
    kind = TYPES.get(message.kind, message.kind)
    given = mapping(message.content.get(kind))
    found: dict[str, Any] = {key: given[key] for key in FILE if given.get(key)}
    if message.file is not None:
        found.pop("id", None)
        found.pop("link", None)
        found |= _whereabouts(message)
    if kind != "document":
        found.pop("filename", None)
    if kind in CAPTIONED and message.text.strip():
        found["caption"] = message.text
    if message.kind == "voice":
        found["voice"] = True
    return found


def _whereabouts(message: Outgoing) -> dict[str, Any]:
    """How the platform gets at a file of ours; what it has already is quicker."""
    file = message.file
    if file is None:
        return {}
    name = {"filename": file.filename} if file.filename else {}
    return ({"id": file.provider_id} if file.provider_id else {"link": file.link}) | name


def _location(message: Outgoing) -> dict[str, Any]:
    place = mapping(message.content.get("location"))
    return {key: place[key] for key in PLACE if place.get(key) not in (None, "")}


def _reaction(message: Outgoing) -> dict[str, Any]:
    given = mapping(message.content.get("reaction"))
    target = text(given.get("message_id")) or message.quoted
    return {"message_id": target, "emoji": text(given.get("emoji"))}


def _template(message: Outgoing) -> dict[str, Any]:
    """As it was filled in; a file of ours in its header under the platform's id."""
    given = mapping(message.content.get("template"))
    if message.file is None:
        return given
    parts = [_with_file(message, part) for part in rows(given.get("components"))]
    return {**given, "components": parts}


def _with_file(message: Outgoing, part: dict[str, Any]) -> dict[str, Any]:
    if part.get("type") != "header":
        return part
    return {**part, "parameters": [_found(message, each) for each in rows(part.get("parameters"))]}


def _found(message: Outgoing, parameter: dict[str, Any]) -> dict[str, Any]:
    kind = text(parameter.get("type"))
    if "upload" not in mapping(parameter.get(kind)):
        return parameter
    where = _whereabouts(message)
    if kind != "document":
        where.pop("filename", None)
    return {**parameter, kind: where}


def _as_it_is(message: Outgoing) -> Any:
    """Contacts and interactive messages are the platform's own object throughout."""
    return message.content.get(message.kind)


OBJECTS: dict[str, Callable[[Outgoing], Any]] = {
    "text": _text,
    "image": _file,
    "video": _file,
    "audio": _file,
    "document": _file,
    "sticker": _file,
    "location": _location,
    "reaction": _reaction,
    "template": _template,
}
