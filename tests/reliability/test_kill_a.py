"""KILL-A on a scale that fits a test run; `make reliability ONLY=KILL-A` does twenty times that."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.kill_a import Run, carry_out


@pytest.mark.process
@pytest.mark.timeout(240)
def test_nothing_is_lost_or_doubled_while_processes_die() -> None:
    run = Run(seed=secrets.randbelow(10**6), webhooks=1000, rate=60, kill_every_seconds=1.5)
    report = carry_out(run)
    for line in report.lines():
        print(line)
    assert report.problems == []
    assert report.kills["postgres"] == 1
    assert sum(report.kills.values()) >= 8
