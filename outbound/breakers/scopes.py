"""Names of what a breaker guards."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from messaging.models import ProviderKind

if TYPE_CHECKING:
    from outbound.places import Sender


def of_channel(channel_id: int) -> str:
    """One number."""
    return f"channel:{channel_id}"


def of_connection(connection_id: int) -> str:
    """One account, with all its numbers."""
    return f"connection:{connection_id}"


def of_host(sender: Sender) -> str:
    """The provider's host, as this connection reaches it."""
    return of_address(sender.account.base_url if sender.account else "", sender.kind)


def of_address(base_url: str, kind: str) -> str:
    """The host of an address."""
    return f"host:{host_name(base_url, kind)}"


def of_stored(base_url: str, kind: str) -> str:
    """The host of a connection as it is stored: without an address it uses its provider's own."""
    default = settings.GRAPH_API_URL if kind == ProviderKind.CLOUD else ""
    return of_address(base_url or default, kind)


def host_name(base_url: str, kind: str) -> str:
    """The host of an address; a provider's own goes by its kind. A port makes another host."""
    return urlsplit(base_url).netloc.rpartition("@")[2].lower() or kind


def kind_of(scope: str) -> str:
    """`channel`, `connection` or `host`."""
    return scope.partition(":")[0]
