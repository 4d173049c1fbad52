"""Kind, text, content and files of one message from WAHA; pure.

Content is given under the Cloud API's names. Addresses of files are no part of it: they are
fetched by us, and content is shown to browsers. `_data` differs by engine and is not relied on.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from messaging.items import MediaReference
from messaging.providers.values import mapping, text

NOT_DOWNLOADED = "WAHA has not downloaded this file."


class Described(msgspec.Struct, frozen=True):
    """What a message is: `text` is its body or caption."""

    kind: str
    text: str
    content: dict[str, Any]
    media: tuple[MediaReference, ...] = ()


def describe(payload: dict[str, Any]) -> Described:
    """What came; what we do not recognise is kept as `unsupported` with everything."""
    if place := _location(mapping(payload.get("location"))):
        return Described("location", "", {"location": place})
    if cards := _cards(payload.get("vCards")):
        return Described("contacts", "", {"contacts": [{"vcard": card} for card in cards]})
    media = mapping(payload.get("media"))
    if payload.get("hasMedia") is True or text(media.get("url")):
        return _file(media, text(payload.get("body")))
    if payload.get("poll"):
        return Described("unsupported", text(payload.get("body")), dict(payload))
    if body := text(payload.get("body")):
        return Described("text", body, {})
    return Described("unsupported", "", dict(payload))


def _location(raw: dict[str, Any]) -> dict[str, Any]:
    """The text beside it may be a thumbnail, so it is left alone."""
    place: dict[str, Any] = {}
    for name in ("latitude", "longitude"):
        number = _number(raw.get(name))
        if number is not None:
            place[name] = number
    if not place:
        return {}
    words = {"name": text(raw.get("name")) or text(raw.get("description"))}
    words |= {key: text(raw.get(key)) for key in ("address", "url")}
    return place | {key: value for key, value in words.items() if value}


def _number(value: Any) -> float | None:
    try:
        number = float(text(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _cards(value: Any) -> list[str]:
    cards = value if isinstance(value, list) else []
    return [card for card in cards if isinstance(card, str) and card]


def _file(media: dict[str, Any], body: str) -> Described:
    mime_type, filename = text(media.get("mimetype")), text(media.get("filename"))
    kind = _kind(mime_type)
    name = "audio" if kind == "voice" else kind
    own: dict[str, Any] = {"mime_type": mime_type, "caption": body, "filename": filename}
    content = {key: value for key, value in own.items() if value}
    if kind == "voice":
        content["voice"] = True
    url = "" if media.get("error") else text(media.get("url"))
    reference = MediaReference(
        kind=kind,
        url=url,
        mime_type=mime_type,
        filename=filename,
        error="" if url else _reason(media.get("error")),
    )
    return Described(kind, body, {name: content}, (reference,))


def _reason(error: Any) -> str:
    said = text(error) or text(mapping(error).get("message"))
    return f"{NOT_DOWNLOADED} {said}"[:500] if said else NOT_DOWNLOADED


def _kind(mime_type: str) -> str:
    """A voice note is Opus in Ogg; a sticker is the only WebP that WhatsApp knows."""
    mime = mime_type.strip().lower()
    if mime.startswith("audio/ogg") and "opus" in mime:
        return "voice"
    if mime.startswith("image/webp"):
        return "sticker"
    family = mime.partition("/")[0]
    return family if family in ("image", "video", "audio") else "document"
