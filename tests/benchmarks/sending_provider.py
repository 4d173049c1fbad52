"""A provider in a process of its own: takes everything after 200 ms and notes when it came."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event as ProcessEvent

from aiohttp import web

ANSWER_SECONDS = 0.2
# A real provider has machines of its own: where it may, ours goes first, since the time at which
# it comes to read a request is taken for the request's arrival.
PROVIDER_NICE = -15


@dataclass(frozen=True, slots=True)
class Seen:
    """What came: arrivals by number (monotonic seconds, sorted), how often each text came at
    most, and how many requests were under way at once.
    """

    arrivals: dict[str, list[float]]
    most_for_one: int
    most_in_flight: int


def busiest_second(times: Sequence[float]) -> int:
    """The most of these (sorted, in seconds) in any second, wherever it begins."""
    return max((bisect_left(times, at + 1.0) - place for place, at in enumerate(times)), default=0)


class Provider:
    """Started by `with`; `take()` gives what came since the last call."""

    def __enter__(self) -> Provider:
        self._ours, theirs = multiprocessing.Pipe()
        self._stop = multiprocessing.Event()
        self._process = multiprocessing.Process(target=_serve, args=(theirs, self._stop))
        self._process.start()
        self.url = f"http://127.0.0.1:{self._ours.recv()}"
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._process.join()

    def take(self) -> Seen:
        self._ours.send("take")
        seen = self._ours.recv()
        assert isinstance(seen, Seen)
        return seen


def _serve(pipe: Pipe, stop: ProcessEvent) -> None:
    arrivals: dict[str, list[float]] = defaultdict(list)
    got: Counter[str] = Counter()
    flying = [0, 0]

    async def accept(request: web.Request) -> web.Response:
        arrivals[request.match_info["number"]].append(time.monotonic())
        text = (await request.json())["text"]["body"]
        got[text] += 1
        flying[0] += 1
        flying[1] = max(flying)
        await asyncio.sleep(ANSWER_SECONDS)
        flying[0] -= 1
        return web.json_response({"messages": [{"id": f"wamid.{text}.{got[text]}"}]})

    async def run() -> None:
        with contextlib.suppress(PermissionError):
            os.nice(PROVIDER_NICE)
        app = web.Application()
        app.router.add_post("/{version}/{number}/messages", accept)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
        pipe.send(runner.addresses[0][1])
        while not stop.is_set():
            await asyncio.sleep(0.05)
            if pipe.poll():
                pipe.recv()
                pipe.send(Seen(dict(arrivals), max(got.values(), default=0), flying[1]))
                arrivals.clear()

    asyncio.run(run())
