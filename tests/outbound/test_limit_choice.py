"""Where permits are counted: Redis while it answers, Postgres while it does not, never both."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from messaging.models import Channel, Connection
from outbound import limits
from outbound.limits import choice, redis
from outbound.limits.rates import GRACE_SECONDS, HORIZON_SECONDS, Ask
from outbound.models import Bucket, Limiter
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture
def ask(channel: Channel) -> Ask:
    return Ask(channel_id=channel.pk, throughput=80, count=3)


@pytest.fixture(autouse=True)
def nothing_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice._Seen, "backend", None)


def places(ask: Ask) -> list[float]:
    """The next places there are, in monotonic time; waits for them."""
    while True:
        [grant] = limits.take([ask])
        now = time.monotonic()
        if grant.count:
            return [now + grant.offset(number) for number in range(grant.count)]
        time.sleep(0.01)


def let_time_pass(seconds: float = 3600) -> None:
    """As if the last change were so long ago, and a retry due."""
    past = Now() - timedelta(seconds=seconds)
    Limiter.objects.update(since=past, retry_at=past)


def test_redis_counts_while_it_answers(ask: Ask) -> None:
    [grant] = limits.take([ask])
    assert (grant.count, limits.backend()) == (3, "redis")
    assert not Bucket.objects.exists()


def test_without_redis_postgres_counts_and_says_so_once(
    ask: Ask, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    limits.take([ask])
    settings.REDIS_URL = NOWHERE
    with caplog.at_level(logging.WARNING, logger="outbound.limits.choice"):
        limits.take([ask])
        assert places(ask)
    assert (Bucket.objects.count(), limits.backend()) == (1, "postgres")
    assert [record.message for record in caplog.records] == ["limits are counted elsewhere"]


def test_after_a_change_nothing_leaves_until_the_other_store_is_forgotten(
    ask: Ask, settings: Settings
) -> None:
    before = places(ask)
    settings.REDIS_URL = NOWHERE
    assert [grant.count for grant in limits.take([ask])] == [0]
    after = places(ask)
    assert after[0] > before[-1]
    assert after[0] - before[0] >= HORIZON_SECONDS


def test_redis_counts_again_once_it_is_back(ask: Ask, settings: Settings) -> None:
    good, settings.REDIS_URL = settings.REDIS_URL, NOWHERE
    limits.take([ask])
    settings.REDIS_URL = good
    limits.take([ask])
    assert limits.backend() == "postgres", "it is given a second"
    let_time_pass()
    assert [grant.count for grant in limits.take([ask])] == [0]
    assert limits.backend() == "redis"
    assert places(ask)


def test_redis_that_comes_and_goes_is_asked_ever_more_rarely(ask: Ask, settings: Settings) -> None:
    settings.REDIS_URL = NOWHERE
    limits.take([ask])
    for _ in range(7):
        Limiter.objects.update(backend="redis", since=Now())
        limits.take([ask])
    assert Limiter.objects.get().retry_seconds == 30


def test_one_process_at_a_time_looks_for_redis(ask: Ask, settings: Settings) -> None:
    settings.REDIS_URL = NOWHERE
    limits.take([ask])
    let_time_pass()
    assert (choice.claim_retry(), choice.claim_retry()) == (True, False)


def test_who_was_paused_while_the_store_changed_gets_nothing(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, left = redis.take, list[Any]()

    def slowly(*args: Any, **kwargs: Any) -> Any:
        time.sleep(GRACE_SECONDS)
        left.append(choice.leave_redis() if left else None)
        return take(*args, **kwargs)

    monkeypatch.setattr(redis, "take", slowly)
    assert [grant.count for grant in limits.take([ask])] == [3], "nothing has changed"
    assert limits.take([ask]) == []


def test_what_customers_write_is_deducted_from_what_may_leave(
    channel: Channel, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[dict[int, int]] = []
    monkeypatch.setattr(limits, "hear", heard.append)
    Channel.objects.filter(pk=channel.pk).update(external_id=bodies.NUMBER_ID)
    deliver(connection, bodies.body([bodies.text(f"wamid.{number}") for number in range(3)]))
    drain_all(connection)
    assert heard == [{channel.pk: 3}]
