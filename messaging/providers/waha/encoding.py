"""Messages as WAHA wants them; pure.

An encoded message is a call: its method and path, and its JSON without the session, which is
the sender's. The bytes of a file stand beside it as `data`, and are put into it as it leaves.
Source: WAHA, "Send messages".
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from messaging.providers.outgoing import Outgoing, Recipient
from messaging.providers.values import mapping, rows, text
from messaging.providers.waha.chats import HIDDEN, PERSON
from messaging.providers.waha.vcards import vcard_of

Call = tuple[str, dict[str, Any]]  # the name of what is called, and its JSON

FILES = {
    "image": "sendImage",
    "video": "sendVideo",
    "voice": "sendVoice",
    "audio": "sendFile",
    "document": "sendFile",
}
# Where our name of a kind is not the content's.
KEYS = {"voice": "audio"}
CAPTIONED = frozenset({"image", "video", "document"})
REACTION = "reaction"


def encode(message: Outgoing) -> dict[str, Any]:
    """The call that sends `message`."""
    if message.kind == REACTION:
        return {"method": "PUT", "path": "/api/reaction", "json": _reaction(message)}
    name, body = CALLS[message.kind](message)
    quoted = {"reply_to": message.quoted} if message.quoted else {}
    chat = {"chatId": chat_of(message.recipient)}
    call = {"method": "POST", "path": f"/api/{name}", "json": {**chat, **body, **quoted}}
    return call | _data(message)


def chat_of(recipient: Recipient) -> str:
    """The chat of a person by number or hidden id; a group's id is its chat."""
    if recipient.kind == "phone":
        return recipient.value.removeprefix("+") + PERSON
    if recipient.kind == "lid" and "@" not in recipient.value:
        return recipient.value + HIDDEN
    return recipient.value


def _text(message: Outgoing) -> Call:
    wanted = mapping(message.content.get("text")).get("preview_url")
    preview = {"linkPreview": wanted} if isinstance(wanted, bool) else {}
    return "sendText", {"text": message.text, **preview}


def _file(message: Outgoing) -> Call:
    caption = message.kind in CAPTIONED and message.text.strip()
    body: dict[str, Any] = {"file": _file_object(message)}
    return FILES[message.kind], body | ({"caption": message.text} if caption else {})


def _file_object(message: Outgoing) -> dict[str, str]:
    """By an address if there is one: WAHA fetches it; else the bytes go along."""
    given = mapping(message.content.get(KEYS.get(message.kind, message.kind)))
    file = message.file
    if file is None:
        found = {"filename": text(given.get("filename")), "url": text(given.get("link"))}
    else:
        found = {"mimetype": file.mime_type, "filename": file.filename, "url": file.link}
    return {key: value for key, value in found.items() if value}


def _data(message: Outgoing) -> dict[str, str]:
    file = message.file
    if file is None or file.link or not file.data:
        return {}
    return {"data": base64.b64encode(file.data).decode()}


def _location(message: Outgoing) -> Call:
    place = mapping(message.content.get("location"))
    title = ", ".join(filter(None, (text(place.get("name")), text(place.get("address")))))
    where = {key: float(text(place.get(key)) or 0) for key in ("latitude", "longitude")}
    return "sendLocation", {**where, "title": title}


def _contacts(message: Outgoing) -> Call:
    cards = rows(message.content.get("contacts"))
    return "sendContactVcard", {"contacts": [{"vcard": vcard_of(card)} for card in cards]}


def _reaction(message: Outgoing) -> dict[str, Any]:
    given = mapping(message.content.get(REACTION))
    target = text(given.get("message_id")) or message.quoted
    return {"messageId": target, REACTION: text(given.get("emoji"))}


CALLS: dict[str, Callable[[Outgoing], Call]] = {
    **dict.fromkeys(FILES, _file),
    "text": _text,
    "location": _location,
    "contacts": _contacts,
}
