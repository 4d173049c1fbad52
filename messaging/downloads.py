"""Files of messages, from the provider to our storage: a state machine and queue of their own.

`waiting → fetching → stored | failed`; a failure that may pass waits by PROCESSING_RETRY_DELAYS
and is given up, shown and kept as a dead letter after PROCESSING_MAX_ATTEMPTS. A message never
waits for its files, and takes a new number when one of them is stored, given up or retried.
Any number of processes may fetch at once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import traceback
from collections.abc import Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType

from django.db import connection, transaction
from prometheus_client import Counter

from messaging import media_claims, media_files
from messaging.failpoints import failpoint
from messaging.fetching import fetch
from messaging.hints import send_hint
from messaging.media_claims import Claim, Stored
from messaging.media_failures import NotFetched
from messaging.models import DeadLetter, DeadLetterState
from messaging.transfers import Line, open_line

logger = logging.getLogger(__name__)
tries_total = Counter(
    "inbox_media_tries", "Tries to fetch a file, by what became of them.", ["outcome"]
)

FETCH = "messaging.tasks.fetch_due_media"
MOST_AT_ONCE = 8
TURN_SECONDS = 45.0
RENEW_SECONDS = 8.0
SWEEP_SECONDS = 5.0
STOP_SECONDS = 5.0


def fetch_due(*, limit_seconds: float = TURN_SECONDS, grace_seconds: float = 0.0) -> int:
    """Fetch what is due until nothing is, or begin nothing new after `limit_seconds`.

    How many tries were recorded. What a process has begun when it is killed is due again when
    its claims end. `grace_seconds` is given to the hint of a new file.
    """
    claims = _claim(MOST_AT_ONCE, grace_seconds)
    if not claims:
        return 0
    with _Porter() as porter:
        return _Turn(porter, time.monotonic() + limit_seconds, grace_seconds).work(claims)


def sweep_due(*, grace_seconds: float) -> int:
    """See to it that files left behind are fetched; how many there are.

    In a thread of its own, one a process: a large file must not hold up what else is swept.
    """
    due = media_claims.count_due(grace_seconds=grace_seconds)
    if due and not (_Beside.thread and _Beside.thread.is_alive()):
        _Beside.thread = threading.Thread(
            target=_fetch_beside, args=(grace_seconds,), name="media sweep"
        )
        _Beside.thread.start()
    return due


def retry(media_ids: Iterable[int]) -> int:
    """Try files that were given up again, from the beginning; how many of these were."""
    with transaction.atomic():
        count = media_claims.put_back(list(media_ids))
        if count:
            transaction.on_commit(partial(send_hint, FETCH, queue="background"), robust=True)
    return count


def retry_letters(letter_ids: Collection[int], _seconds: float) -> None:
    """Try the files of dead letters again; a letter whose file is gone stays with a person."""
    letters = DeadLetter.objects.filter(pk__in=letter_ids)
    retry(letters.filter(media__isnull=False).values_list("media_id", flat=True))
    letters.filter(media__isnull=True).update(state=DeadLetterState.FAILED, due_at=None)


class _Beside:
    """The thread that fetches what was left behind, if there is one."""

    thread: threading.Thread | None = None


def _fetch_beside(grace_seconds: float) -> None:
    try:
        fetch_due(limit_seconds=SWEEP_SECONDS, grace_seconds=grace_seconds)
    except Exception:  # the edge of a thread: the next round tries again
        logger.exception("media sweep broke")
    finally:
        connection.close()


def _claim(limit: int, grace_seconds: float) -> list[Claim]:
    claims = media_claims.claim(limit=limit, grace_seconds=grace_seconds)
    failpoint("media.claimed")
    return claims


class _Turn:
    """One run: claims and records in the caller's thread, fetches in the porter's."""

    def __init__(self, porter: _Porter, stop_at: float, grace_seconds: float) -> None:
        self._porter = porter
        self._stop_at = stop_at
        self._grace_seconds = grace_seconds
        self._pending: dict[Future[Stored], Claim] = {}
        self._renew_at = time.monotonic() + RENEW_SECONDS

    def work(self, claims: list[Claim]) -> int:
        recorded = 0
        while claims or self._pending:
            self._pending |= {self._porter.carry(each): each for each in claims}
            done, _ = wait(self._pending, timeout=1.0, return_when=FIRST_COMPLETED)
            self._renew()
            for future in done:
                recorded += _record(self._pending.pop(future), future)
            claims = self._more()
        return recorded

    def _more(self) -> list[Claim]:
        room = MOST_AT_ONCE - len(self._pending)
        if room == 0 or time.monotonic() >= self._stop_at:
            return []
        return _claim(room, self._grace_seconds)

    def _renew(self) -> None:
        if self._pending and time.monotonic() >= self._renew_at:
            media_claims.renew(self._pending.values())
            self._renew_at = time.monotonic() + RENEW_SECONDS


def _record(claim: Claim, future: Future[Stored]) -> bool:
    try:
        stored = future.result()
    except Exception as error:  # the edge of a fetch: a fault of ours is a failed try as well
        failure = error if isinstance(error, NotFetched) else _broken(claim, error)
        _count(claim, failure.code)
        return media_claims.record_failed(claim, failure)
    is_ours = media_claims.record_stored(claim, stored)
    _count(claim, "stored" if is_ours else "lost")
    if not is_ours:
        media_files.remove(filter(None, (stored.file, stored.thumbnail)))
    failpoint("media.recorded")
    return is_ours


def _broken(claim: Claim, error: Exception) -> NotFetched:
    logger.error("fetch broke", extra={"media": claim.media_id, "error": type(error).__name__})
    return NotFetched("broken", stack="".join(traceback.format_tb(error.__traceback__)))


def _count(claim: Claim, outcome: str) -> None:
    tries_total.labels(outcome).inc()
    logger.info("file tried", extra={"media": claim.media_id, "outcome": outcome})


class _Porter:
    """An event loop in a thread, so that the caller's keeps Django's connection to itself."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="porter", daemon=True)
        self._stack = AsyncExitStack()
        self._line: Line | None = None

    def __enter__(self) -> _Porter:
        self._thread.start()
        opening = self._stack.enter_async_context(open_line())
        self._line = asyncio.run_coroutine_threadsafe(opening, self._loop).result()
        return self

    def carry(self, claim: Claim) -> Future[Stored]:
        """Begin to fetch."""
        assert self._line is not None  # noqa: S101 - opened on entry
        return asyncio.run_coroutine_threadsafe(fetch(claim, self._line), self._loop)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """What is still under way, after an error of the caller's, is dropped."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)
        self._loop.close()

    async def _close(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._stack.aclose()
