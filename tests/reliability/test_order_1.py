"""ORDER-1 in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.house import Parts
from tests.reliability.order_1 import Run, carry_out


@pytest.mark.process
def test_shuffled_deliveries_are_read_in_the_order_of_writing(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    report = carry_out(house, Run(seed=seed, conversations=40, messages=10, rate=40))
    print(*report.lines(), sep="\n")
    assert report.problems == []
