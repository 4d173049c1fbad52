"""What the past looks like: how many conversations, how long, whose, in which state. *Pure.*"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

YEARS = timedelta(days=730)
WINDOW = timedelta(hours=24)
LONGEST = 10_000
# The busiest conversations are many times as long as the usual one.
SPREAD = 1.1
OPEN_SHARE, SNOOZED_SHARE = 0.3, 0.02


@dataclass(frozen=True, slots=True)
class Casts:
    """Ids of what conversations hang on."""

    organization: int
    channels: Sequence[int]
    agents: Sequence[int]
    teams: Sequence[int]
    labels: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One conversation: its messages lie evenly between two times, the newest one at `ends_at`."""

    place: int
    messages: int
    begins_at: datetime
    ends_at: datetime
    state: str
    channel: int
    assignee: int | None
    team: int | None
    labels: tuple[int, ...]
    priority: str
    is_waiting: bool


def stories(conversations: int, messages: int, casts: Casts, now: datetime) -> list[Story]:
    """`conversations` stories with `messages` messages in all; the same for the same arguments.

    The first one has LONGEST messages where there are enough.
    """
    dice = random.Random(conversations)  # noqa: S311 - repeatable, not secret
    counts = _counts(dice, conversations, messages)
    return [_story(dice, place, count, casts, now) for place, count in enumerate(counts)]


def _counts(dice: random.Random, conversations: int, messages: int) -> list[int]:
    """At least one message each, most of them few, some very many."""
    if conversations < 1 or messages < conversations:
        raise ValueError("At least one conversation, and a message for each.")
    longest = LONGEST if messages >= 20 * LONGEST else messages // conversations
    weights = [dice.lognormvariate(0, SPREAD) for _ in range(conversations - 1)]
    left = messages - longest - (conversations - 1)
    share = left / sum(weights) if weights else 0
    counts = [longest, *(1 + int(weight * share) for weight in weights)]
    counts[-1] += messages - sum(counts)
    return counts


def _story(dice: random.Random, place: int, count: int, casts: Casts, now: datetime) -> Story:
    ends_at = now - YEARS * dice.random() ** 2 - timedelta(seconds=dice.random())
    if place == 0:
        ends_at = now - timedelta(minutes=1)
    lasts = min(timedelta(hours=count * 6 * dice.random()), YEARS)
    is_assigned = dice.random() < 0.7
    is_recent = now - ends_at < timedelta(days=60)
    return Story(
        place=place,
        messages=count,
        begins_at=ends_at - lasts,
        ends_at=ends_at,
        state=_state(dice, is_recent=is_recent),
        channel=dice.choice(casts.channels),
        assignee=dice.choice(casts.agents) if is_assigned else None,
        team=dice.choice(casts.teams) if dice.random() < 0.4 else None,
        labels=tuple(dice.sample(casts.labels, k=dice.choice((0, 0, 1, 1, 2)))),
        priority=dice.choices(("none", "low", "medium", "high", "urgent"), (80, 4, 8, 6, 2))[0],
        is_waiting=dice.random() < 0.5,
    )


def _state(dice: random.Random, *, is_recent: bool) -> str:
    """What is recent is mostly open, what is old mostly resolved."""
    share = OPEN_SHARE * 2 if is_recent else OPEN_SHARE / 2
    drawn = dice.random()
    if drawn < share:
        return "open"
    return "snoozed" if drawn < share + SNOOZED_SHARE else "resolved"
