"""DLQ-1 in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.dlq_1 import Run, carry_out
from tests.reliability.house import Parts


@pytest.mark.process
@pytest.mark.timeout(240)
def test_however_letters_are_retried_each_message_arrives_once(house: Parts) -> None:
    report = carry_out(house, Run(seed=secrets.randbelow(10**6), customers=5, texts=6))
    print(*report.lines(), sep="\n")
    assert report.problems == []
