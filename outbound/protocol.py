"""The life of an attempt and of its entry, as data; pure.

Intent, fence, evidence: an attempt is committed as `intent` before anything is prepared, made
`dispatching` by a conditional update as the last thing before the request, and ends with what
is known about it. The recording statements join these tables, and the tests walk them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AttemptState(StrEnum):
    INTENT = "intent"
    DISPATCHING = "dispatching"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


class EntryState(StrEnum):
    # Waits for its turn, or for its next attempt.
    WAITING = "waiting"
    # Slowed by the provider; holds its lane.
    THROTTLED = "throttled"
    # The outcome is unknown; holds its lane for HOLD_SECONDS from dispatch.
    CONFIRMING = "confirming"
    ACCEPTED = "accepted"
    FAILED = "failed"
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True)
class Transition:
    source: str
    target: str
    why: str


A, E = AttemptState, EntryState

ATTEMPT_TRANSITIONS = (
    Transition(A.INTENT, A.DISPATCHING, "fenced: the claim still has time for one send"),
    Transition(A.INTENT, A.NOT_SENT, "a check failed, or the claim ran out before the fence"),
    Transition(A.DISPATCHING, A.ACCEPTED, "the provider gave an id"),
    Transition(A.DISPATCHING, A.REJECTED, "the provider refused for good"),
    Transition(A.DISPATCHING, A.NOT_SENT, "proof that nothing was taken: no connection, busy"),
    Transition(A.DISPATCHING, A.UNKNOWN, "no proof either way, or the claim ran out"),
    Transition(A.UNKNOWN, A.ACCEPTED, "a late answer"),
    Transition(A.UNKNOWN, A.REJECTED, "a late answer"),
)

ENTRY_TRANSITIONS = (
    *(
        Transition(source, target, "outcome of an attempt")
        for source in (E.WAITING, E.THROTTLED)
        for target in (E.WAITING, E.THROTTLED, E.CONFIRMING, E.ACCEPTED, E.FAILED)
    ),
    Transition(E.CONFIRMING, E.NEEDS_REVIEW, "no evidence within HOLD_SECONDS"),
    Transition(E.CONFIRMING, E.ACCEPTED, "a late answer"),
    Transition(E.CONFIRMING, E.FAILED, "a late answer"),
    Transition(E.NEEDS_REVIEW, E.ACCEPTED, "a late answer"),
    Transition(E.NEEDS_REVIEW, E.FAILED, "a late answer"),
)

# An attempt is under way, and its entry must not get another one.
OPEN_ATTEMPTS = frozenset({A.INTENT, A.DISPATCHING})
# Only after these may a further attempt be made without a person.
REPEATABLE_ATTEMPTS = frozenset({A.NOT_SENT})
# The entry has something left to do and a place in its lane.
OPEN_ENTRIES = frozenset({E.WAITING, E.THROTTLED, E.CONFIRMING})
# The lane's next message may not pass, whatever its urgency.
HOLDING_ENTRIES = frozenset({E.THROTTLED, E.CONFIRMING})

# A claim outlives the longest send by far; whoever is paused longer fails at the fence.
CLAIM_SECONDS = 90
# What the fence wants left of a claim: the client's total, and a margin to begin.
SEND_SECONDS = 30
START_SECONDS = 5
BUDGET_SECONDS = SEND_SECONDS + START_SECONDS
HOLD_SECONDS = 60


def pairs(transitions: tuple[Transition, ...]) -> tuple[list[str], list[str]]:
    """Sources and targets as two columns for `unnest`."""
    return [str(t.source) for t in transitions], [str(t.target) for t in transitions]
