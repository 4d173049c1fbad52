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


class MediaReference(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with a message and is still at the provider.

    It is named by `provider_id` (resolved to an address on each try) or by `url`. `sha256` is as
    declared, in hex or base64. `error` says why the provider has no file to give.
    """

    kind: str
    provider_id: str = ""
    url: str = ""
    mime_type: str = ""
    filename: str = ""
    sha256: str = ""
    size_bytes: int | None = None
    error: str = ""


class IdentityChange(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's word that one person is now known by other ids.

    Of a kind that is in both, what was previous is no longer used for sending;
    `drops_phone` where the stored phone is no longer theirs to be used. Two known contacts are
    merged by it only if it `is_certain`.
    """

    previous: tuple[Identity, ...]
    current: tuple[Identity, ...]
    drops_phone: bool = False
    is_certain: bool = True


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a contact, or (`echo`) one typed on the business's own phone.

    `at` is the provider's time in Unix seconds, or None where it gave none that can be true.
    `content` holds the provider's object under its own name: `{"location": {…}}`, under the
    Cloud API's names whatever the provider. `sender` is who wrote inside a group. `is_silent`:
    imported from the past, so nobody is told. `is_placeholder`: the content is to follow under
    the same id. `status` is what became of an echo, where that is known. `wish`: "stop" or
    "start" where the provider took it for one, whatever its words.
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
    media: tuple[MediaReference, ...] = ()
    sender: Party | None = None
    is_silent: bool = False
    is_placeholder: bool = False
    status: str = ""
    wish: str = ""
    change: IdentityChange | None = None


class Amendment(msgspec.Struct, frozen=True, kw_only=True):
    """What was done later to a message: `edit`, `revoke` or `reaction`.

    `targets` are the ids the message may have (some providers give only a part of it), the
    likeliest first. `emoji` is "" where a reaction was taken back; `text` and `content` are what
    an edited message says now. `echo`: done on the business's own phone.
    """

    kind: str
    channel: str
    channel_number: str = ""
    provider_id: str
    targets: tuple[str, ...]
    party: Party
    at: int | None
    text: str = ""
    content: dict[str, Any] = {}
    emoji: str = ""
    echo: bool = False
    sender: Party | None = None


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


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """A contact's wish about marketing messages."""

    identities: tuple[Identity, ...]
    wants_marketing: bool
    at: int | None


class ContactName(msgspec.Struct, frozen=True, kw_only=True):
    """A name in the business phone's address book; "" where the entry was removed."""

    identities: tuple[Identity, ...]
    name: str


class ChannelChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider now says of one of our addresses; None where it says nothing.

    `number` (digits) names the channel where the news carries no id of it; with neither, the
    news is of every channel of the connection.
    """

    number: str = ""
    throughput: int | None = None
    messaging_limit: str | None = None
    quality: str | None = None
    verified_name: str | None = None
    health: str | None = None


Effect = IdentityChange | Preference | ContactName | ChannelChange


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """News that is not part of a conversation: templates, numbers, accounts, consent.

    The payload is kept for the apps that act on it; `effect` is what it does to our own rows.
    `at`, where the provider dates its news, tells a repetition from the same news again.
    """

    kind: str
    payload: Any
    channel: str = ""
    at: int | None = None
    effect: Effect | None = None


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is understood and needs nothing done."""

    kind: str
    reason: str


class Malformed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be understood; kept for a person."""

    kind: str
    reason: str
    payload: Any = None


Item = InboundMessage | Amendment | StatusUpdate | Notice | Ignored | Malformed
