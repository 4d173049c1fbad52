"""REDIS-1 in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.house import Parts
from tests.reliability.redis_1 import Run, carry_out


@pytest.mark.process
def test_whatever_happens_to_redis_webhooks_are_taken_and_applied(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    run = Run(
        seed=seed,
        webhooks=40,
        rate=80,
        rounds=1,
        restarts=2,
        policies=("noeviction",),
        without=("client pause", "kill and restart"),
    )
    report = carry_out(house, run)
    print(*report.lines(), sep="\n")
    assert report.problems == []
