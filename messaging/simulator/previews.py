"""One line of text for a message of any type, for the bubble on the phone page. *Pure.*"""

from __future__ import annotations

from typing import Any

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
    word = WORDS.get(kind, f"Message of type {kind}")
    said = _said(fields)
    return f"{word}: {said}" if said else word


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
