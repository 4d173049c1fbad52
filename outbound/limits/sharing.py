"""Dividing what one process can carry: live before bulk, and fairly between organisations; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a process can still carry: `count` more, of which no organisation may bring itself
    above `most`. `under_way` is what each has in flight already: who has little comes first.
    """

    count: int
    most: int | None = None
    under_way: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """How many lanes of one channel are due, counted up to what there is room for.

    `is_spent`: nothing may leave now, so they are only claimed to be told to wait.
    """

    channel_id: int
    organization_id: int
    throughput: int
    has_pairs: bool
    is_spent: bool
    live: int
    bulk: int


def share(room: Room, demands: Sequence[Demand]) -> dict[int, int]:
    """How many lanes of each channel to take, by channel."""
    owners = {demand.channel_id: demand.organization_id for demand in demands}
    live = {demand.channel_id: demand.live for demand in demands}
    bulk = {demand.channel_id: demand.bulk for demand in demands}
    held, left = dict(room.under_way), room.count
    shares: dict[int, int] = defaultdict(int)
    for wanted in (live, bulk):
        now = Room(count=left, most=room.most, under_way=held)
        for channel_id, count in _share(now, wanted, owners).items():
            shares[channel_id] += count
            held[owners[channel_id]] = held.get(owners[channel_id], 0) + count
            left -= count
    return {channel_id: count for channel_id, count in shares.items() if count}


def fair(room: int, wanted: Mapping[K, int], held: Mapping[K, int] | None = None) -> dict[K, int]:
    """Divide `room` so that nobody could have more without taking from who has less.

    What is `held` already counts as had.
    """
    had = held or {}
    low, high = 0, room + max(had.values(), default=0)
    while low < high:
        level = (low + high + 1) // 2
        if sum(_up_to(level, had.get(key, 0), count) for key, count in wanted.items()) <= room:
            low = level
        else:
            high = level - 1
    shares = {key: _up_to(low, had.get(key, 0), count) for key, count in wanted.items()}
    left = room - sum(shares.values())
    for key, count in wanted.items():
        if left > 0 and shares[key] < count and shares[key] + had.get(key, 0) <= low:
            shares[key] += 1
            left -= 1
    return shares


def _share(room: Room, wanted: Mapping[int, int], owners: Mapping[int, int]) -> dict[int, int]:
    """`wanted` by channel, cut to what is fair between owners, then between their channels."""
    channels: dict[int, dict[int, int]] = defaultdict(dict)
    for channel_id, count in wanted.items():
        channels[owners[channel_id]][channel_id] = count
    by_owner = {owner: sum(counts.values()) for owner, counts in channels.items()}
    if room.most is not None:
        by_owner = {
            owner: min(count, max(0, room.most - room.under_way.get(owner, 0)))
            for owner, count in by_owner.items()
        }
    found: dict[int, int] = {}
    for owner, count in fair(room.count, by_owner, room.under_way).items():
        found |= fair(count, channels[owner])
    return found


def _up_to(level: int, had: int, wanted: int) -> int:
    return min(wanted, max(0, level - had))
