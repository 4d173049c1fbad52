"""What a message to leave looks like to every provider; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One address of a contact: `kind` is an IdentityKind, `value` as the provider gave it."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFile:
    """A file of ours on its way: what it is, and how the provider gets at it.

    `provider_id` once it was uploaded there; `link` is a public address of ours, for providers
    that fetch; `data` is the content, for providers that take it along.
    """

    kind: str
    mime_type: str
    filename: str = ""
    provider_id: str = ""
    link: str = ""
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to one recipient.

    `kind`, `text` and `content` are the message's own (`content` under the Cloud API's names),
    `quoted` the provider id of what it answers, `opaque` comes back in its statuses where the
    provider carries such a thing.
    """

    kind: str
    text: str
    recipient: Recipient
    content: Mapping[str, Any] = field(default_factory=dict)
    quoted: str = ""
    opaque: str = ""
    file: OutgoingFile | None = None
