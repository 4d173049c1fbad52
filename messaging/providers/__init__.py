"""Providers: each folder owns its signature, decoding, encoding and client."""

from __future__ import annotations

from collections.abc import Callable

from messaging.items import Item
from messaging.providers.cloud import decoding as cloud

Decoder = Callable[..., list[Item]]
DECODERS: dict[str, Decoder] = {"cloud": cloud.decode}


def decoder(kind: str) -> Decoder:
    """The function that reads this kind of connection's bodies: `(body, *, now) -> items`."""
    return DECODERS[kind]
