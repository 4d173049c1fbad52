"""A webhook's body as one JSON object, or why it is none; pure."""

from __future__ import annotations

import hashlib
from typing import Any

from messaging.items import Malformed
from messaging.providers.values import Undecodable, parse


def document_of(body: bytes) -> dict[str, Any] | Malformed:
    """The body's object. What is not JSON is named by its hash; the delivery keeps the bytes."""
    try:
        document = parse(body)
    except Undecodable as error:
        name = hashlib.sha256(body).hexdigest()
        return Malformed(kind="unknown", reason=f"not JSON: {error}", payload=name)
    if not isinstance(document, dict):
        return Malformed(kind="unknown", reason="the body is not an object", payload=document)
    return document
