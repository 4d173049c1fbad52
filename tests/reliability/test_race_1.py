"""RACE-1: fifty agents at once, each kind of race once; in a programme as often as asked for."""

from __future__ import annotations

import pytest

from tests.reliability import race_1, scale


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(900)
def test_of_many_at_once_one_is_first_and_all_learn_who() -> None:
    run = race_1.Run(
        seed=scale.seed(), racers=50, rounds=scale.size(1, full=200), batch=scale.size(5, full=40)
    )
    report = race_1.carry_out(run)
    scale.tell(report)
    assert report.problems == []
