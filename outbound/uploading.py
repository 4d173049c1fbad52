"""Handing files to providers: several at once, each as its own task of the courier's loop."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import IO, Any

import aiohttp
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from prometheus_client import Counter

from messaging import sniffing
from messaging.failpoints import failpoint
from messaging.providers.answers import Answer, Failure
from messaging.providers.sending import OutgoingBytes
from outbound import provider_files, upload_rules
from outbound.courier import courier
from outbound.error_codes import THROTTLES, ErrorClass, class_of
from outbound.provider_files import Claim
from outbound.retry import ACCOUNT_SECONDS, next_delay

logger = logging.getLogger(__name__)
tries_total = Counter(
    "inbox_uploads", "Files handed to providers, by what became of the try.", ["outcome"]
)

MOST_AT_ONCE = 6
TURN_SECONDS = 45.0
SWEEP_SECONDS = 5.0
RENEW_SECONDS = 8.0
# Another try may end otherwise.
PASSING = frozenset({ErrorClass.BUSY, ErrorClass.UNCONFIRMED, ErrorClass.LATER}) | THROTTLES
FINAL_WORDS = {
    ErrorClass.ACCESS: "no_access_token",
    ErrorClass.ACCOUNT: "file_not_uploaded",
}


def upload_due(*, limit_seconds: float = TURN_SECONDS, grace_seconds: float = 0.0) -> int:
    """Upload what is due until nothing is, or begin nothing new after `limit_seconds`.

    How many tries were recorded. What a process has begun when it is killed is due again when
    its claims end.
    """
    return _Turn(time.monotonic() + limit_seconds, grace_seconds).work()


def sweep_due(*, grace_seconds: float) -> int:
    """See to it that files left behind are uploaded; how many there are.

    In a thread of its own, one a process: a large file must not hold up what else is swept.
    """
    due = provider_files.count_due(grace_seconds=grace_seconds)
    if due and not (_Beside.thread and _Beside.thread.is_alive()):
        _Beside.thread = threading.Thread(
            target=_upload_beside, args=(grace_seconds,), name="upload sweep"
        )
        _Beside.thread.start()
    return due


class _Beside:
    """The thread that uploads what was left behind, if there is one."""

    thread: threading.Thread | None = None


def _upload_beside(grace_seconds: float) -> None:
    try:
        upload_due(limit_seconds=SWEEP_SECONDS, grace_seconds=grace_seconds)
    except Exception:  # the edge of a thread: the next round tries again
        logger.exception("upload sweep broke")
    finally:
        connection.close()


class _Turn:
    """One run: claims and records in the caller's thread, requests in the courier's."""

    def __init__(self, stop_at: float, grace_seconds: float) -> None:
        self._stop_at = stop_at
        self._grace_seconds = grace_seconds
        self._pending: dict[Future[Answer], tuple[Claim, IO[bytes]]] = {}
        self._renew_at = time.monotonic() + RENEW_SECONDS

    def work(self) -> int:
        recorded = 0
        try:
            while self._begin() or self._pending:
                done, _ = wait(self._pending, timeout=1.0, return_when=FIRST_COMPLETED)
                self._renew()
                for future in done:
                    claim, content = self._pending.pop(future)
                    content.close()
                    _record(claim, _answer_of(future))
                    recorded += 1
        finally:
            self._drop()
        return recorded

    def _begin(self) -> int:
        room = MOST_AT_ONCE - len(self._pending)
        if room <= 0 or time.monotonic() >= self._stop_at:
            return 0
        claims = provider_files.claim(limit=room, grace_seconds=self._grace_seconds)
        failpoint("upload.claimed")
        for each in claims:
            self._carry(each)
        return len(claims)

    def _carry(self, claim: Claim) -> None:
        if claim.attempt > provider_files.most_attempts():
            _give_up(claim, "file_not_uploaded")
            return
        if claim.account is None:
            provider_files.put_off(claim, seconds=ACCOUNT_SECONDS, is_spent=False)
            return
        try:
            content = _open(claim.media.file)
        except OSError:
            logger.warning("file not read", extra={"media": claim.media.pk})
            _give_up(claim, "file_missing")
            return
        self._pending[courier().ask(_request(claim, content))] = claim, content

    def _renew(self) -> None:
        if self._pending and time.monotonic() >= self._renew_at:
            provider_files.renew([claim for claim, _ in self._pending.values()])
            self._renew_at = time.monotonic() + RENEW_SECONDS

    def _drop(self) -> None:
        """What is still under way after an error of ours is uploaded again by somebody else."""
        for future, (_, content) in self._pending.items():
            future.cancel()
            content.close()


def _open(name: str) -> IO[bytes]:
    """The stored file; closing it closes what storage holds."""
    stored = default_storage.open(name, "rb")
    content: IO[bytes] = stored.file  # type: ignore[assignment]  # whatever storage has, it reads
    return content


def _request(
    claim: Claim, content: IO[bytes]
) -> Callable[[aiohttp.ClientSession], Coroutine[Any, Any, Answer]]:
    """The request, to be made with the courier's session."""
    media = claim.media
    file = OutgoingBytes(
        content=content,
        mime_type=upload_rules.sent_as(media.kind, media.stored_mime_type),
        # The customer's name for a document travels with the message, not here.
        filename=f"{media.pk}.{sniffing.extension(media.stored_mime_type)}",
    )

    async def run(session: aiohttp.ClientSession) -> Answer:
        if claim.sending.upload is None or claim.account is None:
            return Answer(failure=Failure.NOT_STARTED)
        return await claim.sending.upload(session, claim.account, claim.address, file)

    return run


def _answer_of(future: Future[Answer]) -> Answer:
    try:
        return future.result()
    except Exception as error:  # the edge of an upload: a fault of ours is a failed try as well
        logger.error("upload broke", extra={"error": type(error).__name__})
        return Answer(failure=Failure.INTERRUPTED)


def _record(claim: Claim, answer: Answer) -> None:
    failpoint("upload.answered")
    if answer.provider_id:
        is_ours = provider_files.record_ready(claim, answer.provider_id)
        _count(claim, "uploaded" if is_ours else "lost")
    elif _may_pass(answer):
        _put_off(claim, answer)
    else:
        _give_up(claim, _final_word(answer), title=answer.title)
    failpoint("upload.recorded")


def _final_word(answer: Answer) -> str:
    found = class_of(answer.code) if answer.code is not None else ErrorClass.MEDIA
    return FINAL_WORDS.get(found, "file_refused")


def _may_pass(answer: Answer) -> bool:
    """Whether the same file may be taken another time: nothing was said, or not about the file."""
    status = answer.http_status or 0
    if answer.code is None:
        return status != 413
    found = class_of(answer.code)
    return found in PASSING or (status >= 500 and found is ErrorClass.UNLISTED)


def _put_off(claim: Claim, answer: Answer) -> None:
    is_throttled = answer.code is not None and class_of(answer.code) in THROTTLES
    if not is_throttled and claim.attempt >= provider_files.most_attempts():
        _give_up(claim, "file_not_uploaded", title=answer.title)
        return
    seconds = next_delay(
        claim.attempt,
        settings.SEND_RETRY_DELAYS,
        chance=random.random(),  # noqa: S311 - spreads retries, protects nothing
        retry_after=answer.retry_after_seconds,
    )
    provider_files.put_off(claim, seconds=seconds, is_spent=not is_throttled)
    _count(claim, "put_off")


def _give_up(claim: Claim, code: str, *, title: str = "") -> None:
    provider_files.record_failed(claim, code=code, title=title)
    _count(claim, code)


def _count(claim: Claim, outcome: str) -> None:
    tries_total.labels(outcome).inc()
    logger.info("file uploaded", extra={"media": claim.media.pk, "outcome": outcome})
