"""Messages as Twilio wants them: the fields of a form; pure.

Source: Twilio, "Messages resource › Create a message" and "WhatsApp › Key concepts".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from messaging.providers.outgoing import Outgoing, Recipient
from messaging.providers.values import mapping, rows, text

PREFIX = "whatsapp:"
FILES = frozenset({"image", "video", "audio", "voice", "document"})
# Where our name of a kind is not the content's.
KEYS = {"voice": "audio"}


def encode(message: Outgoing) -> dict[str, Any]:
    """The fields of `POST …/Messages.json`, without what is the sender's."""
    return {
        "To": _address(message.recipient),
        **FIELDS.get(message.kind, _text)(message),
    }


def _address(recipient: Recipient) -> str:
    if recipient.kind == "phone":
        return f"{PREFIX}+{recipient.value.removeprefix('+')}"
    return f"{PREFIX}{recipient.value}"


def _text(message: Outgoing) -> dict[str, str]:
    return {"Body": message.text}


def _file(message: Outgoing) -> dict[str, str]:
    """Twilio fetches the file. An address always stands there, so that a caption never leaves
    without its file.
    """
    given = mapping(message.content.get(KEYS.get(message.kind, message.kind)))
    link = message.file.link if message.file else text(given.get("link"))
    caption = {"Body": message.text} if message.text.strip() else {}
    return {"MediaUrl": link, **caption}


def _location(message: Outgoing) -> dict[str, str]:
    """A place needs words beside it, or it has no body at all."""
    place = mapping(message.content.get("location"))
    where = f"{text(place.get('latitude'))},{text(place.get('longitude'))}"
    name, address = text(place.get("name")), text(place.get("address"))
    label = f"|{address or name}" if address or name else ""
    return {"Body": name or address or where, "PersistentAction": f"geo:{where}{label}"}


def _template(message: Outgoing) -> dict[str, str]:
    """Twilio's templates go by the id of their content, which stands where others have a name."""
    given = mapping(message.content.get("template"))
    variables = _variables(rows(given.get("components")))
    encoded = {"ContentVariables": json.dumps(variables)} if variables else {}
    return {"ContentSid": text(given.get("name")), **encoded}


def _variables(components: list[dict[str, Any]]) -> dict[str, str]:
    """The texts of all parts: by name, or counted through in the order they stand."""
    given = [each for part in components for each in rows(part.get("parameters"))]
    return {
        text(each.get("parameter_name")) or str(place): text(
            each.get("text") or each.get("payload")
        )
        for place, each in enumerate(given, start=1)
    }


FIELDS: dict[str, Callable[[Outgoing], dict[str, str]]] = {
    **dict.fromkeys(FILES, _file),
    "location": _location,
    "template": _template,
}
