"""REDIS-1 for what leaves, in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability import redis_1, sent_through
from tests.reliability.house import Parts
from tests.reliability.redis_sends import carry_out


@pytest.mark.process
@pytest.mark.timeout(120)
def test_whatever_happens_to_redis_messages_leave_once_and_in_order(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    run = sent_through.Run(seed=seed, customers=2, texts=4, rounds=1)
    faults = redis_1.Run(
        seed=seed,
        webhooks=0,
        rate=0,
        rounds=1,
        restarts=1,
        policies=(),
        without=("client pause", "client kill", "5 clients", "kill and restart"),
    )
    report = carry_out(house, run, faults)
    print(*report.lines(), sep="\n")
    assert report.problems == []
