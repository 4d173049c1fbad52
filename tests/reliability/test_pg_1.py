"""PG-1 in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.house import Parts
from tests.reliability.inbound import Faults
from tests.reliability.pg_1 import carry_out


@pytest.mark.process
@pytest.mark.timeout(180)
def test_whatever_happens_to_postgres_200_means_stored(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    report = carry_out(house, Faults(seed=seed, webhooks=60, rate=30, rounds=1))
    print(*report.lines(), sep="\n")
    assert report.problems == []
