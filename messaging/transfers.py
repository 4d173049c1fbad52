"""The only file that opens a connection to fetch a file.

Credentials go to the host they belong to and nowhere else. A host other than the connection's
own must be on the provider's list, speak HTTPS, and resolve to public addresses only: the
connection is made to those very addresses, so a name cannot change its mind in between.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from messaging.media_failures import NotFetched
from messaging.providers.files import FileAddress
from messaging.sniffing import HEAD_BYTES

MEGABYTE = 1024 * 1024
# By kind, well above what WhatsApp lets through, so that only nonsense is refused.
# Source: Cloud API reference, "Media › Supported media types"; inbound files end at 100 MB.
LARGEST_BYTES = {
    "image": 16 * MEGABYTE,
    "sticker": 4 * MEGABYTE,
    "audio": 32 * MEGABYTE,
    "voice": 32 * MEGABYTE,
    "video": 100 * MEGABYTE,
    "document": 100 * MEGABYTE,
}
LARGEST_OF_OTHER_KINDS = 100 * MEGABYTE

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0
TOTAL_SECONDS = 90.0
CHUNK_BYTES = 64 * 1024
LARGEST_ANSWER_BYTES = 64 * 1024
MOST_REDIRECTS = 3
REDIRECTS = (301, 302, 303, 307, 308)
USER_AGENT = "inbox/1.0 (media)"


class Sink(Protocol):
    """Where the bytes go."""

    def write(self, chunk: bytes) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came: `head` is the beginning, `sha256` is hex."""

    size_bytes: int
    sha256: str
    head: bytes


def largest_bytes(kind: str) -> int:
    """How large a file of this kind may be."""
    return LARGEST_BYTES.get(kind, LARGEST_OF_OTHER_KINDS)


class NotPublic(OSError):
    """A name resolves to an address inside: ours, the machine's, or the cloud's own."""


class PublicResolver(AbstractResolver):
    """Answers only for names all of whose addresses are public."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises NotPublic."""
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(each["host"]) for each in found):
            raise NotPublic(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the world, also where it wraps an IPv4 address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or _translated(found)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside one of NAT64's."""
    if address in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@dataclass(frozen=True, slots=True)
class Line:
    """Two sessions of one event loop: for connections' own addresses, and for the world."""

    own: aiohttp.ClientSession
    public: aiohttp.ClientSession

    async def ask(self, url: str, headers: Mapping[str, str]) -> tuple[int, object]:
        """Status and JSON of an address of the connection's own; None where it is no JSON.

        Raises NotFetched for what a network may do.
        """
        async with (
            _network(),
            self.own.get(url, headers=headers, allow_redirects=False) as response,
        ):
            body = await response.content.read(LARGEST_ANSWER_BYTES)
            while not response.content.at_eof() and len(body) < LARGEST_ANSWER_BYTES:
                body += await response.content.read(LARGEST_ANSWER_BYTES - len(body))
            return response.status, _json(body)

    async def fetch(
        self, address: FileAddress, *, own_url: str, largest: int, into: Sink
    ) -> Received:
        """Write the file at `address` into `into`, at most `largest` bytes of it.

        Raises NotFetched.
        """
        if (address.size_bytes or 0) > largest:
            raise NotFetched("too_large")
        url, hosts, headers = address.url, address.hosts, address.headers
        for _ in range(1 + MOST_REDIRECTS):
            is_own = admit(url, hosts=hosts, own_url=own_url)
            session = self.own if is_own else self.public
            async with (
                _network(),
                session.get(url, headers=headers, allow_redirects=False) as response,
            ):
                if response.status not in REDIRECTS:
                    return await _receive(response, largest, into)
                if not address.next_hosts:
                    raise NotFetched("redirected")
                url = urljoin(url, response.headers.get("Location", ""))
            hosts, headers = address.next_hosts, {}
        raise NotFetched("redirected")


@asynccontextmanager
async def open_line() -> AsyncIterator[Line]:
    """Sessions for as long as the block lasts."""
    async with _session(None) as own, _session(PublicResolver()) as public:
        yield Line(own, public)


def _session(resolver: AbstractResolver | None) -> aiohttp.ClientSession:
    """Bytes as they are, without cookies, without the environment's proxies or passwords."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, limit=0, use_dns_cache=resolver is None),
        timeout=aiohttp.ClientTimeout(
            total=TOTAL_SECONDS,
            connect=CONNECT_SECONDS,
            sock_connect=CONNECT_SECONDS,
            sock_read=READ_SECONDS,
        ),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def admit(url: str, *, hosts: tuple[str, ...], own_url: str) -> bool:
    """Whether `url` is at the connection's own address; raises NotFetched where it may not be
    asked at all.
    """
    try:
        parts, own = urlsplit(url), urlsplit(own_url)
        origins = [(each.scheme, each.hostname, _port(each)) for each in (parts, own)]
    except ValueError:
        raise NotFetched("refused_address") from None
    if parts.username is not None or not parts.hostname or _has_controls(url):
        raise NotFetched("refused_address")
    if own_url and origins[0] == origins[1] and parts.scheme in ("http", "https"):
        return True
    is_listed = any(_covers(each, parts.hostname) for each in hosts)
    if parts.scheme != "https" or _port(parts) != 443 or not is_listed:
        raise NotFetched("refused_address")
    return False


def _port(parts: object) -> int:
    port: int | None = getattr(parts, "port", None)
    return port or (443 if getattr(parts, "scheme", "") == "https" else 80)


def _has_controls(url: str) -> bool:
    return any(letter <= " " or letter in '\\"<>' for letter in url)


def _covers(pattern: str, host: str) -> bool:
    return host.endswith(pattern) if pattern.startswith(".") else host == pattern


@asynccontextmanager
async def _network() -> AsyncIterator[None]:
    """What a network may do, as NotFetched."""
    try:
        yield
    except aiohttp.InvalidURL:
        raise NotFetched("refused_address") from None
    except aiohttp.ClientConnectorError as error:
        is_inside = isinstance(error.os_error, NotPublic)
        raise NotFetched("refused_address" if is_inside else "unreachable") from None
    except aiohttp.ConnectionTimeoutError:
        raise NotFetched("unreachable") from None
    except (aiohttp.ClientError, TimeoutError, ConnectionError):
        raise NotFetched("interrupted") from None


async def _receive(response: aiohttp.ClientResponse, largest: int, into: Sink) -> Received:
    if response.status != 200:
        raise NotFetched(_code(response.status))
    if (response.content_length or 0) > largest:
        raise NotFetched("too_large")
    size, head, digest = 0, b"", hashlib.sha256()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        size += len(chunk)
        if size > largest:
            raise NotFetched("too_large")
        digest.update(chunk)
        head += chunk[: max(HEAD_BYTES - len(head), 0)]
        into.write(chunk)
    if size == 0:
        raise NotFetched("empty")
    return Received(size_bytes=size, sha256=digest.hexdigest(), head=head)


def _code(status: int) -> str:
    """Source: Cloud API reference, "Download media": 404 is an address that has expired."""
    if status in (404, 410):
        return "not_found"
    return "unauthorized" if status in (401, 403) else "provider_error"


def _json(body: bytes) -> object:
    try:
        answer: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return answer
