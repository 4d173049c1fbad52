"""Recording however long Postgres is away; what waits is on disk too."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from django.db import InterfaceError, OperationalError, connection

from messaging.failpoints import failpoint
from outbound.journal import journal
from outbound.recording import NO_ANSWER, Outcome, record_apart

logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 2.0
LOOK_SECONDS = 0.1


def record_surely(
    outcomes: Sequence[Outcome], *, more: Callable[[], Sequence[Outcome]] = tuple
) -> int:
    """Record, waiting for Postgres as long as this process lives; how many were written.

    What waits is in the journal on disk, with what `more` brings meanwhile, so that it outlives
    the process too; and where something else breaks here, whoever comes next records it.
    """
    try:
        return _record(outcomes, more)
    except BaseException:
        journal().leave()
        raise


def _record(outcomes: Sequence[Outcome], more: Callable[[], Sequence[Outcome]]) -> int:
    waiting, pause = [*outcomes], 0.1
    while True:
        try:
            failpoint("surely.recording")
            written = record_apart(waiting)
        except (OperationalError, InterfaceError):
            logger.warning("answers wait for Postgres", extra={"count": len(waiting)})
            connection.close()
            _wait(pause, waiting, more)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        else:
            journal().forget([each.claim.attempt_id for each in waiting if each.claim.attempt_id])
            return written


def _wait(seconds: float, waiting: list[Outcome], more: Callable[[], Sequence[Outcome]]) -> None:
    """Let time pass, and put what arrives meanwhile into the journal too."""
    for _ in range(max(1, round(seconds / LOOK_SECONDS))):
        waiting.extend(more())
        _keep(waiting)
        time.sleep(LOOK_SECONDS)


def _keep(outcomes: Sequence[Outcome]) -> None:
    """Answers alone: what never left is tried anew by whoever comes next."""
    answers = {
        each.claim.attempt_id: each.answer
        for each in outcomes
        if each.claim.attempt_id and each.answer is not NO_ANSWER
    }
    try:
        journal().keep(answers)
    except OSError:
        # They are still in memory, and recorded if this process outlives Postgres' absence.
        logger.exception("journal not written")
