"""Running a simulator: for people until they stop it, for tests beside them in a thread."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from messaging.simulator.app import create_app
from messaging.simulator.settings import Settings

START_SECONDS = 10
CALL_SECONDS = 30


async def listen(settings: Settings, *, host: str, port: int) -> tuple[web.AppRunner, str]:
    """Start to answer; the runner to clean up, and the base URL. Port 0 takes a free one.

    Raises OSError where the port is taken.
    """
    runner = web.AppRunner(await create_app(settings), access_log=None, shutdown_timeout=1.0)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except BaseException:
        await runner.cleanup()
        raise
    address, actual_port = runner.addresses[0][:2]
    shown = f"[{address}]" if ":" in address else address
    return runner, f"http://{shown}:{actual_port}"


async def serve(
    settings: Settings, *, host: str, port: int, started: Callable[[str], None]
) -> None:
    """Run until SIGINT or SIGTERM. `started` gets the base URL once it answers."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner, base_url = await listen(settings, host=host, port=port)
    try:
        started(base_url)
        await stop.wait()
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """A simulator seen from a test. Every call goes over HTTP, so any thread may make it.

    Calls return what was answered (free-form JSON, hence Any) and raise Refused otherwise.
    """

    base_url: str

    def ledger(self) -> list[dict[str, Any]]:
        """What the phones received, oldest first."""
        rows: list[dict[str, Any]] = self._call("GET", "/sim/ledger")["results"]
        return rows

    def inbound(self, **fields: Any) -> str:
        """A customer writes; the wamid. The key `from` is given as `from_`."""
        body = {name.rstrip("_"): value for name, value in fields.items()}
        wamid: str = self._call("POST", "/sim/inbound", body)["wamid"]
        return wamid

    def faults(self, **changes: Any) -> dict[str, Any]:
        """Change the named faults; all faults as they are now."""
        return self._call("PUT", "/sim/faults", changes)

    def reset_faults(self) -> dict[str, Any]:
        return self._call("DELETE", "/sim/faults")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change the timing of statuses; the timing as it is now."""
        return self._call("PUT", "/sim/settings", changes)

    def webhooks(self) -> dict[str, Any]:
        """Counts and recent deliveries."""
        return self._call("GET", "/sim/webhooks")

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        parts = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=CALL_SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        if response.status >= 400:
            raise Refused(response.status, answer.get("error"))
        return answer


class Refused(Exception):
    """The simulator answered with an error: HTTP status, sentence."""


@contextmanager
def running_simulator(
    settings: Settings, *, host: str = "127.0.0.1", port: int = 0
) -> Iterator[RunningSimulator]:
    """A simulator in a thread of its own, stopped at the end of the block."""
    thread = _SimulatorThread(settings, host, port)
    thread.start()
    try:
        yield RunningSimulator(thread.wait_until_started())
    finally:
        thread.stop()


class _SimulatorThread(threading.Thread):
    def __init__(self, settings: Settings, host: str, port: int) -> None:
        super().__init__(name="simulator", daemon=True)
        self._settings = settings
        self._address = (host, port)
        self._ready = threading.Event()
        self._base_url = ""
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def run(self) -> None:
        asyncio.run(self._main())

    def wait_until_started(self) -> str:
        """The base URL. Raises what kept it from starting."""
        if not self._ready.wait(START_SECONDS):
            raise TimeoutError("the simulator did not start")
        if self._error:
            raise self._error
        return self._base_url

    def stop(self) -> None:
        if self._loop and self.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self.join(START_SECONDS)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        host, port = self._address
        try:
            runner, self._base_url = await listen(self._settings, host=host, port=port)
        except Exception as error:  # raised again in the thread that waits
            self._error = error
            self._ready.set()
            return
        self._ready.set()
        try:
            await self._stopping.wait()
        finally:
            await runner.cleanup()
