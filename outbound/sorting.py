"""What becomes of claimed lanes: their heads leave, wait for a limit, or are not due yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from outbound.breakers.board import WAIT_SECONDS
from outbound.heads import ClaimedLane, Head
from outbound.limits import quotas
from outbound.limits.rates import Slot
from outbound.plans import Places, Plan
from outbound.waits import Wait

PAIR_CODE = "pair_limit"
QUOTA_CODE = "quota_exceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A head whose turn it is. `slot` is its place; None where it has none, because it
    will not leave: it is given up, or only its hold has ended.
    """

    lane: ClaimedLane
    head: Head
    slot: Slot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """Claimed lanes by what becomes of their heads; those of none go back as they are."""

    held: Sequence[ClaimedLane] = ()
    leaving: Sequence[Turn] = ()
    ended_holds: Sequence[Turn] = ()
    waiting: Sequence[Wait] = ()

    @property
    def put_back(self) -> list[ClaimedLane]:
        """Lanes that nobody needs any more."""
        kept = {turn.lane.conversation_id for turn in (*self.leaving, *self.ended_holds)}
        return [lane for lane in self.held if lane.conversation_id not in kept]

    @property
    def uncounted(self) -> list[ClaimedLane]:
        """Lanes whose pair was counted, and nothing leaves for it."""
        gone = {turn.lane.conversation_id for turn in self.leaving if turn.slot is not None}
        return [
            lane
            for lane in self.held
            if lane.pair_free_at is None and lane.conversation_id not in gone
        ]


def sort(held: Sequence[ClaimedLane], due: Sequence[Head], planned: Plan) -> Sorting:
    """Say what becomes of the due heads; counts those that leave in their quotas.

    Lanes and heads stand in the order in which they should leave, so the first are the last to
    feel a quota's end.
    """
    lanes = {lane.conversation_id: lane for lane in held}
    turns = [Turn(lane=lanes[head.conversation_id], head=head) for head in due]
    alive = [turn for turn in turns if not turn.head.is_hold and not turn.head.is_over]
    free = [turn for turn in alive if turn.lane.channel_id not in planned.held]
    sendable = [turn for turn in free if turn.lane.pair_free_at is None]
    leaving, refused = _within_quota(sendable, planned.places)
    return Sorting(
        held=held,
        leaving=[turn for turn in turns if turn.head.is_over and not turn.head.is_hold] + leaving,
        ended_holds=[turn for turn in turns if turn.head.is_hold],
        waiting=_breaker_waits(alive, planned.held) + _pair_waits(free) + _quota_waits(refused),
    )


def _within_quota(sendable: Sequence[Turn], places: Places) -> tuple[list[Turn], list[Turn]]:
    """Who leaves, each with a place; and who may not, by the organisation's quota."""
    placed = [turn for turn in sendable if places.left(turn.lane.channel_id)]
    granted = quotas.take(Counter(turn.lane.organization_id for turn in placed))
    leaving: list[Turn] = []
    for turn in placed:
        if granted.get(turn.lane.organization_id, 0) > 0:
            granted[turn.lane.organization_id] -= 1
            slot = places.take(turn.lane.channel_id)
            leaving.append(Turn(lane=turn.lane, head=turn.head, slot=slot))
    gone = {turn.head.entry_id for turn in leaving}
    return leaving, [turn for turn in sendable if turn.head.entry_id not in gone]


def _breaker_waits(turns: Sequence[Turn], held: Mapping[int, str]) -> list[Wait]:
    until = timezone.now() + timedelta(seconds=WAIT_SECONDS)
    return [
        Wait(
            entry_id=turn.head.entry_id,
            message_id=turn.head.message_id,
            code=held[turn.lane.channel_id],
            until=until,
        )
        for turn in turns
        if turn.lane.channel_id in held
    ]


def _pair_waits(turns: Sequence[Turn]) -> list[Wait]:
    return [
        Wait(
            entry_id=turn.head.entry_id,
            message_id=turn.head.message_id,
            code=PAIR_CODE,
            until=turn.lane.pair_free_at,
        )
        for turn in turns
        if turn.lane.pair_free_at is not None
    ]


def _quota_waits(turns: Sequence[Turn]) -> list[Wait]:
    """Those whose quota is spent; where it was raised a moment ago, nothing waits."""
    if not turns:
        return []
    resets = quotas.resets_at(sorted({turn.lane.organization_id for turn in turns}))
    return [
        Wait(
            entry_id=turn.head.entry_id,
            message_id=turn.head.message_id,
            code=QUOTA_CODE,
            until=resets[turn.lane.organization_id],
        )
        for turn in turns
        if turn.lane.organization_id in resets
    ]
