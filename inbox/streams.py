"""A stored file as an answer: whole, or the one range that was asked for; never all in memory."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response

CHUNK_BYTES = 256 * 1024
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class Unsatisfiable(Exception):
    """The range lies outside the file."""


def stream(
    request: HttpRequest, name: str, *, etag: str, headers: Mapping[str, str]
) -> HttpResponseBase:
    """The file of that name in storage, as 200, 206, 304 or 416. Raises Http404 where it is gone.

    Source: RFC 9110, "Range Requests"; several ranges at once are answered with the whole.
    """
    unchanged = get_conditional_response(request, etag=etag)
    response = unchanged if unchanged is not None else _answer(request, _open(name), etag)
    for header, value in {**headers, "ETag": etag, "Accept-Ranges": "bytes"}.items():
        response[header] = value
    return response


def _open(name: str) -> File[bytes]:
    try:
        file: File[bytes] = default_storage.open(name)
    except FileNotFoundError as error:
        raise Http404 from error
    # A slow reader must not keep a connection to the database for as long as it reads.
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    return file


def _answer(request: HttpRequest, file: File[bytes], etag: str) -> HttpResponseBase:
    size = file.seek(0, 2)
    try:
        asked = _asked(request, etag, size)
    except Unsatisfiable:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, stop = asked or (0, size)
    response = _body(request, file, start, stop)
    response["Content-Length"] = str(stop - start)
    if asked:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return response


def _asked(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole. Raises Unsatisfiable."""
    found = RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = found.groups()
    if first:
        return _from_start(int(first), int(last) if last else size - 1, size)
    if not last:
        return None
    if int(last) == 0 or size == 0:
        raise Unsatisfiable
    return max(size - int(last), 0), size


def _from_start(first: int, last: int, size: int) -> tuple[int, int] | None:
    if first >= size:
        raise Unsatisfiable
    return (first, min(last + 1, size)) if last >= first else None


def _body(request: HttpRequest, file: File[bytes], start: int, stop: int) -> HttpResponseBase:
    if request.method == "HEAD":
        file.close()
        return HttpResponse()
    file.seek(start)
    chunks: Any = _chunks(file, stop - start)
    # Django would read a plain iterator to its end before the first byte leaves.
    content = _aside(chunks) if isinstance(request, ASGIRequest) else chunks
    response = StreamingHttpResponse(content)
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]  # as FileResponse does
    return response


def _chunks(file: File[bytes], left: int) -> Iterator[bytes]:
    while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
        left -= len(chunk)
        yield chunk


async def _aside(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read in a thread, so that a slow disk does not hold up the event loop."""
    read = sync_to_async(lambda: next(chunks, b""), thread_sensitive=False)
    while chunk := await read():
        yield chunk
