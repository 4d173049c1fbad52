"""A provider that takes messages and leaves one in doubt of it, and what becomes of them later.

Each text has its fate: how its request ends, whether its phone gets it, and what statuses tell of
it. Statuses are signed webhooks, posted until the gateway has said 200.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from inbox.processes import process_table
from tests.messaging import bodies
from tests.reliability.provider import Provider, Received
from tests.reliability.proxy import RESET

APP_SECRET = "s"
NUMBERS_BEGIN = 70_000_000
# Longer than anybody reads for.
SILENCE_SECONDS = 4.0
MOST_BEFORE_SECONDS = 0.5
UNDELIVERABLE = 131026
GARBAGE = ("<html>thank you</html>", '{"messages": []}', '{"messages": [{"id": ', "null", "[1]")
BROKEN = ((500, "oops"), (502, "<html></html>"), (500, '{"error": {"code": 1, "message": "m"}}'),
          (500, '{"error": {"code": 131000, "message": "m"}}'), (504, ""))  # fmt: skip


class Ending(StrEnum):
    """What the sender sees of it."""

    GOOD = "good"
    RESET = "reset"
    SILENCE = "timeout"
    BROKEN = "500"
    GARBAGE = "garbage"
    KILL = "kill"
    HELD = "held"
    REFUSED = "refused"


class News(StrEnum):
    """What statuses tell of it, and when."""

    BEFORE = "before the answer"
    AFTER = "after the answer"
    TWICE = "twice"
    NEVER = "never"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of one text."""

    ending: Ending = Ending.GOOD
    news: News = News.AFTER
    is_taken: bool = True

    @property
    def is_doubtful(self) -> bool:
        return self.ending not in {Ending.GOOD, Ending.HELD, Ending.REFUSED}


@dataclass(kw_only=True)
class Doubtful(Provider):
    """Its ledger is what phones have; `told` are texts whose first status the gateway has."""

    gateway: str
    groups: Callable[[], Iterable[int]]  # of processes that may send
    fate_of: Callable[[str], Fate]
    told: set[str] = field(default_factory=set)
    kills: int = 0
    telling: int = 0

    def __post_init__(self) -> None:
        self.released = asyncio.Event()
        self._courses: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._dice = random.Random(0)  # noqa: S311 - repeatable, not secret
        super().__post_init__()

    def release(self) -> None:
        """Let what is held have its answer."""
        self._loop.call_soon_threadsafe(self.released.set)

    def hold(self) -> None:
        """From now on what is to be held is."""
        self._loop.call_soon_threadsafe(self.released.clear)

    async def _stop(self) -> None:
        await super()._stop()
        courses = tuple(self._courses)
        for course in courses:
            course.cancel()
        await asyncio.gather(*courses, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = await request.json()
        number, text = request.match_info["number"], str(body["text"]["body"])
        received = Received(number, str(body["to"]), text, asyncio.get_running_loop().time())
        self.asked.append(received)
        fate = self.fate_of(text)
        if fate.ending is Ending.REFUSED:
            return _error(400, UNDELIVERABLE)
        if fate.is_taken:
            self.ledger.append(received)
        wamid = f"wamid.{number}.{len(self.asked)}"
        await self._begin_telling(received, wamid, body.get("biz_opaque_callback_data"), fate.news)
        return await self._end(request, fate.ending, wamid)

    async def _end(self, request: web.Request, ending: Ending, wamid: str) -> web.StreamResponse:
        if ending is Ending.KILL:
            self._kill(request)
        if ending is Ending.HELD:
            await self.released.wait()
        if ending is Ending.SILENCE:
            await asyncio.sleep(SILENCE_SECONDS)
        if ending is Ending.RESET:
            _reset(request)
        if ending is Ending.GARBAGE:
            return web.Response(text=self._dice.choice(GARBAGE))
        if ending is Ending.BROKEN:
            status, text = self._dice.choice(BROKEN)
            return web.Response(status=status, text=text)
        return web.json_response({"messages": [{"id": wamid}]})

    def _kill(self, request: web.Request) -> None:
        """Whoever sent this."""
        port = request.transport.get_extra_info("peername")[1] if request.transport else 0
        inode = _inode_of(port)
        groups = set(self.groups())
        for entry in process_table.matching(lambda each: each.group in groups):
            if inode and _has(entry.pid, inode):
                with suppress(ProcessLookupError):
                    os.kill(entry.pid, signal.SIGKILL)
                    self.kills += 1

    async def _begin_telling(
        self, received: Received, wamid: str, opaque: object, news: News
    ) -> None:
        if news is News.NEVER:
            return
        names = ("failed",) if news is News.FAILED else ("sent", "delivered")
        if news in {News.BEFORE, News.TWICE}:
            course = self._report(received, wamid, opaque, names, after=0.0)
            await asyncio.wait([course], timeout=MOST_BEFORE_SECONDS)
        if news is not News.BEFORE:
            self._report(received, wamid, opaque, names, after=self._dice.uniform(0.05, 0.4))

    def _report(
        self, received: Received, wamid: str, opaque: object, names: Iterable[str], *, after: float
    ) -> asyncio.Task[None]:
        self.telling += 1
        task = self._loop.create_task(self._course(received, wamid, opaque, names, after))
        self._courses.add(task)
        task.add_done_callback(self._courses.discard)
        return task

    async def _course(
        self, received: Received, wamid: str, opaque: object, names: Iterable[str], after: float
    ) -> None:
        await asyncio.sleep(after)
        slug = f"number-{int(received.number) - NUMBERS_BEGIN}"
        for name in names:
            status = bodies.status(wamid, name, recipient_id=received.to)
            if opaque:
                status["biz_opaque_callback_data"] = opaque
            if name == "failed":
                status["errors"] = [{"code": UNDELIVERABLE, "title": "Undeliverable"}]
            content = bodies.body(statuses=[status], number_id=received.number)
            await self._post(f"{self.gateway}/webhooks/cloud/{slug}/", content)
            self.told.add(received.text)
        self.telling -= 1

    async def _post(self, url: str, content: bytes) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        headers = bodies.signed(content, APP_SECRET)
        while True:
            with suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with self._session.post(url, data=content, headers=headers) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.2)


def _error(status: int, code: int) -> web.Response:
    text = json.dumps({"error": {"code": code, "message": f"(#{code}) refused"}})
    return web.Response(status=status, text=text)


def _reset(request: web.Request) -> None:
    if request.transport is not None:
        stream = request.transport.get_extra_info("socket")
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        request.transport.abort()


def _inode_of(port: int) -> str:
    """The socket that has this local port, as the kernel numbers it."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].partition(":")[2], 16) == port and fields[9] != "0":
            return fields[9]
    return ""


def _has(pid: int, inode: str) -> bool:
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if str(descriptor.readlink()) == f"socket:[{inode}]":
                    return True
    return False
