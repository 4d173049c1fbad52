"""Where a request comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's address as the outermost trusted proxy saw it.

    With TRUSTED_PROXY_COUNT 0 it is the peer itself, and what a header says counts for nothing.
    """
    hops = _forwarded(request)
    count: int = settings.TRUSTED_PROXY_COUNT
    if count and len(hops) >= count:
        return hops[-count]
    return str(request.META.get("REMOTE_ADDR") or "")


def is_direct(request: HttpRequest) -> bool:
    """Whether the address is one we can vouch for: no proxy, or as many as we know of."""
    hops = _forwarded(request)
    return len(hops) >= settings.TRUSTED_PROXY_COUNT if settings.TRUSTED_PROXY_COUNT else not hops


def _forwarded(request: HttpRequest) -> list[str]:
    header = str(request.META.get("HTTP_X_FORWARDED_FOR") or "")
    return [hop.strip() for hop in header.split(",") if hop.strip()]
