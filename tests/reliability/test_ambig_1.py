"""AMBIG-1 in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.ambig_1 import Run, carry_out
from tests.reliability.house import Parts


@pytest.mark.process
@pytest.mark.timeout(240)
def test_what_nobody_knows_of_is_never_sent_twice_nor_lost(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    run = Run(seed=seed, numbers=2, customers=50, texts=2, kills=4, pauses=1)
    report = carry_out(house, run)
    print(*report.lines(), sep="\n")
    assert report.problems == []
