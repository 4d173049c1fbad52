"""The share of a limit that is used: whoever is late within bounds never makes it too many."""

from __future__ import annotations

import math

import pytest

from outbound.courier import LATE_SECONDS
from outbound.limits.rates import Ask


@pytest.mark.parametrize("throughput", [*range(1, 101), 250, 1000])
def test_no_second_holds_more_than_the_limit_when_some_leave_at_once_and_others_late(
    throughput: int,
) -> None:
    rate = Ask(channel_id=1, throughput=throughput, count=1).rate
    places_in_a_second = math.floor((1 + LATE_SECONDS) * rate) + 1
    assert places_in_a_second <= throughput
