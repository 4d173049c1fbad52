from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.providers.answers import Answer, Failure
from outbound.error_codes import REMEDIES, THROTTLES, ErrorClass, Remedy, class_of
from outbound.protocol import AttemptState, EntryState
from outbound.retry import (
    NextStep,
    Policy,
    Repeat,
    Tries,
    Verdict,
    classify,
    next_delay,
    next_step,
    throttle_seconds,
)

DELAYS = [2.0, 4.0, 8.0, 16.0, 30.0]
POLICY = Policy(delays=DELAYS, max_attempts=5)

# Every message waits until the account may send again.
ACCESS = [0, 3, 10, 102, 104, 190, 200, 299, 131005]
THROTTLED = [4, 80007, 80008, 130429, 131056]
BUSY = [2, 131016, 131057, 133004]
UNKNOWN = [1, 131000]
# Every other code of the platform reference.
REJECTED = [
    *[33, 100, 368, 506],
    *[130403, 130472, 130497],
    *[131008, 131009, 131021, 131026, 131030, 131031, 131037, 131042, 131045, 131047],
    *[131048, 131049, 131050, 131051, 131052, 131053, 131055, 131060, 131062, 131063, 131064],
    *[132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018, 132068, 132069],
    *[133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016],
    *[134011, 134100, 134101, 134102, 135000, 136025, 138000, 138018],
    *[139100, 139101, 139102, 139103, 147001, 147005],
    *[2388019, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299],
    *[2494100, 2593107, 2593108, 2593109, 1752041, 200005, 200006, 200007],
]
HTTP_STATUSES = [200, 400, 401, 403, 404, 500, 503]


def refused(code: int, http_status: int = 400) -> Answer:
    return Answer(http_status=http_status, code=code, title="raw title")


@pytest.mark.parametrize("http_status", HTTP_STATUSES)
@pytest.mark.parametrize(
    ("codes", "state", "repeat"),
    [
        (THROTTLED, AttemptState.NOT_SENT, Repeat.FREE),
        (ACCESS, AttemptState.NOT_SENT, Repeat.FREE),
        (BUSY, AttemptState.NOT_SENT, Repeat.SPENDING),
        (UNKNOWN, AttemptState.UNKNOWN, Repeat.NEVER),
        (REJECTED, AttemptState.REJECTED, Repeat.NEVER),
        ([131999, 424242], AttemptState.REJECTED, Repeat.NEVER),
    ],
)
def test_an_error_is_judged_by_its_code_whatever_the_status(
    codes: list[int], state: AttemptState, repeat: Repeat, http_status: int
) -> None:
    for code in codes:
        verdict = classify(refused(code, http_status))
        assert (verdict.state, verdict.repeat) == (state, repeat), code
        assert (verdict.error_code, verdict.error_title) == (str(code), "raw title")


def test_every_code_of_the_reference_is_listed() -> None:
    listed = {code: class_of(code) for code in ACCESS + THROTTLED + BUSY + UNKNOWN + REJECTED}
    assert ErrorClass.UNLISTED not in listed.values()


def test_an_unlisted_code_with_429_is_a_throttle() -> None:
    assert classify(refused(424242, 429)).error_class in THROTTLES


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Failure.NOT_CONNECTED, AttemptState.NOT_SENT),
        (Failure.NOT_STARTED, AttemptState.NOT_SENT),
        (Failure.INTERRUPTED, AttemptState.UNKNOWN),
        (Failure.UNREADABLE, AttemptState.UNKNOWN),
    ],
)
def test_without_an_answer_only_what_did_not_leave_may_be_repeated(
    failure: Failure, state: AttemptState
) -> None:
    verdict = classify(Answer(failure=failure))
    assert verdict.state is state
    assert (verdict.repeat is Repeat.SPENDING) == (state is AttemptState.NOT_SENT)


def test_an_empty_answer_is_unknown() -> None:
    assert classify(Answer(http_status=200)).state is AttemptState.UNKNOWN


def test_operators_may_add_codes_to_repeat() -> None:
    verdict = classify(refused(131000), retry_codes=frozenset({131000}))
    assert (verdict.state, verdict.repeat) == (AttemptState.NOT_SENT, Repeat.SPENDING)


@given(
    attempt=st.integers(1, 1000),
    chance=st.floats(0, 1, exclude_max=True),
    wish=st.none() | st.floats(0, 1e9),
)
def test_a_delay_has_its_place_its_spread_and_its_floor(
    attempt: int, chance: float, wish: float | None
) -> None:
    place = DELAYS[min(attempt, len(DELAYS)) - 1]
    delay = next_delay(attempt, DELAYS, chance=chance, retry_after=wish)
    assert delay >= min(wish or 0, 3600)
    assert 0.8 * place <= delay <= max(1.2 * place, min(wish or 0, 3600))


@given(throttles=st.integers(0, 10_000))
def test_throttles_grow_and_end(throttles: int) -> None:
    for error_class in THROTTLES:
        now = throttle_seconds(error_class, throttles, DELAYS)
        later = throttle_seconds(error_class, throttles + 1, DELAYS)
        assert 0 < now <= later <= 900


def test_a_pair_waits_four_to_the_x_seconds() -> None:
    waits = [throttle_seconds(ErrorClass.PAIR_THROTTLED, x, DELAYS) for x in range(6)]
    assert waits == [1, 4, 16, 64, 256, 256]


def step(verdict: Verdict, attempts: int = 0, throttles: int = 0) -> NextStep:
    tries = Tries(attempts=attempts, throttles=throttles)
    return next_step(verdict, tries=tries, policy=POLICY, chance=0.5)


def test_the_last_attempt_is_the_fifth() -> None:
    busy = classify(refused(2))
    steps = [step(busy, attempts) for attempts in range(5)]
    assert [each.state for each in steps] == [EntryState.WAITING] * 4 + [EntryState.FAILED]
    assert [each.delay_seconds for each in steps[:4]] == pytest.approx(DELAYS[:4])


def test_throttles_never_give_up() -> None:
    assert step(classify(refused(131056)), attempts=4, throttles=99).state is EntryState.THROTTLED


def test_an_unknown_outcome_is_held_and_not_repeated() -> None:
    assert step(classify(refused(131000))).state is EntryState.CONFIRMING


def waits(error_class: ErrorClass, code: str, *, left: float) -> NextStep:
    verdict = Verdict(
        state=AttemptState.NOT_SENT, repeat=Repeat.FREE, error_class=error_class, error_code=code
    )
    tries = Tries(attempts=0, throttles=0)
    return next_step(verdict, tries=tries, policy=POLICY, chance=0.5, seconds_left=left)


def test_a_wait_that_would_outlast_the_deadline_fails_now() -> None:
    assert waits(ErrorClass.NUMBER_THROTTLED, "130429", left=2.1).state is EntryState.THROTTLED
    failed = waits(ErrorClass.NUMBER_THROTTLED, "130429", left=1.9)
    assert (failed.state, failed.code) == (EntryState.FAILED, "deadline")


@pytest.mark.parametrize(
    ("error_class", "code", "said"),
    [
        (ErrorClass.NETWORK, "number_down", "not_connected"),
        (ErrorClass.NETWORK, "host_down", "not_connected"),
        (ErrorClass.ACCESS, "access_lost", "access_lost"),
        (ErrorClass.ACCOUNT_THROTTLED, "messaging_limit", "no_room"),
        (ErrorClass.LATER, "paused", "deadline"),
    ],
)
def test_past_the_deadline_nobody_is_told_to_wait(
    error_class: ErrorClass, code: str, said: str
) -> None:
    assert waits(error_class, code, left=0).code == said


def test_every_class_has_a_remedy() -> None:
    assert set(REMEDIES) == set(ErrorClass)
    assert REMEDIES[class_of(131047)] is Remedy.WINDOW_CLOSED
    assert REMEDIES[class_of(190)] is REMEDIES[class_of(33)] is Remedy.RECONNECT
    assert REMEDIES[class_of(132001)] is Remedy.TEMPLATE_FIX
