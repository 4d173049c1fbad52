"""One request to a provider, made once, and what can be said of its outcome.

No redirects, no retries, neither ours nor the library's. What went wrong comes back as a value
that says whether bytes may have left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import msgspec

from messaging.failpoints import failpoint
from messaging.providers.answers import Answer, Failure

LARGEST_ANSWER_BYTES = 1024 * 1024
LONGEST_TITLE = 500
LONGEST_ID = 255
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# Somebody on the way gave up waiting; whoever stands behind may have gone on.
GAVE_UP = frozenset({408, 425})

# What a status, a body (None where it is too large) and headers say.
Read = Callable[[int, bytes | None, Mapping[str, str]], Answer]


async def ask(
    session: aiohttp.ClientSession, method: str, url: str, *, read: Read, **what: Any
) -> Answer:
    """Ask once. `what` is aiohttp's own: headers, a body, a time limit. Never raises for what a
    network may do.
    """
    try:
        async with session.request(
            method, url, allow_redirects=False, middlewares=(_once,), **what
        ) as response:
            failpoint("asking.answered")
            return read(response.status, await _body(response.content), response.headers)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
        return Answer(failure=Failure.NOT_CONNECTED)
    except (aiohttp.ClientError, OSError):
        return Answer(failure=Failure.INTERRUPTED)


class _Broken(aiohttp.ClientError):
    """Something broke once bytes may have left, told in a way that aiohttp does not mend."""


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp asks again by itself where a kept connection broke and the method is idempotent:
    a PUT that took effect would take it twice.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broken from error


async def _body(stream: aiohttp.StreamReader) -> bytes | None:
    """The whole body, or None where it is larger than any answer to a message."""
    parts: list[bytes] = []
    size = 0
    async for part in stream.iter_any():
        size += len(part)
        if size > LARGEST_ANSWER_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def accepted(status: int, provider_id: str) -> Answer:
    """The provider has the message under this id; an id we cannot keep is none."""
    if 0 < len(provider_id) <= LONGEST_ID and "\0" not in provider_id:
        return Answer(http_status=status, provider_id=provider_id)
    return unreadable(status)


def unreadable(status: int) -> Answer:
    """Nobody knows what became of the message."""
    return Answer(http_status=status, failure=Failure.UNREADABLE)


def is_refusal(status: int) -> bool:
    """Whether such a status, with a body of the provider's own, says that nothing was sent."""
    return 400 <= status < 500 and status not in GAVE_UP


def plain(value: object) -> str:
    """A provider's sentence as we keep it; "" for what is none."""
    return value.replace("\0", "")[:LONGEST_TITLE] if isinstance(value, str) else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds the provider asks us to wait, if it does."""
    value = headers.get("Retry-After", "")
    return float(value) or None if value.isascii() and value.isdigit() else None
