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
    # A person has answered for it: it left, or it is given up.
    RESOLVED = "resolved"
    # Another attempt was allowed in its place, by a person or by the organisation's policy.
    RESENT = "resent"


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
    DISCARDED = "discarded"


class By(StrEnum):
    """Who may take a step."""

    MACHINE = "machine"
    # The organisation's opt-in to one repetition, after the negative watermark.
    POLICY = "policy"
    PERSON = "person"
    # What the provider reports of a message it had accepted.
    NEWS = "news"
    # The database is a backup: what it says has not left may have left since.
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Transition:
    source: str
    target: str
    why: str
    by: frozenset[By] = frozenset({By.MACHINE})


A, E = AttemptState, EntryState
PERSON = frozenset({By.PERSON})
RESTORE = frozenset({By.RESTORE})
ALLOWED = frozenset({By.PERSON, By.POLICY})

ATTEMPT_TRANSITIONS = (
    Transition(A.INTENT, A.DISPATCHING, "fenced: the claim still has time for one send"),
    Transition(A.INTENT, A.NOT_SENT, "a check failed, or the claim ran out before the fence"),
    Transition(A.DISPATCHING, A.ACCEPTED, "the provider gave an id"),
    Transition(A.DISPATCHING, A.REJECTED, "the provider refused for good"),
    Transition(A.DISPATCHING, A.NOT_SENT, "proof that nothing was taken: no connection, busy"),
    Transition(A.DISPATCHING, A.UNKNOWN, "no proof either way, or the claim ran out"),
    *(
        Transition(source, target, "evidence: a late answer, a receipt, an echo")
        for source in (A.UNKNOWN, A.RESOLVED, A.RESENT)
        for target in (A.ACCEPTED, A.REJECTED)
    ),
    *(
        Transition(source, A.UNKNOWN, "open in a backup: it may have left since", RESTORE)
        for source in (A.INTENT, A.DISPATCHING)
    ),
    Transition(A.UNKNOWN, A.RESOLVED, "a person says that it left, or gives it up", PERSON),
    Transition(
        A.UNKNOWN, A.RESENT, "a person, or the policy once, allows another attempt", ALLOWED
    ),
)

ENTRY_TRANSITIONS = (
    *(
        Transition(source, target, "outcome of an attempt")
        for source in (E.WAITING, E.THROTTLED)
        for target in (E.WAITING, E.THROTTLED, E.CONFIRMING, E.ACCEPTED, E.FAILED)
    ),
    *(
        Transition(source, target, "evidence: a late answer, a receipt, an echo")
        for source in (E.WAITING, E.THROTTLED, E.CONFIRMING, E.NEEDS_REVIEW, E.FAILED, E.DISCARDED)
        for target in (E.ACCEPTED, E.FAILED)
        if source != target
    ),
    Transition(
        E.ACCEPTED, E.FAILED, "the provider did not deliver what it took", frozenset({By.NEWS})
    ),
    *(
        Transition(source, E.NEEDS_REVIEW, "open in a backup: it may have left since", RESTORE)
        for source in (E.WAITING, E.THROTTLED, E.CONFIRMING)
    ),
    Transition(E.CONFIRMING, E.NEEDS_REVIEW, "no evidence within HOLD_SECONDS"),
    Transition(E.NEEDS_REVIEW, E.WAITING, "a person, or the policy once, sends it again", ALLOWED),
    Transition(E.NEEDS_REVIEW, E.ACCEPTED, "a person says that it left", PERSON),
    Transition(E.NEEDS_REVIEW, E.DISCARDED, "a person gives it up", PERSON),
    Transition(E.FAILED, E.WAITING, "a person sends it again", PERSON),
    Transition(E.FAILED, E.DISCARDED, "a person gives it up", PERSON),
    *(
        Transition(source, E.DISCARDED, "taken back before it left", PERSON)
        for source in (E.WAITING, E.THROTTLED)
    ),
)

# An attempt is under way, and its entry must not get another one.
OPEN_ATTEMPTS = frozenset({A.INTENT, A.DISPATCHING})
# It may have left, and nobody has heard: evidence still counts, however late.
DOUBTFUL_ATTEMPTS = frozenset({A.UNKNOWN, A.RESOLVED, A.RESENT})
# Somebody has answered for it: only proof that it left moves its entry any more.
ANSWERED_ATTEMPTS = frozenset({A.RESOLVED, A.RESENT})
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


def pairs(
    transitions: tuple[Transition, ...], *, by: By = By.MACHINE
) -> tuple[list[str], list[str]]:
    """Sources and targets of what `by` may do, as two columns for `unnest`."""
    allowed = [t for t in transitions if by in t.by]
    return [str(t.source) for t in allowed], [str(t.target) for t in allowed]
