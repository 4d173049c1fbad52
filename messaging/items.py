"""What any provider can bring, as values that cannot change; pure.

A decoder yields every item of a delivery, in order, whatever state its neighbours are in.
"""

from __future__ import annotations

from typing import Any

import msgspec

# (kind of identity, value verbatim); kinds are those of messaging.models.IdentityKind.
Identity = tuple[str, str]


class Party(msgspec.Struct, frozen=True):
    """The other side of a message, under every id that came with it."""

    identities: tuple[Identity, ...]
    name: str = ""
    username: str = ""


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a contact, or (`echo`) one typed on the business's own phone.

    `at` is the provider's time in Unix seconds, or None where it gave none that can be true.
    `content` holds the provider's object under its own name: `{"location": {…}}`.
    """

    channel: str
    channel_number: str = ""
    provider_id: str
    party: Party
    at: int | None
    kind: str
    text: str = ""
    content: dict[str, Any] = {}
    reply_to: str = ""
    echo: bool = False


class StatusUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one of our messages, as heard from the provider."""

    channel: str
    channel_number: str = ""
    provider_id: str
    status: str
    at: int | None
    recipient: str = ""
    opaque: str = ""
    error_code: str = ""
    error_title: str = ""
    pricing: dict[str, Any] | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """News that is not part of a conversation: templates, numbers, accounts, consent."""

    kind: str
    payload: Any
    channel: str = ""


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is understood and needs nothing done."""

    kind: str
    reason: str


class Malformed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be understood; kept for a person."""

    kind: str
    reason: str
    payload: Any = None


Item = InboundMessage | StatusUpdate | Notice | Ignored | Malformed
