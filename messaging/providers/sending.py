"""How a provider sends, and what it says it can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from messaging.providers.answers import Answer
from messaging.providers.outgoing import Outgoing
from messaging.secrets import ConnectionSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A connection as sending needs it. `address` is the channel's external id."""

    base_url: str
    api_version: str
    account_id: str
    secrets: ConnectionSecrets

    def __repr__(self) -> str:
        return f"Account({self.base_url!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What can be sent through a provider.

    `addresses` are the IdentityKinds it can write to, the best first. `has_window`: free
    messages only within 24 hours of the customer's last one.
    """

    kinds: frozenset[str]
    addresses: tuple[str, ...]
    has_window: bool
    uploads: bool = False


Send = Callable[[aiohttp.ClientSession, Account, str, Mapping[str, Any]], Awaitable[Answer]]
Encode = Callable[[Outgoing], dict[str, Any]]
# What is wrong with a message's text and content, by field; empty where it can be sent.
Problems = Callable[[str, str, Mapping[str, Any]], dict[str, list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How one kind of connection sends.

    `send(session, account, address, body)` asks once and never raises for what a network may
    do; `body` is what `encode` made.
    """

    capabilities: Capabilities
    encode: Encode
    problems: Problems
    send: Send
