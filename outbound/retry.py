"""Class an answer and say what follows; pure.

A complete error of the provider is an answer and is judged by its code, whatever the HTTP
status. Without one, a message that may have left is `unknown`: never repeated by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from messaging.providers.answers import Answer, Failure
from outbound.error_codes import THROTTLES, ErrorClass, class_of
from outbound.protocol import AttemptState, EntryState

NOTHING_LEFT = frozenset({Failure.NOT_CONNECTED, Failure.NOT_STARTED})
JITTER = 0.2
# Source: Cloud API, "Pair rate limits": retry after 4^X seconds, X = 0, 1, 2 …
PAIR_BASE = 4.0
LONGEST_PAIR_SECONDS = 256.0
# Calls are counted by the hour, so a minute is the least that helps.
ACCOUNT_SECONDS = 60.0
LONGEST_ACCOUNT_SECONDS = 900.0
# However long the provider asks us to wait, we look again after this.
LONGEST_WISH_SECONDS = 3600.0
WAITS = frozenset({EntryState.WAITING, EntryState.THROTTLED})
# Past the deadline these still say best what has to be done; waits for a limit say nothing then.
KEEP_THEIR_CODE = frozenset({ErrorClass.BUSY, ErrorClass.NETWORK, ErrorClass.ACCESS})
# What was true while there was hope, and what is said once there is none.
LATE_CODES = {
    "host_down": "not_connected",
    "number_down": "not_connected",
    "access_lost": "access_lost",
    "messaging_limit": "no_room",
}


class Repeat(StrEnum):
    """What may follow an attempt without a person."""

    NEVER = "never"
    # A further attempt, counted against SEND_MAX_ATTEMPTS.
    SPENDING = "spending"
    # A further attempt that counts for nothing: we were only told to wait.
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer means: the attempt's outcome, its error, and whether to go on."""

    state: AttemptState
    repeat: Repeat = Repeat.NEVER
    error_class: ErrorClass | None = None
    error_code: str = ""
    error_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The operator's settings."""

    delays: Sequence[float]
    max_attempts: int
    retry_codes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What an entry has behind it: attempts spent, and waits it was told to make in a row."""

    attempts: int
    throttles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What becomes of the entry, and after how many seconds it is tried again.

    `code` is given where the entry ends for another reason than the attempt did.
    """

    state: EntryState
    delay_seconds: float = 0.0
    code: str = ""


def classify(answer: Answer, *, retry_codes: frozenset[int] = frozenset()) -> Verdict:
    """The verdict on one answer; total, so nothing an answer holds is left without one."""
    if answer.provider_id:
        return Verdict(state=AttemptState.ACCEPTED)
    if answer.code is not None and answer.failure is None:
        return _judge_code(answer, answer.code, retry_codes)
    failure = answer.failure or Failure.UNREADABLE
    if failure in NOTHING_LEFT:
        return Verdict(
            state=AttemptState.NOT_SENT,
            repeat=Repeat.SPENDING,
            error_class=ErrorClass.NETWORK,
            error_code=failure.value,
        )
    return Verdict(
        state=AttemptState.UNKNOWN,
        error_class=ErrorClass.UNCONFIRMED,
        error_code=failure.value,
    )


def _judge_code(answer: Answer, code: int, retry_codes: frozenset[int]) -> Verdict:
    error_class = class_of(code)
    if error_class is ErrorClass.UNLISTED and answer.http_status == 429:
        error_class = ErrorClass.NUMBER_THROTTLED
    state, repeat = AttemptState.REJECTED, Repeat.NEVER
    if error_class in THROTTLES or error_class is ErrorClass.ACCESS:
        # Lost access is nobody's message's fault: its breaker holds them back until it is mended.
        state, repeat = AttemptState.NOT_SENT, Repeat.FREE
    elif error_class is ErrorClass.BUSY or code in retry_codes:
        state, repeat = AttemptState.NOT_SENT, Repeat.SPENDING
    elif error_class is ErrorClass.UNCONFIRMED:
        state = AttemptState.UNKNOWN
    return Verdict(
        state=state,
        repeat=repeat,
        error_class=error_class,
        error_code=str(code),
        error_title=answer.title,
    )


def next_step(
    verdict: Verdict,
    *,
    tries: Tries,
    policy: Policy,
    retry_after: float | None = None,
    chance: float,
    seconds_left: float | None = None,
) -> NextStep:
    """What follows `verdict` for an entry with `tries` behind it, this attempt not counted.

    `chance` in [0, 1) spreads the delay. The provider's own wish, in seconds, is a floor. A wait
    that would outlast the `seconds_left` to the deadline fails now.
    """
    step = _next_step(verdict, tries, policy, retry_after, chance)
    is_late = seconds_left is not None and step.delay_seconds > seconds_left
    if step.state not in WAITS or not is_late:
        return step
    return NextStep(state=EntryState.FAILED, code=_late_code(verdict))


def late_code(waited_for: str) -> str:
    """Why a message is given up whose time is over, by what it waited for."""
    return LATE_CODES.get(waited_for, "deadline")


def _late_code(verdict: Verdict) -> str:
    if verdict.error_code in LATE_CODES:
        return LATE_CODES[verdict.error_code]
    return "" if verdict.error_class in KEEP_THEIR_CODE else "deadline"


def _next_step(
    verdict: Verdict, tries: Tries, policy: Policy, retry_after: float | None, chance: float
) -> NextStep:
    if verdict.state is AttemptState.ACCEPTED:
        return NextStep(state=EntryState.ACCEPTED)
    if verdict.state is AttemptState.UNKNOWN:
        return NextStep(state=EntryState.CONFIRMING)
    if verdict.repeat is Repeat.FREE:
        base = throttle_seconds(verdict.error_class, tries.throttles, policy.delays)
        return NextStep(
            state=EntryState.THROTTLED, delay_seconds=_spread(base, chance, retry_after)
        )
    attempt = tries.attempts + 1
    if verdict.repeat is Repeat.NEVER or attempt >= policy.max_attempts:
        return NextStep(state=EntryState.FAILED)
    return NextStep(
        state=EntryState.WAITING,
        delay_seconds=next_delay(attempt, policy.delays, chance=chance, retry_after=retry_after),
    )


def next_delay(
    attempt: int, delays: Sequence[float], *, chance: float, retry_after: float | None = None
) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 1).

    The attempt's place in SEND_RETRY_DELAYS (the last one repeats), spread by ±20 % so that
    entries which failed together do not return together.
    """
    return _spread(delays[min(attempt, len(delays)) - 1], chance, retry_after)


def throttle_seconds(
    error_class: ErrorClass | None, throttles: int, delays: Sequence[float]
) -> float:
    """Seconds to wait when told to for the `throttles + 1`st time in a row."""
    if error_class is ErrorClass.PAIR_THROTTLED:
        return float(min(PAIR_BASE ** min(throttles, 8), LONGEST_PAIR_SECONDS))
    if error_class is ErrorClass.ACCOUNT_THROTTLED:
        return float(min(ACCOUNT_SECONDS * 2 ** min(throttles, 8), LONGEST_ACCOUNT_SECONDS))
    return delays[min(throttles + 1, len(delays)) - 1]


def _spread(seconds: float, chance: float, floor: float | None) -> float:
    return max(
        seconds * (1 - JITTER + 2 * JITTER * chance), min(floor or 0.0, LONGEST_WISH_SECONDS)
    )
