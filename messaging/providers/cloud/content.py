"""Kind, text and content of one Cloud API message; pure."""

from __future__ import annotations

from typing import Any

import msgspec

from messaging.providers.cloud.values import mapping, text

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
# Objects that may come with a message of any kind.
COMPANIONS = ("referral", "context", "identity", "errors")


class Described(msgspec.Struct, frozen=True):
    """What a message is: `text` is its body, caption or the title that was pressed."""

    kind: str
    text: str
    content: dict[str, Any]


def describe(raw: dict[str, Any]) -> Described:
    """Kind, text and content of a message as the provider wrote it.

    Without a type the first object with a known name decides; a type we do not know is kept as
    `unsupported` with everything that came.
    """
    name = text(raw.get("type"), most=40) or next((kind for kind in KINDS if kind in raw), "")
    if name == "voice":
        name = "audio"  # the old On-Premises form
    if name not in KINDS:
        return Described("unsupported", "", dict(raw))
    body = mapping(raw.get(name))
    kind = "voice" if name == "audio" and body.get("voice") is True else name
    kept = (name, *COMPANIONS) if name != "text" else COMPANIONS
    return Described(kind, _text(name, body), {key: raw[key] for key in kept if key in raw})


def _text(name: str, body: dict[str, Any]) -> str:
    if name == "text":
        return text(body.get("body"))
    if name == "button":
        return text(body.get("text"))
    if name == "interactive":
        reply = mapping(body.get("button_reply")) or mapping(body.get("list_reply"))
        return text(reply.get("title"))
    return text(body.get("caption"))
