"""Names of what a breaker guards."""

from __future__ import annotations

from urllib.parse import urlsplit

from outbound.places import Sender


def of_channel(channel_id: int) -> str:
    """One number."""
    return f"channel:{channel_id}"


def of_connection(connection_id: int) -> str:
    """One account, with all its numbers."""
    return f"connection:{connection_id}"


def of_host(sender: Sender) -> str:
    """The provider's host, as this connection reaches it."""
    base_url = sender.account.base_url if sender.account else ""
    return f"host:{host_name(base_url, sender.kind)}"


def host_name(base_url: str, kind: str) -> str:
    """The host of an address; a provider's own goes by its kind. A port makes another host."""
    return urlsplit(base_url).netloc.rpartition("@")[2].lower() or kind


def kind_of(scope: str) -> str:
    """`channel`, `connection` or `host`."""
    return scope.partition(":")[0]
