"""The size and seed of programmes that are pytest tests, and where their figures go.

`tests.reliability.run` sets the variables; without them a test is small and its seed is new.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from tests.reliability.reports import Report

SCALE_VARIABLE = "RELIABILITY_SCALE"
SEED_VARIABLE = "RELIABILITY_SEED"
FIGURES_VARIABLE = "RELIABILITY_FIGURES"


def size(small: int, *, full: int) -> int:
    """`small` in a test run, `full` times the scale in a programme."""
    scale = os.environ.get(SCALE_VARIABLE)
    return small if scale is None else max(small, round(full * float(scale)))


def seed() -> int:
    """The seed asked for, else a new one."""
    return int(os.environ.get(SEED_VARIABLE) or secrets.randbelow(10**6))


def tell(report: Report) -> None:
    """Print it, and leave its figures to whoever asked for them."""
    print("", *report.lines(), sep="\n")
    if place := os.environ.get(FIGURES_VARIABLE):
        with Path(place).open("a") as file:
            file.write(json.dumps(report.figures) + "\n")
