"""BREAKER-1 in small: one bad token among five numbers, and a host that goes away."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.breaker_1 import Run, carry_out
from tests.reliability.house import Parts


@pytest.mark.process
@pytest.mark.timeout(240)
def test_what_does_not_work_is_held_back_and_nobody_else(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    run = Run(seed=seed, numbers=5, customers=8, texts=4, down_seconds=5, is_rough=False)
    report = carry_out(house, run)
    print(*report.lines(), sep="\n")
    assert report.problems == []
