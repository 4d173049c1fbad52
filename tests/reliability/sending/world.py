"""The world of MODEL-1: what may be the case at one moment, and the rules it is moved by.

Two workers, a sweeper, a provider and its statuses around one lane with two entries. A state is
a tuple of tuples, so that equal parts are kept once and millions fit into memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import NamedTuple

from outbound import protocol
from outbound.protocol import AttemptState, By, EntryState, Transition

MOST_TRIES = 2
FAULTS = 2


class Attempt(NamedTuple):
    """One try; what the database says of it, and what truly became of its request."""

    state: str = AttemptState.INTENT
    # "" not written yet, then air, and the provider's answer: taken, refused, busy, slow.
    wire: str = ""
    # A status of it is on its way.
    is_told: bool = False
    # How the proof that it was taken stands: "", kept (in a journal), heard (by the database).
    proof: str = ""
    # Counts what a person has allowed anew.
    generation: int = 0
    # Its token is still the lane's.
    holds: bool = True


class Entry(NamedTuple):
    """One message to leave; without a state while nobody has written it."""

    state: str = EntryState.WAITING
    tries: int = 0
    was_resent: bool = False
    # It once had an end, or was given to a person: only then may the next one pass.
    is_released: bool = False
    # A person has said that it left, or gave it up.
    is_answered_for: bool = False
    generation: int = 0
    # What is sent again takes its place at the end of the lane.
    is_last: bool = False
    attempts: tuple[Attempt, ...] = ()


class Worker(NamedTuple):
    """A process that dispatches; `phase` is the step that it has finished."""

    phase: str = "idle"
    entry: int = 0
    attempt: int = 0
    answer: str = ""
    # It was paused, or waits for Postgres, for longer than its claim lasts.
    is_late: bool = False
    # The lane's token is still its own.
    holds: bool = False


class Left(NamedTuple):
    """An answer in the journal of a process that died."""

    entry: int
    attempt: int
    answer: str
    holds: bool


class State(NamedTuple):
    """Everything at one moment."""

    entries: tuple[Entry, ...] = (Entry(), Entry())
    workers: tuple[Worker, ...] = (Worker(), Worker())
    # free, claimed or expired
    lane: str = "free"
    journal: tuple[Left, ...] = ()
    # How many faults, answers of a person, and moods of the provider may still come.
    faults: int = FAULTS
    persons: int = 1
    moods: int = 1
    # The property that the last step broke.
    broken: str = ""


Steps = Mapping[tuple[str, str], frozenset[By]]


def steps_of(transitions: tuple[Transition, ...]) -> Steps:
    """Who may take which step."""
    found: dict[tuple[str, str], frozenset[By]] = {}
    for each in transitions:
        pair = (str(each.source), str(each.target))
        found[pair] = found.get(pair, frozenset()) | each.by
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The protocol's own tables, and what its statements add; planted bugs are edits of these."""

    attempts: Steps
    entries: Steps
    open_attempts: frozenset[str]
    doubtful: frozenset[str]
    open_entries: frozenset[str]
    holding_entries: frozenset[str]
    repeatable: frozenset[str]
    # Bad news of an attempt that somebody has answered for does not move its entry.
    answered: frozenset[str]
    # The same for both: first come, first out. (1, 0): the second may pass a waiting first.
    urgencies: tuple[int, int] = (0, 0)
    is_fenced: bool = True
    fence_knows_the_end: bool = True
    # Late proof closes what is about to leave again.
    closes_intents: bool = True
    claims_lanes: bool = True
    # What a claim makes of the open attempts that it finds.
    settles: Mapping[str, str] = field(
        default_factory=lambda: {
            AttemptState.INTENT.value: AttemptState.NOT_SENT.value,
            AttemptState.DISPATCHING.value: AttemptState.UNKNOWN.value,
        }
    )
    # What the end of a hold makes of the attempt, where it makes anything of it, and the entry.
    hold_ends: tuple[str, str] = ("", EntryState.NEEDS_REVIEW.value)
    waits_for_watermark: bool = True
    reads_statuses: bool = True
    keeps_journal: bool = True

    def attempt_may(self, source: str, target: str, by: By = By.MACHINE) -> bool:
        return by in self.attempts.get((source, target), ())

    def entry_may(self, source: str, target: str, by: By = By.MACHINE) -> bool:
        return by in self.entries.get((source, target), ())


def rules_of(tables: ModuleType = protocol) -> Rules:
    """The rules as the product has them."""
    return Rules(
        attempts=steps_of(tables.ATTEMPT_TRANSITIONS),
        entries=steps_of(tables.ENTRY_TRANSITIONS),
        open_attempts=frozenset(map(str, tables.OPEN_ATTEMPTS)),
        doubtful=frozenset(map(str, tables.DOUBTFUL_ATTEMPTS)),
        open_entries=frozenset(map(str, tables.OPEN_ENTRIES)),
        holding_entries=frozenset(map(str, tables.HOLDING_ENTRIES)),
        repeatable=frozenset(map(str, tables.REPEATABLE_ATTEMPTS)),
        answered=frozenset(map(str, tables.ANSWERED_ATTEMPTS)),
    )
