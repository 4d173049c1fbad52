"""Files at a provider, as its adapter sees them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from messaging.secrets import ConnectionSecrets

# Asks an address of the connection's own, with these headers; status and JSON (None where none).
Ask = Callable[[str, Mapping[str, str]], Awaitable[tuple[int, object]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReference:
    """A file that a message named, and our way in at its provider.

    `base_url` is the connection's own, or the house's for its provider; without a final slash.
    `channel` is the channel's external id.
    """

    provider_id: str
    url: str
    base_url: str
    api_version: str
    account_id: str
    channel: str
    secrets: ConnectionSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAddress:
    """Where the bytes are now.

    `headers` are for `url` alone. `hosts` may be asked, besides that of the connection's own
    base URL: a name stands for itself, one with a leading dot for all below it. `next_hosts`
    may be redirected to, without the headers.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    hosts: tuple[str, ...] = ()
    next_hosts: tuple[str, ...] = ()
    sha256: str = ""
    size_bytes: int | None = None
