"""IDEMP-1 in small: every way twice."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.house import Parts
from tests.reliability.idemp_1 import Run, carry_out


@pytest.mark.process
@pytest.mark.timeout(120)
def test_however_often_it_is_said_it_is_one_message(house: Parts) -> None:
    report = carry_out(house, Run(seed=secrets.randbelow(10**6), messages=16))
    print(*report.lines(), sep="\n")
    assert report.problems == []
