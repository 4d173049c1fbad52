"""Kind, text, content and files of one Cloud API message; pure."""

from __future__ import annotations

from typing import Any

import msgspec

from messaging.items import MediaReference
from messaging.providers.values import mapping, number, rows, text

KINDS = (
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "button",
    "interactive",
    "order",
    "reaction",
    "system",
    "edit",
    "revoke",
    "request_welcome",
    "unsupported",
)
FILES = frozenset({"image", "video", "audio", "document", "sticker"})
# Objects that may come with a message of any kind.
COMPANIONS = ("referral", "context", "identity", "errors")
# "Currently unavailable": what it was may follow under the same id.
UNAVAILABLE = "131060"
PLACEHOLDER = "media_placeholder"
MOST_MIME_TYPE = 120
MOST_NAME = 255


class Described(msgspec.Struct, frozen=True):
    """What a message is: `text` is its body, caption or the title that was pressed."""

    kind: str
    text: str
    content: dict[str, Any]
    media: tuple[MediaReference, ...] = ()
    is_placeholder: bool = False


def describe(raw: dict[str, Any]) -> Described:
    """Kind, text, content and files of a message as the provider wrote it.

    Without a type the first object with a known name decides; a type we do not know is kept as
    `unsupported` with everything that came.
    """
    name = type_of(raw)
    if name not in KINDS:
        return Described("unsupported", "", dict(raw), is_placeholder=name == PLACEHOLDER)
    body = mapping(raw.get(name))
    if name == "text" and isinstance(raw.get("text"), str):
        body = {"body": raw["text"]}
    kind = "voice" if name == "audio" and body.get("voice") is True else name
    kept = (name, *COMPANIONS) if name != "text" else COMPANIONS
    return Described(
        kind,
        _text(name, body),
        {key: raw[key] for key in kept if key in raw},
        (_media(kind, body, raw),) if name in FILES else (),
        name == "unsupported" and _is_to_follow(raw, body),
    )


def type_of(raw: dict[str, Any]) -> str:
    """The message's type, or what its objects say where it names none."""
    name = text(raw.get("type"), most=40) or next((kind for kind in KINDS if kind in raw), "")
    return "audio" if name == "voice" else name  # the old On-Premises form


def _text(name: str, body: dict[str, Any]) -> str:
    if name in {"text", "system"}:
        return text(body.get("body"))
    if name == "button":
        return text(body.get("text"))
    if name == "interactive":
        reply = mapping(body.get("button_reply")) or mapping(body.get("list_reply"))
        return text(reply.get("title"))
    return text(body.get("caption"))


def _media(kind: str, body: dict[str, Any], raw: dict[str, Any]) -> MediaReference:
    provider_id = text(body.get("id"), most=MOST_NAME)
    return MediaReference(
        kind=kind,
        provider_id=provider_id,
        url=text(body.get("url")),
        mime_type=text(body.get("mime_type"), most=MOST_MIME_TYPE),
        filename=text(body.get("filename"), most=MOST_NAME),
        sha256=text(body.get("sha256"), most=100),
        size_bytes=number(body.get("file_size")),
        error="" if provider_id else _why_missing(raw),
    )


def _why_missing(raw: dict[str, Any]) -> str:
    """Without an id there is nothing to ask for; the message's errors often say why."""
    error = next(iter(rows(raw.get("errors"))), {})
    said = text(error.get("title")) or text(error.get("message"))
    return said or "WhatsApp did not say where the file is."


def _is_to_follow(raw: dict[str, Any], body: dict[str, Any]) -> bool:
    codes = {text(error.get("code")) for error in rows(raw.get("errors"))}
    return UNAVAILABLE in codes or text(body.get("type")) == PLACEHOLDER
