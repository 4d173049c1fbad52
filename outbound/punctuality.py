"""Places in time are kept or given up: a process that was slow must not send in a heap."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from messaging.models import Channel
from outbound import plans
from outbound.departures import Departure
from outbound.gates.refusal import Refusal
from outbound.protocol import EntryState
from outbound.recording import Outcome, refused
from outbound.retry import NextStep

AGAIN_SECONDS = 0.1
LATE = Refusal(code="number_limit", waits=True)
OVER = Refusal(code="deadline")


def on_time(departures: Sequence[Departure]) -> list[Departure]:
    """The departures, those who missed their place with a new one, or refused without.

    Nothing leaves without a place: who never had one was claimed to be given up.
    """
    ready = [each for each in departures if not each.refusal]
    now = time.monotonic()
    late = [each for each in ready if each.claim.slot and each.claim.slot.is_over(now)]
    found = {id(each): new for each, new in zip(late, placed_anew(late), strict=True)}
    return [found.get(id(each)) or _unless_over(each) for each in departures]


def placed_anew(late: Sequence[Departure]) -> list[Departure]:
    """The departures with new places; those for which there is none now, refused."""
    if not late:
        return []
    counts = Counter(each.claim.channel_id for each in late)
    throughputs = dict(Channel.objects.filter(pk__in=counts).values_list("pk", "throughput"))
    places = plans.places_for({pk: (throughputs[pk], counts[pk]) for pk in throughputs})
    return [
        replace(each, claim=replace(each.claim, slot=places.take(each.claim.channel_id)))
        if places.left(each.claim.channel_id)
        else replace(each, refusal=LATE)
        for each in late
    ]


def stopped(departure: Departure, refusal: Refusal) -> Outcome:
    """The outcome of a refusal; who has only missed a place comes again in a moment."""
    outcome = refused(departure, refusal)
    if refusal is not LATE:
        return outcome
    soon = NextStep(state=EntryState.WAITING, delay_seconds=AGAIN_SECONDS)
    return replace(outcome, step=soon)


def _unless_over(departure: Departure) -> Departure:
    if departure.refusal or departure.claim.slot is not None:
        return departure
    return replace(departure, refusal=OVER)
