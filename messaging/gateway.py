"""The fast path in: raw bytes, signature, group commit, 200. Nothing is parsed here.

An ASGI callable without Django's request handling, served by granian as the gateway and, for
the same addresses, by the web process. Anything that is not known to be stored is answered
503, so that the provider repeats it.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from prometheus_client import Counter, Histogram

from messaging.directory import Address, Directory
from messaging.ingest import Committer, NotStored
from messaging.nudges import Nudger
from messaging.providers.cloud import signature
from messaging.strangers import Strangers

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, bytes]

MOST_BODY_BYTES = 4 * 1024 * 1024
KINDS = frozenset({"cloud"})
SLUG = re.compile(r"^[-a-zA-Z0-9_]{1,60}$")
KEPT_HEADERS = frozenset({"content-type", "user-agent", signature.HEADER})

received = Counter(
    "whatsapp_webhooks_received", "Webhook calls by provider and answer.", ["provider", "status"]
)
duration = Histogram(
    "whatsapp_webhook_duration_seconds",
    "Time from the first byte to the answer.",
    ["provider"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)


class TooLarge(Exception):
    """The body is over 4 MB; the platform's own limit is 3 MB."""


class Disconnected(Exception):
    """The caller went away before its body was complete; nobody waits for an answer."""


class Gateway:
    """Webhooks of every provider, inside whichever event loop serves it."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._strangers = Strangers(settings.WEBHOOK_UNSIGNED_RATE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one webhook call."""
        started = time.perf_counter()
        self._start()
        kind, slug = _place(scope["path"])
        try:
            status, body = await self._answer(scope, receive, kind, slug)
        except TooLarge:
            status, body = 413, b"the body is over 4 MB"
        except NotStored:
            status, body = 503, b"not stored, please repeat"
        except Disconnected:
            return
        label = kind if kind in KINDS else "unknown"
        received.labels(label, str(status)).inc()
        duration.labels(label).observe(time.perf_counter() - started)
        await respond(send, status, body)

    def _start(self) -> None:
        """Open what belongs to the running loop; a new loop gets its own."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        url, timeout = settings.DATABASE_URL, settings.WEBHOOK_TIMEOUT
        self._nudger = Nudger()
        self._directory = Directory(url, timeout=timeout)
        self._committer = Committer(url, timeout=timeout, committed=self._nudger.nudge)

    async def close(self) -> None:
        """Refuse what still waits and let go of the database."""
        if self._loop is not None:
            await self._committer.close()
            await self._directory.close()
            self._loop = None

    async def _answer(self, scope: Scope, receive: Receive, kind: str, slug: str) -> Answer:
        address = await self._directory.find(kind, slug) if kind in KINDS else None
        if address is None:
            return 404, b"no such connection"
        if scope["method"] == "GET":
            return _verify(scope, address)
        if scope["method"] != "POST":
            return 405, b"POST or GET"
        headers = headers_of(scope)
        body = await read_body(receive, headers)
        if not _is_genuine(body, headers, address):
            known = self._strangers.admit(caller(scope, headers))
            return (403, b"wrong signature") if known else (429, b"too many wrong signatures")
        kept = {name: value for name, value in headers.items() if name in KEPT_HEADERS}
        await self._committer.store(address.connection_id, body, kept)
        return 200, b""


def _place(path: str) -> tuple[str, str]:
    parts = path.strip("/").split("/")
    return (parts[1], parts[2]) if len(parts) == 3 and SLUG.match(parts[2]) else ("", "")


def _verify(scope: Scope, address: Address) -> Answer:
    """Meta's handshake: the challenge back, unchanged, if the token is ours.

    Source: Cloud API, "Webhooks › Verification requests".
    """
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    token = query.get("hub.verify_token", [""])[0].encode()
    expected = address.secrets.verify_token.encode()
    if query.get("hub.mode") == ["subscribe"] and expected and hmac.compare_digest(token, expected):
        return 200, query.get("hub.challenge", [""])[0].encode()
    return 403, b"wrong verify token"


def _is_genuine(body: bytes, headers: dict[str, str], address: Address) -> bool:
    secrets = (address.secrets.app_secret, address.secrets.previous_app_secret)
    return signature.is_genuine(body, headers.get(signature.HEADER, ""), secrets)


def headers_of(scope: Scope) -> dict[str, str]:
    """The call's headers by lower-case name."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def caller(scope: Scope, headers: dict[str, str]) -> str:
    """The caller's address: our own proxies' word for it where there are any.

    "" where a proxy that is not ours speaks for somebody: it is no address to trust.
    """
    hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    if hops:
        count = min(settings.TRUSTED_PROXY_COUNT, len(hops))
        return hops[-count] if count else ""
    client = scope.get("client")
    return client[0] if client else ""


async def read_body(receive: Receive, headers: dict[str, str]) -> bytes:
    """The whole body. Raises TooLarge, Disconnected."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MOST_BODY_BYTES:
        raise TooLarge
    chunks: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > MOST_BODY_BYTES:
            raise TooLarge
        chunks.append(chunk)
        if not event.get("more_body", False):
            return b"".join(chunks)


async def respond(
    send: Send, status: int, body: bytes, content_type: bytes = b"text/plain; charset=utf-8"
) -> None:
    """One whole answer that no browser would interpret."""
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


application = Gateway()
