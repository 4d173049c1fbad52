"""Posting webhooks: signed, concurrent, and repeated until the answer is 200."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import aiohttp

from messaging.simulator import payloads
from messaging.simulator.phones import timestamp
from messaging.simulator.settings import Settings
from messaging.simulator.switches import Faults

SECOND_COPY_SECONDS = 0.02
LOG_LENGTH = 200

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Update:
    """One item to tell the inbox. `number` is its place in the order of creation."""

    number: int
    what: str
    message_id: str
    value: payloads.Json
    attempted: asyncio.Future[None]  # done after the first try, however it ended
    acknowledged: asyncio.Future[None]  # done with the first 200
    at: str = ""
    status: int | None = None  # None before the first answer and where none came
    milliseconds: int = 0
    attempts: int = 0
    field: str = payloads.MESSAGES

    def row(self) -> dict[str, object]:
        return {
            "at": self.at,
            "what": self.what,
            "message_id": self.message_id,
            "status": self.status,
            "milliseconds": self.milliseconds,
            "attempts": self.attempts,
        }


@dataclass(slots=True)
class Answer:
    """What one POST came to; `status` is None when nobody answered."""

    at: str
    status: int | None
    milliseconds: int


@dataclass(slots=True)
class _Queues:
    """`ready` goes out now, oldest first; `later` waits for its time: (due, number, update)."""

    ready: list[tuple[int, Update]] = field(default_factory=list)
    later: list[tuple[float, int, Update]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ready) + len(self.later)


class Webhooks:
    """The queue of everything that the inbox has not answered 200 to."""

    def __init__(self, settings: Settings, faults: Faults, changed: Callable[[], None]) -> None:
        self._settings = settings
        self._faults = faults
        self._changed = changed
        self._queues = _Queues()
        self._created = 0
        self._posting = 0
        self._in_flight = 0
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._counts: Counter[str] = Counter()
        self.log: deque[Update] = deque(maxlen=LOG_LENGTH)

    def put(
        self, what: str, message_id: str, value: payloads.Json, *, field: str = payloads.MESSAGES
    ) -> Update:
        """Queue one item; `value` goes out in the next body that has room for it."""
        loop = asyncio.get_running_loop()
        self._created += 1
        update = Update(
            self._created,
            what,
            message_id,
            value,
            loop.create_future(),
            loop.create_future(),
            field=field,
        )
        heapq.heappush(self._queues.later, (loop.time(), update.number, update))
        self._wake.set()
        return update

    def counts(self) -> dict[str, int]:
        """`sent` and `statuses` (a part of it) were answered 200; `waiting` were not yet;
        `repeated` counts tries after the first, and second copies."""
        return {
            "sent": self._counts["sent"],
            "statuses": self._counts["statuses"],
            "waiting": len(self._queues) + self._in_flight,
            "repeated": self._counts["repeated"],
        }

    def wake(self) -> None:
        """Look again at what is due: a fault has changed."""
        self._wake.set()

    async def run(self) -> None:
        """Post what is due, for ever."""
        timeout = aiohttp.ClientTimeout(total=self._settings.webhook_timeout_seconds)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as self._session:
            while True:
                self._wake.clear()
                self._promote_due()
                while self._queues.ready and self._posting < self._settings.concurrency:
                    self._start(self._attempt(self._take()))
                    self._posting += 1
                await self._until_something_is_due()

    async def stop(self) -> None:
        """Cancel what is under way. What was never acknowledged is found again by a restart."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _promote_due(self) -> None:
        later, ready = self._queues.later, self._queues.ready
        limit = asyncio.get_running_loop().time() - self._faults.delay_seconds
        while later and later[0][0] <= limit:
            _, number, update = heapq.heappop(later)
            heapq.heappush(ready, (number, update))

    def _take(self) -> list[Update]:
        """The oldest item; when many wait, its share of them with it."""
        waiting = len(self._queues.ready)
        size = min(1 + waiting // self._settings.concurrency, self._settings.batch_limit, waiting)
        self._in_flight += size
        return [heapq.heappop(self._queues.ready)[1] for _ in range(size)]

    async def _until_something_is_due(self) -> None:
        wait = None
        if self._queues.later:
            due = self._queues.later[0][0] + self._faults.delay_seconds
            wait = max(0.0, due - asyncio.get_running_loop().time())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._wake.wait()

    async def _attempt(self, updates: list[Update]) -> None:
        body = payloads.encode(
            self._settings.waba_id, [(update.field, update.value) for update in updates]
        )
        if self._faults.deliver_twice:
            self._start(self._post_again(body, updates))
        answer = await self._post(body)
        self._posting -= 1
        self._in_flight -= len(updates)
        for update in updates:
            self._settle(update, answer)
        self._wake.set()
        self._changed()

    async def _post(self, body: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        at, started = timestamp(), loop.time()
        secret = self._settings.app_secret + ("-wrong" if self._faults.wrong_signature else "")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": payloads.signature(body, secret),
        }
        status = None
        try:
            assert self._session is not None  # noqa: S101  (run() has opened it)
            url = self._settings.webhook_url
            async with self._session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            logger.debug("webhook not answered", exc_info=True)
        return Answer(at, status, round((loop.time() - started) * 1000))

    def _settle(self, update: Update, answer: Answer) -> None:
        if update.attempts == 0:
            self.log.append(update)
        else:
            self._counts["repeated"] += 1
        update.attempts += 1
        update.at, update.status = answer.at, answer.status
        update.milliseconds = answer.milliseconds
        if not update.attempted.done():
            update.attempted.set_result(None)
        if answer.status == 200:
            self._counts["sent"] += 1
            self._counts["statuses"] += update.what.startswith("statuses")
            update.acknowledged.set_result(None)
        else:
            due = asyncio.get_running_loop().time() + self._pause_after(update.attempts)
            heapq.heappush(self._queues.later, (due, update.number, update))

    def _pause_after(self, attempts: int) -> float:
        """Seconds until the next try, after try number `attempts` failed."""
        pause = self._settings.retry_seconds * float(1 << min(attempts - 1, 20))
        return min(pause, self._settings.retry_cap_seconds)

    async def _post_again(self, body: bytes, updates: list[Update]) -> None:
        """The same bytes once more, whatever becomes of the first copy."""
        await asyncio.sleep(SECOND_COPY_SECONDS)
        answer = await self._post(body)
        for update in updates:
            copy = Update(
                update.number,
                f"{update.what}, repeated",
                update.message_id,
                {},
                update.attempted,
                update.acknowledged,
                at=answer.at,
                status=answer.status,
                milliseconds=answer.milliseconds,
                attempts=1,
            )
            self.log.append(copy)
            self._counts["repeated"] += 1
        self._changed()
