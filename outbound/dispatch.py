"""The streaming loop: claim due lanes, fence, send with many in flight, record.

Any number of processes may run it at once. Every database step is a short transaction for a
whole batch, and none is open while a request is under way.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue

from django.db import DatabaseError, InterfaceError, connection

from messaging.providers.answers import Answer
from outbound import claims, departures, metrics, quarantine, replaying, reuploads
from outbound.breakers import hearing
from outbound.courier import MISSED, Delivery, courier
from outbound.departures import Departure
from outbound.gates.refusal import Refusal
from outbound.punctuality import LATE, on_time, placed_anew, stopped
from outbound.recording import Outcome, answered, hold_ended, refused
from outbound.surely import record_surely

# Answers under way, and sends that wait for their place in time.
MAX_IN_FLIGHT = 800
# No organisation may fill all of it: another's reply must find room at once.
MOST_OF_ONE = MAX_IN_FLIGHT * 7 // 8
BATCH = 200
# How long new work waits at most while answers are awaited.
PATIENCE_SECONDS = 0.05
# While so many are under way, answers are gathered for a moment: one transaction for fifty costs
# hardly more than one for five.
MANY = 50
GATHER_SECONDS = 0.03


def dispatch_due(*, limit_seconds: float) -> int:
    """Send what is due until nothing is, or for `limit_seconds`; how many outcomes were written.

    Requests under way at the end are waited for. Raises the database's error if Postgres
    cannot be asked for work: then nothing was sent that is not recorded.
    """
    may_send = quarantine.permits()
    replaying.replay()
    if not may_send:
        return 0
    return _Turn(stop_at=time.monotonic() + limit_seconds).work()


class _Turn:
    """One run of the loop, with its own requests in flight."""

    def __init__(self, *, stop_at: float) -> None:
        self._stop_at = stop_at
        self._deliveries: SimpleQueue[Delivery] = SimpleQueue()
        self._in_flight = 0
        self._under_way: Counter[int] = Counter()  # by organisation
        self._rests: dict[int, float] = {}  # full channels, until when
        self._recorded = 0
        # Fenced, and too late for their places.
        self._missed: list[Departure] = []
        # Answers that are not followed up yet.
        self._landed: list[Delivery] = []
        self._broken: Exception | None = None

    def work(self) -> int:
        while self._launch() or self._in_flight or self._is_resting():
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
            claimed = self._claim(room)
            ready = on_time(departures.prepare(claimed.claims))
            self._send([each for each in ready if not each.refusal])
        except Exception as error:  # the edge of a claim: work() raises it
            # What is in flight must still be recorded; claims without a fence run out unsent.
            connection.close()
            self._broken = error
            return 0
        self._record(
            [stopped(each, each.refusal) for each in ready if each.refusal]
            + [hold_ended(each) for each in claimed.ended_holds]
        )
        reuploads.follow_refusals(ready)
        return claimed.lane_count

    def _claim(self, room: int) -> claims.Claimed:
        """Claim from channels that are not known to be full."""
        now = time.monotonic()
        self._rests = {pk: until for pk, until in self._rests.items() if until > now}
        claimed = claims.claim(
            limit=room, most=MOST_OF_ONE, under_way=self._under_way, resting=list(self._rests)
        )
        self._rests |= {pk: time.monotonic() + rest for pk, rest in claimed.rests.items()}
        return claimed

    def _is_resting(self) -> bool:
        """Whether something is due on a channel that will have room within this turn."""
        return bool(self._rests) and not self._broken and time.monotonic() < self._stop_at

    def _send(self, ready: Sequence[Departure]) -> None:
        if not ready:
            return
        fenced, begin_by = claims.fence([each.claim for each in ready])
        leaving = [
            replace(each, begin_by=begin_by) for each in ready if each.claim.attempt_pk in fenced
        ]
        metrics.unfenced_total.inc(len(ready) - len(leaving))
        self._in_flight += len(leaving)
        self._under_way.update(each.claim.organization_id for each in leaving)
        courier().carry(leaving, begin_by=begin_by, into=self._deliveries)

    def _land(self) -> None:
        """Record the answers that are there, after waiting a moment for the first."""
        if self._in_flight or self._is_resting():
            self._record(self._arrived(PATIENCE_SECONDS))
        if self._missed:
            self._place_again()
        landed, self._landed = self._landed, []
        if landed:
            reuploads.follow_answers(landed)
            hearing.heard(landed)

    def _place_again(self) -> None:
        """Let those go who get another place; who gets none before its time is over stays."""
        missed, self._missed = self._missed, []
        leaving = _placed(missed)
        if leaving:
            begin_by = min(each.begin_by for each in leaving)
            courier().carry(leaving, begin_by=begin_by, into=self._deliveries)
        now = time.monotonic()
        without = [each for each in missed if each.claim.attempt_pk not in _attempts(leaving)]
        self._missed += [each for each in without if each.begin_by > now]
        over = [each for each in without if each.begin_by <= now]
        self._lands(over)
        self._record([stopped(each, LATE) for each in over])

    def _lands(self, landed: Sequence[Departure]) -> None:
        """They are no longer under way."""
        self._in_flight -= len(landed)
        self._under_way.subtract(each.claim.organization_id for each in landed)

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        """While Postgres is away, further answers arrive; they go the same way."""
        if outcomes:
            self._recorded += record_surely(outcomes, more=self._arrived)

    def _arrived(self, patience: float = 0.0) -> list[Outcome]:
        """What the answers mean that are there by now."""
        found: list[Delivery] = []
        try:
            found.append(self._deliveries.get(block=patience > 0, timeout=patience or None))
            if patience and self._in_flight >= MANY:
                time.sleep(GATHER_SECONDS)
            while True:
                found.append(self._deliveries.get_nowait())
        except Empty:
            pass
        self._missed += [departure for departure, answer in found if answer is MISSED]
        answered = [delivery for delivery in found if delivery[1] is not MISSED]
        self._lands([departure for departure, _ in answered])
        self._landed += answered
        return [_outcome(departure, answer) for departure, answer in answered]


def _placed(missed: Sequence[Departure]) -> list[Departure]:
    """Those who got a new place; nobody while Postgres is away."""
    try:
        return [each for each in placed_anew(missed) if not each.refusal]
    except (DatabaseError, InterfaceError):
        connection.close()
        return []


def _attempts(departures: Sequence[Departure]) -> set[int | None]:
    return {departure.claim.attempt_pk for departure in departures}


def _outcome(departure: Departure, answer: Answer) -> Outcome:
    """What an answer means, or that the provider must get the message's file again first."""
    if reuploads.is_forgotten(departure, answer):
        return refused(departure, Refusal(code=reuploads.WAITING, waits=True))
    return answered(departure, answer)
