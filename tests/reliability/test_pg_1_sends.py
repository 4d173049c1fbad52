"""PG-1 for what leaves, in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.house import Parts
from tests.reliability.pg_sends import carry_out
from tests.reliability.sent_through import Run


@pytest.mark.process
@pytest.mark.timeout(120)
def test_whatever_happens_to_postgres_messages_leave_once_and_in_order(house: Parts) -> None:
    run = Run(seed=secrets.randbelow(10**6), customers=2, texts=4, rounds=1)
    without = frozenset({"sessions ended", "no connection left", "resets", "lock storm"})
    report = carry_out(house, run, without=without)
    print(*report.lines(), sep="\n")
    assert report.problems == []
