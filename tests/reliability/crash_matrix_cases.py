"""What both halves of CRASH-MATRIX share: cases, and how one waits at a failpoint."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.reliability import inbound
from tests.reliability.house import until
from tests.reliability.inbound import Failpoints

ACTIONS = ("kill", "pause", "raise", "drop")
REACH_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One failpoint, one thing that happens there, and the seed of the bodies."""

    point: str
    action: str
    seed: int


def cases(actions: Iterable[str], seeds: Iterable[int], points: Sequence[str]) -> list[Case]:
    """Every failpoint × every action × every seed."""
    return [
        Case(point=point, action=action, seed=seed)
        for seed in seeds
        for point in points
        for action in actions
    ]


def figures(chosen: Sequence[Case]) -> dict[str, object]:
    """How many cases of what."""
    done = Counter(case.action for case in chosen)
    return {"cases": len(chosen), "failpoints": len({case.point for case in chosen}), **done}


def wait_and_wake(
    failpoints: Failpoints,
    action: str,
    *,
    pause_seconds: float,
    meanwhile: Callable[[], None],
    reach_seconds: float = REACH_SECONDS,
) -> bool:
    """Whether the failpoint was reached; a process it stopped sleeps for a while."""
    deadline = time.monotonic() + reach_seconds
    while (pid := failpoints.reached()) is None:
        if time.monotonic() > deadline:
            return False
        meanwhile()
        time.sleep(0.02)
    if action == "pause":
        until(lambda: inbound.is_stopped(pid), "it stands still", seconds=5)
        time.sleep(pause_seconds)
        inbound.wake(pid)
    return True
