"""LIMIT-1 in small: a flood and an answering organisation, three processes, Redis emptied."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.house import Parts
from tests.reliability.limit_1 import Run, carry_out


@pytest.mark.process
def test_however_many_send_no_number_gets_more_than_it_may(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    run = Run(
        seed=seed,
        seconds=6,
        organizations=3,
        processes=3,
        customers=30,
        rate=8,
        flush_every=2.5,
        kill_every=60,
    )
    report = carry_out(house, run)
    print(*report.lines(), sep="\n")
    assert report.problems == []
