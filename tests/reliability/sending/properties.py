"""What must hold in every state of MODEL-1, by name."""

from __future__ import annotations

from collections.abc import Iterator

from tests.reliability.sending.world import Entry, Left, State, Worker
from tests.reliability.sending.writing import ACCEPTED, FAILED, ORDER, PAST

ONCE = "at most one automatic send is taken"
SILENT = "nothing taken fails in silence"
PROVEN = "accepted means taken, or a person says so"
HEARD = "proof that was heard counts, and for ever"
KEPT = "an answer on disk is never lost"
# Of what can still follow, so the search looks after it.
STUCK = "every message comes to an end"
NAMES = (ONCE, ORDER, PAST, SILENT, PROVEN, HEARD, KEPT, STUCK)


def broken_by(state: State, only: str = "") -> str:
    """The property that does not hold in this state; with `only`, whether it is that one."""
    return next((each for each in _all_broken(state) if only in ("", each)), "")


def _all_broken(state: State) -> Iterator[str]:
    if state.broken:
        yield state.broken
    for number, entry in enumerate(state.entries):
        # What a person sends again counts anew.
        taken = [each.generation for each in entry.attempts if each.wire == "taken"]
        if len(set(taken)) < len(taken):
            yield ONCE
        if entry.state == FAILED and entry.generation in taken:
            yield SILENT
        if entry.state == "discarded" and not entry.is_answered_for:
            yield SILENT
        if entry.state == ACCEPTED and not (taken or entry.is_answered_for):
            yield PROVEN
        yield from _proof_dropped(state, number, entry)


def _proof_dropped(state: State, number: int, entry: Entry) -> Iterator[str]:
    for place, attempt in enumerate(entry.attempts):
        is_noted = attempt.state == ACCEPTED
        if attempt.proof == "heard" and not (is_noted and entry.state == ACCEPTED):
            yield HEARD
        if attempt.proof == "kept" and not is_noted:
            keepers: tuple[Worker | Left, ...] = (*state.workers, *state.journal)
            if all(
                (each.entry, each.attempt, each.answer) != (number, place, "taken")
                for each in keepers
            ):
                yield KEPT
