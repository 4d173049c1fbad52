"""The share of a limit that is used: whoever is late within bounds never makes it too many."""

from __future__ import annotations

import math

import pytest

from outbound.limits.rates import LATE_SECONDS, Ask, Grant


@pytest.mark.parametrize("throughput", [*range(1, 101), 250, 1000])
def test_no_second_holds_more_than_the_limit_when_some_leave_at_once_and_others_late(
    throughput: int,
) -> None:
    rate = Ask(channel_id=1, throughput=throughput, count=1).rate
    places_in_a_second = math.floor((1 + LATE_SECONDS) * rate) + 1
    assert places_in_a_second <= throughput


def test_whoever_was_slow_to_hear_of_a_place_has_less_of_it() -> None:
    grant = Grant(
        channel_id=1, count=2, wait_seconds=0.1, owed=0, rate=10, end="", asked_at=5.0, told_at=5.03
    )
    slot = grant.slot(1)
    assert (slot.at, slot.until) == pytest.approx((5.23, 5.25))
    assert not slot.is_over(5.24)
    assert slot.is_over(5.26)
