"""A provider's files in a thread: keeps what it was asked, answers as the test says."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

START_SECONDS = 10
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST instead of FIN
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that arrived."""

    path: str
    query: str
    headers: dict[str, str]


class Origin:
    """`/<version>/<id>` answers as Graph does, `/files/<id>` with the bytes of that id.

    `next` holds behaviours for the coming requests to a path that begins so.
    """

    def __init__(self, base_url: str = "") -> None:
        self.base_url = base_url
        self.files: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.asked: list[Asked] = []
        self.next: dict[str, list[Behaviour]] = {}
        self.located: dict[str, Any] = {}

    def put(self, media_id: str, content: bytes, mime_type: str = "image/jpeg") -> str:
        """Offer a file; its SHA-256 in hex."""
        self.files[media_id], self.types[media_id] = content, mime_type
        return hashlib.sha256(content).hexdigest()

    def then(self, path: str, *behaviours: Behaviour) -> None:
        self.next.setdefault(path, []).extend(behaviours)

    def times(self) -> Counter[str]:
        """How often each path was asked."""
        return Counter(each.path for each in self.asked)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.path, request.query_string, headers))
        for path, behaviours in self.next.items():
            if request.path.startswith(path) and behaviours:
                return await behaviours.pop(0)(request)
        return self._usual(request.path)

    def _usual(self, path: str) -> web.Response:
        media_id = path.rstrip("/").rpartition("/")[2]
        content = self.files.get(media_id)
        if content is None:
            return web.json_response({"error": {"code": 100}}, status=400)
        if path.startswith("/files/"):
            return web.Response(body=content, content_type=self.types[media_id])
        return web.json_response(
            {
                "url": f"{self.base_url}/files/{media_id}",
                "mime_type": self.types[media_id],
                "file_size": len(content),
                "id": media_id,
            }
            | self.located
        )


OriginType = TypeVar("OriginType", bound=Origin)


@contextmanager
def running_origin(origin: OriginType) -> Iterator[OriginType]:
    """Let it listen on a port of its own, until the block ends."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stopping = asyncio.Event()

    async def main() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", origin.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        origin.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stopping.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(START_SECONDS)
    try:
        yield origin
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(START_SECONDS)
        loop.close()


def status(code: int) -> Behaviour:
    """That status and nothing else."""

    async def behave(_: web.Request) -> web.Response:
        return web.Response(status=code)

    return behave


def redirect(url: str) -> Behaviour:
    async def behave(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": url})

    return behave


def located(**fields: Any) -> Behaviour:
    """What Graph says of a file."""

    async def behave(_: web.Request) -> web.Response:
        return web.json_response(fields)

    return behave


def cut(content: bytes) -> Behaviour:
    """Half of it, and the connection ends."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(content))})
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        assert request.transport is not None
        request.transport.close()
        return response

    return behave


def reset(content: bytes) -> Behaviour:
    """Half of it, and the connection is torn down."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(content))})
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        assert isinstance(request.transport, asyncio.Transport)
        stream = request.transport.get_extra_info("socket")
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        request.transport.abort()
        return response

    return behave


def trickle(content: bytes, *, pieces: int, pause_seconds: float) -> Behaviour:
    """All of it, piece after piece."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(content))})
        await response.prepare(request)
        size = len(content) // pieces + 1
        with suppress(ConnectionResetError):  # whoever asked is gone
            for start in range(0, len(content), size):
                await asyncio.sleep(pause_seconds)
                await response.write(content[start : start + size])
        return response

    return behave


def hang(content: bytes) -> Behaviour:
    """Half of it, and then nothing."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(content))})
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        while request.transport and not request.transport.is_closing():
            await asyncio.sleep(0.02)
        return response

    return behave


def endless(chunk: bytes, count: int) -> Behaviour:
    """A body whose size nobody announced."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        with suppress(ConnectionResetError):  # it has enough
            for _ in range(count):
                await response.write(chunk)
        return response

    return behave
