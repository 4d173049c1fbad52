"""The streaming loop: claim due lanes, fence, send with many in flight, record.

Any number of processes may run it at once. Every database step is a short transaction for a
whole batch, and none is open while a request is under way.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from django.db import DatabaseError, InterfaceError, connection

from outbound import claims, departures, metrics
from outbound.courier import Delivery, courier
from outbound.departures import Departure
from outbound.recording import Outcome, answered, hold_ended, record_surely, refused

MAX_IN_FLIGHT = 400
BATCH = 200
# How long new work waits at most while answers are awaited.
PATIENCE_SECONDS = 0.05


def dispatch_due(*, limit_seconds: float) -> int:
    """Send what is due until nothing is, or for `limit_seconds`; how many outcomes were written.

    Requests under way at the end are waited for. Raises the database's error if Postgres
    cannot be asked for work: then nothing was sent that is not recorded.
    """
    return _Turn(stop_at=time.monotonic() + limit_seconds).work()


class _Turn:
    """One run of the loop, with its own requests in flight."""

    def __init__(self, *, stop_at: float) -> None:
        self._stop_at = stop_at
        self._deliveries: SimpleQueue[Delivery] = SimpleQueue()
        self._in_flight = 0
        self._recorded = 0
        self._broken: Exception | None = None

    def work(self) -> int:
        while self._launch() or self._in_flight:
            self._land()
        if self._broken:
            raise self._broken
        return self._recorded

    def _launch(self) -> int:
        """Claim and send what there is room for; how many lanes were found."""
        room = min(BATCH, MAX_IN_FLIGHT - self._in_flight)
        if room <= 0 or self._broken or time.monotonic() >= self._stop_at:
            return 0
        try:
            claimed = claims.claim(limit=room)
            ready = departures.prepare(claimed.claims)
            self._send([each for each in ready if not each.refusal])
        except (DatabaseError, InterfaceError) as error:
            # What is in flight must still be recorded; claims without a fence run out unsent.
            connection.close()
            self._broken = error
            return 0
        self._record(
            [refused(each, each.refusal) for each in ready if each.refusal]
            + [hold_ended(each) for each in claimed.ended_holds]
        )
        return claimed.lane_count

    def _send(self, ready: Sequence[Departure]) -> None:
        if not ready:
            return
        fenced, begin_by = claims.fence([each.claim for each in ready])
        leaving = [each for each in ready if each.claim.attempt_pk in fenced]
        metrics.unfenced_total.inc(len(ready) - len(leaving))
        self._in_flight += len(leaving)
        courier().carry(leaving, begin_by=begin_by, into=self._deliveries)

    def _land(self) -> None:
        """Record the answers that are there, after waiting a moment for the first."""
        if not self._in_flight:
            return
        deliveries: list[Delivery] = []
        try:
            deliveries.append(self._deliveries.get(timeout=PATIENCE_SECONDS))
            while True:
                deliveries.append(self._deliveries.get_nowait())
        except Empty:
            pass
        self._in_flight -= len(deliveries)
        self._record([answered(departure, answer) for departure, answer in deliveries])

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            self._recorded += record_surely(outcomes)
