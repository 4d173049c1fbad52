"""Where WAHA keeps a file.

A WAHA names its files by the address it believes to have, often `http://localhost:3000`, so the
connection's own takes its place; addresses of anybody else are refused.
Source: WAHA documentation, "Receive messages › Files".
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from messaging.media_failures import NotFetched
from messaging.providers.files import Ask, FileAddress, FileReference


async def locate(reference: FileReference, ask: Ask) -> FileAddress:
    """The file's path at the connection's own address. Raises NotFetched."""
    if not reference.url or not reference.base_url:
        raise NotFetched("no_address")
    try:
        named, own = urlsplit(reference.url), urlsplit(reference.base_url)
        host = named.hostname or ""
    except ValueError:
        raise NotFetched("refused_address") from None
    if host != own.hostname and not _is_inside(host):
        raise NotFetched("refused_address")
    query = f"?{named.query}" if named.query else ""
    return FileAddress(
        url=f"{reference.base_url}{named.path}{query}",
        headers={"X-Api-Key": reference.secrets.api_key},
    )


def _is_inside(host: str) -> bool:
    """Whether this can be how a WAHA calls itself: a name or address without a world outside."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return bool(host) and "." not in host
