"""One line of text for a message of any type, for the bubble on the phone page. *Pure.*"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from messaging.simulator import templates
from messaging.simulator.graph_errors import GraphError

WORDS = {
    "audio": "Audio",
    "contacts": "Contact card",
    "document": "Document",
    "edit": "Edited",
    "image": "Photo",
    "interactive": "Choices",
    "location": "Location",
    "order": "Order",
    "reaction": "Reaction",
    "revoke": "Deleted a message",
    "sticker": "Sticker",
    "template": "Template",
    "video": "Video",
}


def shown_text(kind: str, content: Any) -> str:
    """What the customer reads. `content` is the object of that type, of any shape."""
    fields = content if isinstance(content, dict) else {}
    if kind == "text":
        return str(fields.get("body", ""))
    special = SPECIAL.get(kind)
    try:
        said = special(content) if special else ""
    except (GraphError, AttributeError, KeyError, TypeError):
        said = ""  # kept before shapes were checked
    if said:
        return said
    word = WORDS.get(kind, f"Message of type {kind}")
    said = _said(fields)
    return f"{word}: {said}" if said else word


def _interactive(content: dict[str, Any]) -> str:
    """Header, body and footer, one below the other; "" for what a customer pressed."""
    parts = [(content.get(name) or {}).get("text", "") for name in ("header", "body", "footer")]
    return "\n".join(part for part in parts if part)


def _people(content: list[dict[str, Any]]) -> str:
    names = ", ".join(card["name"]["formatted_name"] for card in content)
    return f"Contact card: {names}" if names else ""


def _place(content: dict[str, Any]) -> str:
    where = content.get("name") or f"{content['latitude']}, {content['longitude']}"
    return "\n".join(filter(None, (f"Location: {where}", content.get("address", ""))))


def _reaction(content: dict[str, Any]) -> str:
    return f"Reaction: {content['emoji']}" if content.get("emoji") else "Took a reaction back"


SPECIAL: dict[str, Callable[[Any], str]] = {
    "contacts": _people,
    "interactive": _interactive,
    "location": _place,
    "reaction": _reaction,
    "template": templates.shown,
}


def _said(fields: dict[str, Any]) -> str:
    """The part of the object that people would quote."""
    for name in ("caption", "filename", "name", "text", "title", "emoji", "address", "body"):
        value = fields.get(name)
        if isinstance(value, str) and value:
            return value
    for name in ("message", "text", "body", "button_reply", "list_reply", "nfm_reply"):
        value = fields.get(name)
        if isinstance(value, dict):
            return _said(value)
    return ""
