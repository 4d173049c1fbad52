"""A Graph API of the programme's own: it behaves by number, and keeps what its phones received."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

# What to do with one send: 0 accepts it, another number refuses with that code.
ACCEPT = 0
DROP = -1
BROKEN = -2
SLOW = -3
SLOW_SECONDS = 25.0
Behave = Callable[[str, str], int]


@dataclass(frozen=True, slots=True)
class Received:
    """One message on a phone."""

    number: str
    to: str
    text: str
    at: float


@dataclass(kw_only=True)
class Provider:
    """Listens on one port all the time but while it is `down`."""

    port: int
    behave: Behave = lambda _number, _text: ACCEPT
    asked: list[Received] = field(default_factory=list)
    ledger: list[Received] = field(default_factory=list)
    probes: int = 0
    answer_seconds: float = 0.0  # how long it takes to answer what it has taken

    def __post_init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._site: web.TCPSite | None = None
        self._runner: web.AppRunner | None = None
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.come_up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def come_up(self) -> None:
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def go_down(self) -> None:
        """Nobody listens any more, and what is under way is cut."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)

    def stop(self) -> None:
        self.go_down()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post("/{version}/{number}/messages", self._take)
        app.router.add_get("/{version}/{number}", self._tell)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()

    async def _stop(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _tell(self, request: web.Request) -> web.StreamResponse:
        self.probes += 1
        verdict = self.behave(request.match_info["number"], "")
        if verdict == ACCEPT:
            return web.json_response({"id": request.match_info["number"]})
        return await self._refuse(request, verdict)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = await request.json()
        number, text = request.match_info["number"], str(body["text"]["body"])
        received = Received(number, str(body["to"]), text, time.time())
        self.asked.append(received)
        verdict = self.behave(number, text)
        if verdict != ACCEPT:
            return await self._refuse(request, verdict)
        self.ledger.append(received)
        wamid = f"wamid.{number}.{len(self.ledger)}"
        await asyncio.sleep(self.answer_seconds)
        return web.json_response({"messages": [{"id": wamid}]})

    async def _refuse(self, request: web.Request, verdict: int) -> web.StreamResponse:
        if verdict == DROP and request.transport is not None:
            request.transport.abort()
        if verdict == SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        if verdict in {DROP, BROKEN, SLOW}:
            return web.Response(status=502, text="no answer")
        error = {"code": verdict, "message": f"(#{verdict}) refused"}
        return web.json_response({"error": error}, status=401 if verdict == 190 else 400)
