"""The process' event loop for requests: one loop, one session, in a thread of its own.

The dispatch stays synchronous, so Django's connection and transactions stay in its thread;
requests go to the loop in batches and answers come back through the caller's queue.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

import aiohttp

from messaging.failpoints import failpoint
from messaging.providers.answers import Answer, Failure
from messaging.providers.cloud.client import new_session
from outbound.departures import Departure
from outbound.limits.rates import Slot

logger = logging.getLogger(__name__)

Delivery = tuple[Departure, Answer]
# The message's place in time is over: it did not leave and needs another.
MISSED = Answer(failure=Failure.NOT_STARTED, details="missed its place")


class Courier:
    """Carries requests out and answers back; started once per process by `courier()`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        threading.Thread(target=self._run, name="courier", daemon=True).start()

    def carry(
        self, departures: Sequence[Departure], *, begin_by: float, into: SimpleQueue[Delivery]
    ) -> None:
        """Send each once and put every answer into the queue; returns at once.

        What has not begun by the monotonic time `begin_by` is not sent any more.
        """
        self._loop.call_soon_threadsafe(self._begin, departures, begin_by, into)

    def ask(
        self, request: Callable[[aiohttp.ClientSession], Coroutine[Any, Any, Answer]]
    ) -> Future[Answer]:
        """Make a request that is no message, and may be repeated: a file, a read receipt."""
        return asyncio.run_coroutine_threadsafe(self._ask(request), self._loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _begin(
        self, departures: Sequence[Departure], begin_by: float, into: SimpleQueue[Delivery]
    ) -> None:
        for departure in departures:
            task = self._loop.create_task(self._deliver(departure, begin_by, into))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(
        self, departure: Departure, begin_by: float, into: SimpleQueue[Delivery]
    ) -> None:
        try:
            answer = await self._send(departure, begin_by)
        except Exception:  # the edge of a task: a send that broke inside us may have left
            logger.exception("send broke", extra={"attempt_id": str(departure.claim.attempt_id)})
            answer = Answer(failure=Failure.INTERRUPTED)
        into.put((departure, answer))

    async def _ask(
        self, request: Callable[[aiohttp.ClientSession], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        if self._session is None:
            self._session = new_session()
        return await request(self._session)

    async def _send(self, departure: Departure, begin_by: float) -> Answer:
        if self._session is None:
            self._session = new_session()
        slot = departure.claim.slot
        await _wait_for(slot)
        failpoint("courier.leaving")
        sender = departure.sender
        if sender.sending is None or sender.account is None or time.monotonic() >= begin_by:
            return Answer(failure=Failure.NOT_STARTED)
        if slot is not None and slot.is_over(time.monotonic()):
            return MISSED
        answer = await sender.sending.send(
            self._session, sender.account, departure.external_id, departure.body
        )
        failpoint("courier.answered")
        return answer


async def _wait_for(slot: Slot | None) -> None:
    if slot is not None and (left := slot.at - time.monotonic()) > 0:
        await asyncio.sleep(left)


class _Process:
    courier: Courier | None = None
    lock = threading.Lock()


def courier() -> Courier:
    """This process' courier."""
    with _Process.lock:
        if _Process.courier is None:
            _Process.courier = Courier()
        return _Process.courier


def _forget() -> None:
    _Process.courier, _Process.lock = None, threading.Lock()


# A forked child has its parent's memory, and not its threads.
os.register_at_fork(after_in_child=_forget)
