"""REDIS-1 in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.house import Parts
from tests.reliability.inbound import Faults
from tests.reliability.redis_1 import carry_out


@pytest.mark.process
def test_whatever_happens_to_redis_webhooks_are_taken_and_applied(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    report = carry_out(house, Faults(seed=seed, webhooks=60, rate=60, rounds=1))
    print(*report.lines(), sep="\n")
    assert report.problems == []
