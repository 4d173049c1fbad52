"""What a delivery said of one thing in it, for a person who looks into it; nothing secret."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import msgspec

from messaging.providers import PROVIDERS

if TYPE_CHECKING:
    from messaging.models import InboundItem

SECRET = re.compile(r"token|secret|signature|authorization|password|api_?key|hmac", re.IGNORECASE)
HIDDEN = "•••"
MOST_BYTES = 200_000


def body_of(item: InboundItem) -> tuple[Any, bool]:
    """What came, and whether that is the whole delivery as it was sent.

    A delivery may hold other people's messages too: of one with several things only this one is
    told, as it was understood. None where it is kept no longer.
    """
    event = item.event
    body = bytes(event.body)
    if event.pruned_at is not None or not body or len(body) > MOST_BYTES:
        return None, False
    if event.items.count() == 1:
        return without_secrets(_parsed(body)), True
    items = PROVIDERS[event.connection.kind].decode(body, now=event.received_at.timestamp())
    if item.position >= len(items):
        return None, False
    return without_secrets(msgspec.to_builtins(items[item.position])), False


def without_secrets(value: Any) -> Any:
    """The same value; what is named like a secret is hidden, and addresses lose their queries."""
    if isinstance(value, dict):
        return {
            key: HIDDEN if SECRET.search(str(key)) else without_secrets(each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(each) for each in value]
    return _address(value) if isinstance(value, str) else value


def _address(text: str) -> str:
    """Signed addresses open a file to whoever has them."""
    if not text.startswith(("http://", "https://")) or "?" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    return urlunsplit((parts.scheme, parts.netloc, parts.path, HIDDEN, ""))


def _parsed(body: bytes) -> Any:
    text = body.decode("utf-8", errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return dict(parse_qsl(text, keep_blank_values=True)) or text
