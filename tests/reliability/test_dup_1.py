"""DUP-1 in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.dup_1 import Run, carry_out
from tests.reliability.house import Parts


@pytest.mark.process
def test_an_event_that_comes_twenty_times_is_one_row(house: Parts) -> None:
    report = carry_out(house, Run(seed=secrets.randbelow(10**6), events=40))
    print(*report.lines(), sep="\n")
    assert report.problems == []
