"""What a claim may take: shares of what is due, and places to send it in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from outbound import due, limits
from outbound.breakers import board
from outbound.limits.rates import HORIZON_SECONDS, Ask, Grant, Slot, Unused
from outbound.limits.sharing import Demand, Room, share


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many lanes of each channel to claim, and the places that were granted for them.

    `rests`: seconds for which a channel need not be looked at. `paired`: channels whose pairs
    have a limit of their own. A channel of an organisation without quota has counts and no
    places: its lanes are claimed to be told to wait. So are those of `held` channels, which a
    breaker keeps back, with the code for it.
    """

    counts: Mapping[int, int] = field(default_factory=dict)
    paired: frozenset[int] = frozenset()
    rests: Mapping[int, float] = field(default_factory=dict)
    held: Mapping[int, str] = field(default_factory=dict)
    places: Places


class Places:
    """Places in time by channel, taken one after the other."""

    def __init__(self, grants: Sequence[Grant] = ()) -> None:
        self._grants = {grant.channel_id: grant for grant in grants}
        self._used = dict.fromkeys(self._grants, 0)

    def left(self, channel_id: int) -> bool:
        """Whether there is another one."""
        grant = self._grants.get(channel_id)
        return grant is not None and self._used[channel_id] < grant.count

    def take(self, channel_id: int) -> Slot:
        """The channel's next place."""
        number = self._used[channel_id]
        self._used[channel_id] += 1
        return self._grants[channel_id].slot(number)

    def give_back(self) -> None:
        """Let others have what is left."""
        limits.give_back(
            [Unused(grant=grant, used=self._used[pk]) for pk, grant in self._grants.items()]
        )


def plan(room: Room, *, resting: Collection[int] = ()) -> Plan:
    """Divide `room` among the channels that have something due, `resting` ones apart.

    Asks the limiter once for all of them; nothing is locked while it is asked.
    """
    found = due.demands(most=room.count, without=resting)
    held = board.held_channels([demand.channel_id for demand in found])
    found = [replace(each, is_spent=each.is_spent or each.channel_id in held) for each in found]
    shares = share(room, found)
    asks = _asks(found, shares)
    grants = limits.take(asks)
    places = Places(grants)
    granted = {grant.channel_id: grant.count for grant in grants}
    spent = {d.channel_id: shares[d.channel_id] for d in found if _waits(d, shares)}
    return Plan(
        counts={pk: count for pk, count in (granted | spent).items() if count},
        paired=frozenset(demand.channel_id for demand in found if demand.has_pairs),
        rests=_rests(asks, grants),
        held=held,
        places=places,
    )


def places_for(counts: Mapping[int, tuple[int, int]]) -> Places:
    """New places for those who came too late for theirs: throughput and count by channel."""
    return Places(
        limits.take(
            [
                Ask(channel_id=channel_id, throughput=throughput, count=count)
                for channel_id, (throughput, count) in counts.items()
            ]
        )
    )


def _asks(demands: Sequence[Demand], shares: Mapping[int, int]) -> list[Ask]:
    return [
        Ask(
            channel_id=demand.channel_id,
            throughput=demand.throughput,
            count=shares[demand.channel_id],
        )
        for demand in demands
        if demand.channel_id in shares and not demand.is_spent
    ]


def _waits(demand: Demand, shares: Mapping[int, int]) -> bool:
    return demand.is_spent and demand.channel_id in shares


def _rests(asks: Sequence[Ask], grants: Sequence[Grant]) -> dict[int, float]:
    """Full channels, until they have room again; all of them where nobody could be asked."""
    by_channel = {grant.channel_id: grant for grant in grants}
    rests = {
        ask.channel_id: HORIZON_SECONDS / 2 for ask in asks if ask.channel_id not in by_channel
    }
    for ask in asks:
        grant = by_channel.get(ask.channel_id)
        if grant is not None and grant.count < ask.count:
            rests[ask.channel_id] = grant.rest_seconds
    return rests
