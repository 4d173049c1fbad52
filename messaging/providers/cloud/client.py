"""The only file that opens a connection to the Graph API to send.

A request is made once: no redirects, no retries, neither ours nor the library's (aiohttp
repeats only idempotent methods, and a message is a POST). What went wrong comes back as a
value that says whether bytes may have left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import msgspec

from messaging.providers.answers import Answer, Failure
from messaging.providers.asking import UNREADABLE, accepted, ask, plain, retry_after
from messaging.providers.sending import OutgoingBytes

CONNECT_SECONDS = 3.0
READ_SECONDS = 20.0
TOTAL_SECONDS = 30.0
# Shorter than Graph's own idle limit, so that we rarely write into a connection it just closed.
KEEPALIVE_SECONDS = 8.0
# A file of 100 MB over a slow line; the platform takes its time to look at it.
UPLOAD_SECONDS = 180.0
UPLOAD_READ_SECONDS = 60.0


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
        return await self._post(f"{phone_number_id}/messages", _sent_id, json=body)

    async def upload(self, phone_number_id: str, file: OutgoingBytes) -> Answer:
        """Hand a file over, once; the answer's `provider_id` is the file's. Never raises for
        what a network may do. A second upload is another file there, and harms nobody.
        """
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("messaging_product", "whatsapp")
        form.add_field("type", file.mime_type)
        form.add_field("file", file.content, content_type=file.mime_type, filename=file.filename)
        timeout = aiohttp.ClientTimeout(
            total=UPLOAD_SECONDS,
            connect=CONNECT_SECONDS,
            sock_connect=CONNECT_SECONDS,
            sock_read=UPLOAD_READ_SECONDS,
        )
        return await self._post(
            f"{phone_number_id}/media", lambda answer: answer.id, data=form, timeout=timeout
        )

    async def mark_read(self, phone_number_id: str, message_id: str, *, is_typing: bool) -> Answer:
        """Show the customer that `message_id` and all before it was read, and perhaps that
        somebody types; the answer's `provider_id` is `message_id`. Harmless to repeat.
        """
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message_id,
        }
        if is_typing:
            body["typing_indicator"] = {"type": "text"}
        return await self._post(
            f"{phone_number_id}/messages",
            lambda answer: message_id if answer.success else None,
            json=body,
        )

    async def _post(self, path: str, id_of: IdOf, **what: Any) -> Answer:
        """Ask once. `what` is aiohttp's own: a body, a time limit."""
        return await ask(
            self.session,
            "POST",
            f"{self.base_url.rstrip('/')}/{self.api_version}/{path}",
            read=partial(read_answer, id_of=id_of),
            headers={"Authorization": f"Bearer {self.access_token}"},
            **what,
        )


class _Sent(msgspec.Struct):
    id: str


class _Error(msgspec.Struct):
    code: int
    message: str | None = None
    error_data: Any = None  # an object, a string, or whatever else it will be one day


class _Body(msgspec.Struct):
    messages: tuple[_Sent, ...] | None = None
    id: str | None = None  # of an uploaded file
    success: bool = False  # of what leaves nothing behind
    error: _Error | None = None


_DECODER = msgspec.json.Decoder(_Body, strict=False)


IdOf = Callable[[_Body], str | None]


def _sent_id(answer: _Body) -> str | None:
    return answer.messages[0].id if answer.messages else None


def read_answer(
    status: int, content: bytes | None, headers: Mapping[str, str], *, id_of: IdOf = _sent_id
) -> Answer:
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
    provider_id = id_of(body)
    if 200 <= status < 300 and provider_id is not None:
        return accepted(status, provider_id)
    if body.error is None:
        return unreadable
    return _refusal(status, body.error, headers)


def _refusal(status: int, error: _Error, headers: Mapping[str, str]) -> Answer:
    data = error.error_data
    details = data.get("details") if isinstance(data, dict) else data
    return Answer(
        http_status=status,
        code=error.code,
        title=plain(error.message),
        details=plain(details),
        retry_after_seconds=_retry_after(headers),
    )


class _Usage(msgspec.Struct):
    estimated_time_to_regain_access: float = 0


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The longest wait that the headers ask for, in seconds.

    Source: Graph API, "Rate limits › Headers": the estimate is in minutes.
    """
    waits = [retry_after(headers), _regain_seconds(headers)]
    return max((wait for wait in waits if wait), default=None)


def _regain_seconds(headers: Mapping[str, str]) -> float:
    try:
        usage = msgspec.json.decode(
            headers.get("X-Business-Use-Case-Usage", "{}"), type=dict[str, tuple[_Usage, ...]]
        )
    except UNREADABLE:
        return 0.0
    minutes = [each.estimated_time_to_regain_access for many in usage.values() for each in many]
    return 60.0 * max(minutes, default=0.0)
