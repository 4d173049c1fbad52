"""The only file that opens a connection to the Graph API to send.

A request is made once: no redirects, no retries, neither ours nor the library's (aiohttp
repeats only idempotent methods, and a message is a POST). What went wrong comes back as a
value that says whether bytes may have left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from messaging.providers.answers import Answer, Failure

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0
TOTAL_SECONDS = 30.0
# Shorter than Graph's own idle limit, so that we rarely write into a connection it just closed.
KEEPALIVE_SECONDS = 8.0
LARGEST_ANSWER_BYTES = 1024 * 1024
LONGEST_TITLE = 500
LONGEST_ID = 255
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def new_session(*, total_seconds: float = TOTAL_SECONDS) -> aiohttp.ClientSession:
    """A session for one event loop, kept for the life of the process. Nothing is shared by
    cookies or taken from the environment's proxies, which may repeat a POST.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_SECONDS),
        timeout=aiohttp.ClientTimeout(
            total=total_seconds,
            connect=CONNECT_SECONDS,
            sock_connect=CONNECT_SECONDS,
            sock_read=min(READ_SECONDS, total_seconds),
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        json_serialize=lambda value: msgspec.json.encode(value).decode(),
    )


@dataclass(frozen=True, slots=True)
class CloudClient:
    """One connection's way to Graph."""

    session: aiohttp.ClientSession
    base_url: str
    api_version: str
    access_token: str

    def __repr__(self) -> str:
        return f"CloudClient({self.base_url!r}, {self.api_version!r})"

    async def send(self, phone_number_id: str, body: Mapping[str, Any]) -> Answer:
        """Ask Graph, once, to send `body`. Never raises for what a network may do."""
        url = f"{self.base_url.rstrip('/')}/{self.api_version}/{phone_number_id}/messages"
        try:
            async with self.session.post(
                url,
                json=body,
                headers={"Authorization": f"Bearer {self.access_token}"},
                allow_redirects=False,
            ) as response:
                content = await _read(response.content)
                return read_answer(response.status, content, response.headers)
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.InvalidURL,
        ):
            return Answer(failure=Failure.NOT_CONNECTED)
        except (aiohttp.ClientError, OSError):
            return Answer(failure=Failure.INTERRUPTED)


async def _read(stream: aiohttp.StreamReader) -> bytes | None:
    """The whole body, or None where it is larger than any answer of Graph."""
    parts: list[bytes] = []
    size = 0
    async for part in stream.iter_any():
        size += len(part)
        if size > LARGEST_ANSWER_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


class _Sent(msgspec.Struct):
    id: str


class _Error(msgspec.Struct):
    code: int
    message: str | None = None
    error_data: Any = None  # an object, a string, or whatever else it will be one day


class _Body(msgspec.Struct):
    messages: tuple[_Sent, ...] | None = None
    error: _Error | None = None


_DECODER = msgspec.json.Decoder(_Body, strict=False)


def read_answer(status: int, content: bytes | None, headers: Mapping[str, str]) -> Answer:
    """What Graph said: an error is judged by its body whatever the status, a success needs both
    a 2xx and an id. Anything else is unreadable, since nobody knows what became of the message.
    """
    unreadable = Answer(http_status=status, failure=Failure.UNREADABLE)
    if content is None:
        return unreadable
    try:
        body = _DECODER.decode(content)
    except UNREADABLE:
        return unreadable
    if 200 <= status < 300 and body.messages:
        provider_id = body.messages[0].id
        return (
            Answer(http_status=status, provider_id=provider_id)
            if _is_storable(provider_id)
            else unreadable
        )
    if body.error is None:
        return unreadable
    return _refusal(status, body.error, headers)


def _is_storable(provider_id: str) -> bool:
    return 0 < len(provider_id) <= LONGEST_ID and "\0" not in provider_id


def _refusal(status: int, error: _Error, headers: Mapping[str, str]) -> Answer:
    data = error.error_data
    details = data.get("details") if isinstance(data, dict) else data
    return Answer(
        http_status=status,
        code=error.code,
        title=_plain(error.message),
        details=_plain(details),
        retry_after_seconds=_retry_after(headers),
    )


def _plain(text: object) -> str:
    return text.replace("\0", "")[:LONGEST_TITLE] if isinstance(text, str) else ""


class _Usage(msgspec.Struct):
    estimated_time_to_regain_access: float = 0


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The longest wait that the headers ask for, in seconds.

    Source: Graph API, "Rate limits › Headers": the estimate is in minutes.
    """
    waits = [_retry_after_seconds(headers), _regain_seconds(headers)]
    return max((wait for wait in waits if wait), default=None)


def _retry_after_seconds(headers: Mapping[str, str]) -> float:
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else 0.0


def _regain_seconds(headers: Mapping[str, str]) -> float:
    try:
        usage = msgspec.json.decode(
            headers.get("X-Business-Use-Case-Usage", "{}"), type=dict[str, tuple[_Usage, ...]]
        )
    except UNREADABLE:
        return 0.0
    minutes = [each.estimated_time_to_regain_access for many in usage.values() for each in many]
    return 60.0 * max(minutes, default=0.0)
