"""How fast a number may send; pure.

A number's permits are *places in time*: the bucket keeps when the next free one is, and hands
out places one after the other, spaced so that no sliding second holds more than the provider
allows. They reach at most HORIZON_SECONDS ahead, so a process that works in batches still sends
evenly, and whoever comes with something urgent waits no longer than that.

Inbound messages count too. We hear of them afterwards, so they are owed: each place that is
handed out pays for up to MOST_PAID of them besides itself, and idle time pays as well.

Source: Cloud API, "Throughput": in and out together; "Pair rate limits".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# So long after its place may a message leave.
LATE_SECONDS = 0.05
# What we use of what the provider allows. The places that may leave within a second lie within
# 1.05 s, and 1.05 * 0.95 < 1, so they are never more than the limit.
SHARE = 0.95
HORIZON_SECONDS = 0.25
# A bucket nobody knows may have been emptied a moment ago: its last places are still to come,
# and the first new one keeps its distance from them.
FRESH_SECONDS = HORIZON_SECONDS
# After a change of store nothing is handed out for this long, and until the horizon has passed:
# by then whoever still counted in the other one has noticed.
GRACE_SECONDS = 0.25
# Whatever comes in, one place in ten is left for what goes out.
MOST_PAID = 9
# A throttle of the provider halves the rate, at most once a second; it grows back by a tenth
# of the whole each second.
CUT = 0.5
CUT_PAUSE_SECONDS = 1.0
RECOVERY_A_SECOND = 0.1
LEAST_FACTOR = 0.05
# What is further ahead than so many places at the full rate was never ours: at the lowest rate,
# two that pay for all they can. A clock has jumped back.
MOST_PLACES_AHEAD = 2 * (1 + MOST_PAID) / LEAST_FACTOR

# Source: Cloud API, "Pair rate limits": one in 6 s, up to 45 at once on account of later ones.
PAIR_SECONDS = 6.0
PAIR_BURST = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """So many places for one channel, which the provider allows `throughput` a second."""

    channel_id: int
    throughput: int
    count: int

    @property
    def rate(self) -> float:
        """Places a second."""
        return SHARE * max(1, self.throughput)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place as a process may use it, in its own monotonic time: from `at`, not after `until`.

    A store counts in its own time. What it said holds for some moment between the question and
    the answer, so `at` counts from the answer and `until` from the question: a process that was
    slow to hear has less of its places, or nothing, and never sends in those of others.
    """

    at: float
    until: float

    def is_over(self, now: float) -> bool:
        """Whether somebody else may be sending in it by now."""
        return now > self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one channel got: `count` places, the first `wait_seconds` from now.

    `rate` is places a second as of now, `owed` what is paid along the way. `end` names the state
    that was left behind, so that unused places can go back while nobody else has taken any.
    `asked_at` and `told_at` are monotonic times.
    """

    channel_id: int
    count: int
    wait_seconds: float
    owed: float
    rate: float
    end: str
    asked_at: float = 0.0
    told_at: float = 0.0

    def slot(self, number: int) -> Slot:
        """Place `number`, from 0."""
        offset = self.offset(number)
        return Slot(self.told_at + offset, self.asked_at + offset + LATE_SECONDS)

    def offset(self, number: int) -> float:
        """Seconds from now to place `number`, from 0; to the next free one for `count`."""
        return self.wait_seconds + (number + self.paid(number)) / self.rate

    def paid(self, number: int) -> float:
        """Inbound messages that the first `number` places pay for."""
        return min(self.owed, MOST_PAID * number)

    @property
    def rest_seconds(self) -> float:
        """How long nothing need be asked: until half of the horizon is free again."""
        return max(0.0, self.offset(self.count) - HORIZON_SECONDS / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """The places of `grant` from number `used` on."""

    grant: Grant
    used: int

    @property
    def seconds(self) -> float:
        return self.grant.offset(self.grant.count) - self.grant.offset(self.used)

    @property
    def paid(self) -> float:
        """What was not paid for after all."""
        return self.grant.paid(self.grant.count) - self.grant.paid(self.used)


def offsets(grants: Sequence[Grant]) -> dict[int, list[float]]:
    """Seconds from now to each place, by channel."""
    return {
        grant.channel_id: [grant.offset(number) for number in range(grant.count)]
        for grant in grants
    }
