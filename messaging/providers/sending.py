"""How a provider sends, and what it says it can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any

import aiohttp

from messaging.providers.answers import Answer
from messaging.providers.outgoing import Outgoing
from messaging.secrets import ConnectionSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A connection as sending needs it. `status_url` is where its webhooks come in, for
    providers that are told with each message; "" where this inbox has no public address.
    """

    base_url: str
    api_version: str
    account_id: str
    secrets: ConnectionSecrets
    status_url: str = ""

    def __repr__(self) -> str:
        return f"Account({self.base_url!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What can be sent through a provider.

    `addresses` are the IdentityKinds it can write to, the best first. `has_window`: free
    messages only within 24 hours of the customer's last one. `uploads`: files are handed over
    beforehand; else the provider fetches them, or (`takes_bytes`) they may travel along.
    """

    kinds: frozenset[str]
    addresses: tuple[str, ...]
    has_window: bool
    uploads: bool = False
    takes_bytes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingBytes:
    """A file to be handed over: its bytes, read from `content` as they go, and what they are."""

    content: IO[bytes]
    mime_type: str
    filename: str


Send = Callable[[aiohttp.ClientSession, Account, str, Mapping[str, Any]], Awaitable[Answer]]
# Tells the customer that a message of theirs was read, and perhaps that somebody types.
MarkRead = Callable[..., Awaitable[Answer]]
Encode = Callable[[Outgoing], dict[str, Any]]
# Hands a file over; the answer's `provider_id` is the file's.
Upload = Callable[[aiohttp.ClientSession, Account, str, OutgoingBytes], Awaitable[Answer]]
# What is wrong with a message's text and content, by field; empty where it can be sent.
Problems = Callable[[str, str, Mapping[str, Any]], dict[str, list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How one kind of connection sends.

    `send(session, account, address, body)` asks once and never raises for what a network may
    do; `body` is what `encode` made. `upload` likewise, where files are handed over beforehand.
    `mark_read(session, account, address, message_id, is_typing=…)` where customers are told.
    """

    capabilities: Capabilities
    encode: Encode
    problems: Problems
    send: Send
    upload: Upload | None = None
    mark_read: MarkRead | None = None
