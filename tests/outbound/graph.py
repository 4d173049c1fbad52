"""A Graph API in a thread: it keeps what it was asked and answers as the test says."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Behaviour = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]
LARGEST_BYTES = 128 << 20


@dataclass(frozen=True)
class Asked:
    """One request that arrived."""

    path: str
    authorization: str
    body: dict[str, Any]

    @property
    def text(self) -> str:
        return str(self.body["text"]["body"])

    @property
    def recipient(self) -> str:
        return str(self.body.get("to") or self.body.get("recipient", ""))


@dataclass(frozen=True)
class Handed:
    """One file that was handed over."""

    path: str
    authorization: str
    fields: dict[str, str]
    filename: str
    mime_type: str
    content: bytes
    length: str


class FakeGraph:
    """Accepts by default; `next` holds behaviours for the coming requests, `next_files` for
    files that are handed over.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.accepted: list[str] = []
        self.next: deque[Behaviour] = deque()
        self.default: Behaviour = accept
        self.handed: list[Handed] = []
        self.next_files: deque[Behaviour] = deque()
        # While set, files that are handed over get stuck after their first bytes.
        self.reads_slowly, self.is_reading = threading.Event(), threading.Event()
        self.most_at_once: Counter[str] = Counter()
        self._now_at: Counter[str] = Counter()
        self._numbers = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        assert self._ready.wait(10)

    def reset(self) -> None:
        self.asked, self.accepted, self.next = [], [], deque()
        self.handed, self.next_files = [], deque()
        self.reads_slowly.clear()
        self.is_reading.clear()
        self.default = accept
        self.most_at_once.clear()

    def new_id(self) -> str:
        self._numbers += 1
        return f"wamid.graph{self._numbers}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=LARGEST_BYTES)
        app[GRAPH] = self
        app.router.add_post("/{version}/{number}/media", self._take)
        app.router.add_post("/{version}/{number}/messages", self._handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.path, request.headers["Authorization"], await request.json())
        self.asked.append(asked)
        self._now_at[asked.recipient] += 1
        self.most_at_once[asked.recipient] = max(
            self.most_at_once[asked.recipient], self._now_at[asked.recipient]
        )
        behaviour = self.next.popleft() if self.next else self.default
        try:
            return await behaviour(request, asked.body)
        finally:
            self._now_at[asked.recipient] -= 1

    async def _take(self, request: web.Request) -> web.StreamResponse:
        if self.reads_slowly.is_set():
            await request.content.readany()
            self.is_reading.set()
            while self.reads_slowly.is_set():
                await asyncio.sleep(0.05)
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        self.handed.append(
            Handed(
                path=request.path,
                authorization=request.headers["Authorization"],
                fields={key: str(form[key]) for key in form if key != "file"},
                filename=file.filename,
                mime_type=file.content_type,
                content=file.file.read(),
                length=request.headers.get("Content-Length", ""),
            )
        )
        if self.next_files:
            return await self.next_files.popleft()(request, {})
        self._numbers += 1
        return web.json_response({"id": f"10{self._numbers:08}"})


GRAPH = web.AppKey("graph", FakeGraph)


async def accept(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    graph = request.app[GRAPH]
    graph.accepted.append(body["text"]["body"] if "text" in body else body["type"])
    return web.json_response(
        {"messaging_product": "whatsapp", "messages": [{"id": graph.new_id()}]}
    )


def refuse(code: int, *, status: int = 400, headers: dict[str, str] | None = None) -> Behaviour:
    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        error = {"code": code, "message": f"(#{code}) refused", "error_data": {"details": "why"}}
        return web.json_response({"error": error}, status=status, headers=headers)

    return answer


def plain(status: int, text: str = "") -> Behaviour:
    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers={"Location": "http://127.0.0.1:9/"})

    return answer


async def accept_and_drop(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    request.app[GRAPH].accepted.append(body["text"]["body"])
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def accept_and_hang(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    request.app[GRAPH].accepted.append(body["text"]["body"])
    await asyncio.Event().wait()
    return web.Response()


def after(released: threading.Event, behaviour: Behaviour = accept) -> Behaviour:
    """Answer once the test says so."""

    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.get_running_loop().run_in_executor(None, released.wait, 20)
        return await behaviour(request, body)

    return answer


def same_id(provider_id: str) -> Behaviour:
    async def answer(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({"messages": [{"id": provider_id}]})

    return answer
