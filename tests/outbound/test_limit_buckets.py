"""The buckets of numbers: the same tests for Redis and for Postgres."""

from __future__ import annotations

from functools import partial
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.models import Channel
from outbound.limits import postgres, rates, redis
from outbound.limits.rates import HORIZON_SECONDS, Ask
from tests.outbound.conftest import in_thread
from tests.outbound.stores import Store, most_in_a_second, store

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["store"]

RATE = rates.SHARE * 80  # places a second of a number like most
STEPS = st.one_of(
    st.tuples(st.just("advance"), st.floats(0, 0.4)),
    st.tuples(st.just("take"), st.integers(1, 120)),
    st.tuples(st.just("take some"), st.tuples(st.integers(1, 60), st.integers(0, 60))),
    st.tuples(st.just("hear"), st.integers(1, 40)),
    st.tuples(st.just("cut"), st.none()),
    st.tuples(st.just("flush"), st.none()),
)


def take_step(store: Store, step: tuple[str, Any], throughput: int) -> None:
    what, value = step
    if what == "advance":
        store.advance(value)
    elif what == "take":
        store.take(value, throughput=throughput)
    elif what == "take some":
        store.take(value[0], throughput=throughput, used=value[1])
    elif what == "hear":
        store.hear(value)
    else:
        getattr(store, what)()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(STEPS, min_size=1, max_size=40),
    throughput=st.sampled_from([1, 20, 80, 1000]),
    is_greedy=st.booleans(),
)
def test_no_history_puts_more_into_any_second_than_is_allowed(
    store: Store, steps: list[tuple[str, Any]], throughput: int, is_greedy: bool
) -> None:
    store.reset()
    for step in steps:
        take_step(store, step, throughput)
        for _ in range(5 if is_greedy else 0):
            store.take(400, throughput=throughput)
            store.advance(0.07)
        store.advance(0.01)
    assert most_in_a_second(store.places) <= throughput


@pytest.mark.parametrize("throughput", [20, 80, 1000])
@pytest.mark.parametrize("pause", [0.02, 0.12])
def test_who_wants_all_gets_nine_tenths_of_it(store: Store, throughput: int, pause: float) -> None:
    seconds = 4
    store.take(1, throughput=throughput)
    store.advance(2)
    store.places, begin = [], store.now
    for _ in range(round(seconds / pause)):
        store.take(400, throughput=throughput)
        store.advance(pause)
    within = [place for place in store.places if place < begin + seconds]
    assert len(within) >= 0.9 * throughput * seconds
    assert most_in_a_second(store.places) <= throughput


def test_places_reach_no_further_than_the_horizon(store: Store) -> None:
    store.take(1, throughput=1000)
    store.advance(1)
    grant = store.take(500, throughput=1000)
    assert max(store.places) <= store.now + HORIZON_SECONDS + 1e-6
    assert store.take(500, throughput=1000).count == 0
    assert 0 < store.take(1, throughput=1000).rest_seconds <= HORIZON_SECONDS / 2 + 0.01
    assert grant.rest_seconds == pytest.approx(HORIZON_SECONDS / 2, abs=0.01)


def test_what_is_not_used_goes_back(store: Store) -> None:
    store.take(1)
    store.advance(1)
    store.take(10, used=2)
    assert store.take(1).wait_seconds == pytest.approx(2 / RATE, abs=1e-4)


def test_nothing_goes_back_over_the_heads_of_others(store: Store) -> None:
    store.take(1)
    store.advance(1)
    ask = Ask(channel_id=store.channel_id, throughput=80, count=5)
    [first] = store.module.take([ask], not_before=0)
    [second] = store.module.take([ask], not_before=0)
    store.module.give_back([rates.Unused(grant=first, used=0)])
    assert store.take(1).wait_seconds == pytest.approx(second.offset(5), abs=1e-4)


def test_inbound_messages_leave_less_for_outbound_ones(store: Store) -> None:
    store.take(1)
    store.advance(2)
    store.places = []
    heard = 0
    for _ in range(100):
        store.hear(2)
        heard += 2
        store.take(100)
        store.advance(0.05)
    sent = len([place for place in store.places if place < store.now])
    assert 0.85 * 80 * 5 <= sent + heard <= 80 * 5


def test_a_flood_from_outside_leaves_a_tenth_for_replies(store: Store) -> None:
    store.take(1)
    store.advance(2)
    store.places = []
    for _ in range(100):
        store.hear(100)
        store.take(100)
        store.advance(0.05)
    assert 0.08 * 80 * 5 <= len(store.places) <= 0.15 * 80 * 5


def test_inbound_messages_of_long_ago_cost_nothing(store: Store) -> None:
    store.take(1)
    store.hear(70)
    store.advance(3)
    assert store.take(10).owed == 0


def test_a_throttle_halves_the_rate_once_a_second_and_it_grows_back(store: Store) -> None:
    store.take(1)
    store.cut()
    store.cut()
    assert store.take(1).rate == pytest.approx(RATE / 2, abs=0.1)
    store.advance(1)
    store.cut()
    assert store.take(1).rate == pytest.approx(0.6 * RATE / 2, abs=0.1)
    for _ in range(12):
        store.advance(2)
        store.cut()
        store.cut()
    assert store.take(1).rate >= 0.05 * RATE
    store.advance(20)
    assert store.take(1).rate == pytest.approx(RATE)


def test_an_emptied_store_begins_as_if_all_had_just_been_taken(store: Store) -> None:
    store.take(1)
    store.advance(1)
    store.take(400)
    store.flush()
    first = store.take(400)
    assert first.wait_seconds == pytest.approx(HORIZON_SECONDS + 1 / RATE, abs=1e-4)


def test_a_clock_that_jumps_back_does_not_stop_the_number(store: Store) -> None:
    store.take(1)
    store.advance(-3600)
    assert store.take(1).wait_seconds <= HORIZON_SECONDS + 0.02
    store.advance(0.1)
    assert store.take(1).count == 1


@pytest.mark.parametrize("module", [redis, postgres], ids=["redis", "postgres"])
def test_eight_at_once_take_each_place_once(channel: Channel, module: Any) -> None:
    barrier, found = Barrier(8), list[float]()
    ask = Ask(channel_id=channel.pk, throughput=1000, count=7)
    module.take([ask], not_before=0)

    def work() -> None:
        barrier.wait(10)
        for _ in range(5):
            for grant in module.take([ask], not_before=0):
                end, left = float(grant.end), range(1, grant.count + 1)
                found.extend(end - number / grant.rate for number in left)

    nested: Any = work
    for _ in range(7):
        nested = partial(beside, work, nested)
    nested()
    gaps = [after - before for before, after in zip(sorted(found), sorted(found)[1:], strict=False)]
    assert 200 <= len(found) <= 8 * 5 * 7
    assert min(gaps) >= 0.9 / (rates.SHARE * 1000)


def beside(work: Any, rest: Any) -> None:
    with in_thread(work):
        rest()
