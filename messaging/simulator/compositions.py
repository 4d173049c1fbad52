"""What a customer can do on a phone, as the platform tells it: `type` alone is enough."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from messaging.simulator.files import SAMPLES, Files
from messaging.simulator.phones import Chat
from messaging.simulator.switches import Unacceptable

Json = dict[str, Any]

ABOUT_OTHERS = frozenset({"reaction", "edit", "revoke"})
PLACE = {
    "latitude": 38.7139,
    "longitude": -9.1394,
    "name": "Largo do Carmo",
    "address": "Largo do Carmo, 1200-092 Lisboa",
}
CARD = {
    "name": {"formatted_name": "Matilde Sá", "first_name": "Matilde", "last_name": "Sá"},
    "phones": [{"phone": "+351 912 345 678", "type": "CELL", "wa_id": "351912345678"}],
}


def compose(content: Json, *, files: Files, chat: Chat | None) -> Json:
    """`content` with what it leaves out of the object of its type. Raises Unacceptable.

    A `voice` is an `audio` to the platform. `data` is a file in base64.
    """
    kind = content["type"]
    given = content.get(kind)
    data = content.pop("data", None)
    if kind in SAMPLES:
        name = "audio" if kind == "voice" else kind
        content.pop(kind, None)
        fields = given if isinstance(given, dict) else {}
        return content | {"type": name, name: files.describe(kind, fields, data)}
    if kind == "contacts":
        return content | {"contacts": given or [CARD]}
    fill = FILL.get(kind)
    return (
        content | {kind: fill(given if isinstance(given, dict) else {}, chat)} if fill else content
    )


def _place(given: Json, _: Chat | None) -> Json:
    return given or PLACE


def _reaction(given: Json, chat: Chat | None) -> Json:
    target = given.get("message_id") or _latest(chat, "in")
    return {"emoji": "👍"} | given | {"message_id": target}


def _edit(given: Json, chat: Chat | None) -> Json:
    target = given.get("original_message_id") or _latest(chat, "out", {"text"})
    text = {"body": str(given.get("body") or "Actually, make it two.")}
    message = given.get("message") or {"type": "text", "text": text}
    return {"original_message_id": target, "message": {"context": {"id": "M0"}} | message}


def _revoke(given: Json, chat: Chat | None) -> Json:
    return {"original_message_id": given.get("original_message_id") or _latest(chat, "out")}


def _latest(chat: Chat | None, direction: str, kinds: Collection[str] = ()) -> str:
    """The id of the last message that a phone would offer; of these kinds, where some are named."""
    for message in reversed(list(chat.messages.values()) if chat else []):
        is_meant = message.type in kinds if kinds else message.type not in ABOUT_OTHERS
        if message.direction == direction and is_meant:
            return message.id
    raise Unacceptable("There is no message yet that this could be about.")


FILL = {"location": _place, "reaction": _reaction, "edit": _edit, "revoke": _revoke}
