"""SOCKET-1 in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.house import Parts
from tests.reliability.socket_1 import Run, carry_out


@pytest.mark.process
def test_every_screen_equals_the_database_a_heartbeat_after_whatever_happened(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    run = Run(seed=seed, browsers=50, customers=12, rate=6, rounds=1, heartbeat=3, gap=0.5)
    report = carry_out(house, run)
    print(*report.lines(), sep="\n")
    assert report.problems == []
