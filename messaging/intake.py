"""Reading a call: its headers, who makes it, and its body within limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from messaging.ingest import Room

# Any: values of an ASGI message.
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOST_BODY_BYTES = 4 * 1024 * 1024
READ_SECONDS = 20.0


class TooLarge(Exception):
    """The body is over 4 MB; the platform's own limit is 3 MB."""


class TooSlow(Exception):
    """The body was not complete in time; others need its room."""


class Disconnected(Exception):
    """The caller went away before its body was complete; nobody waits for an answer."""


class BodyReader:
    """One call's body; its bytes count from their arrival until `forget`."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._taken_bytes = 0

    async def read(self, receive: Receive, headers: dict[str, str]) -> bytes:
        """The whole body. Raises TooLarge, TooSlow, Disconnected, and Refused without room."""
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > MOST_BODY_BYTES:
            raise TooLarge
        try:
            async with asyncio.timeout(READ_SECONDS):
                return await self._read(receive)
        except TimeoutError as error:
            raise TooSlow from error

    async def _read(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise Disconnected
            chunk = event.get("body", b"")
            if self._taken_bytes + len(chunk) > MOST_BODY_BYTES:
                raise TooLarge
            self._room.take(len(chunk))
            self._taken_bytes += len(chunk)
            chunks.append(chunk)
            if not event.get("more_body", False):
                return b"".join(chunks)

    def forget(self) -> None:
        """The call is answered, or will never be."""
        self._room.give_back(self._taken_bytes)
        self._taken_bytes = 0


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
