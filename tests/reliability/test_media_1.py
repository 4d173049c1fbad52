"""MEDIA-1 in small."""

from __future__ import annotations

import secrets

import pytest

from tests.reliability.house import Parts
from tests.reliability.media_1 import Run, carry_out


@pytest.mark.process
@pytest.mark.timeout(180)
def test_every_file_is_whole_or_clearly_failed(house: Parts) -> None:
    report = carry_out(house, Run(seed=secrets.randbelow(10**6), files=30, kills=3))
    print(*report.lines(), sep="\n")
    assert report.problems == []
