"""Both stores of permits behind a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha1
from types import ModuleType
from typing import Any

import pytest
import redis as redis_client
from django.conf import settings

from messaging.models import Channel
from messaging.sql import execute
from outbound.limits import postgres, rates, redis
from outbound.limits.rates import Ask, Grant, Unused
from outbound.models import Bucket

START = 1_800_000_000.0
CLOCK_KEY = "tests:clock"
REDIS_CLOCK = f"redis.call('LRANGE', '{CLOCK_KEY}', 0, 1)"
POSTGRES_CLOCK = "EXTRACT(epoch FROM clock_timestamp())::float8"
STATEMENTS = ("OPEN", "TAKE", "RETURN", "HEAR", "CUT")


class Store:
    """One channel's bucket; `places` are the moments at which something may leave."""

    def __init__(self, module: ModuleType, channel: Channel) -> None:
        self.module, self.channel_id = module, channel.pk
        self.client = redis_client.Redis.from_url(settings.REDIS_URL)
        self.now = START
        self.places: list[float] = []
        self.advance(0)
        self.flush()

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.client.delete(CLOCK_KEY)
        whole = int(self.now)
        self.client.rpush(CLOCK_KEY, whole, round((self.now - whole) * 1_000_000))
        execute("SELECT set_config('tests.now', %s, false)", [f"{self.now:.6f}"])

    def take(self, count: int, *, throughput: int = 80, used: int | None = None) -> Grant:
        """Take places and use some, or all; the rest goes back."""
        ask = Ask(channel_id=self.channel_id, throughput=throughput, count=count)
        [grant] = self.module.take([ask], not_before=0)
        kept = grant.count if used is None else min(used, grant.count)
        self.places += [self.now + grant.offset(number) for number in range(kept)]
        if kept < grant.count:
            self.module.give_back([Unused(grant=grant, used=kept)])
        return grant

    def hear(self, count: int) -> None:
        self.module.hear({self.channel_id: count})

    def cut(self) -> None:
        self.module.cut([self.channel_id])

    def flush(self) -> None:
        """As if it had been emptied, or was never there."""
        self.client.delete(redis.key_of(self.channel_id))
        Bucket.objects.filter(channel=self.channel_id).delete()

    def reset(self) -> None:
        """A new store, an hour later."""
        self.flush()
        self.places = []
        self.advance(3600)


def most_in_a_second(places: list[float]) -> int:
    """The fullest half-open second there is."""
    ordered, first, most = sorted(places), 0, 0
    for last, place in enumerate(ordered):
        while place - ordered[first] >= 1 - 1e-4:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.fixture(params=["redis", "postgres"])
def store(request: Any, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store by its name, whose clock stands still until the test moves it."""
    monkeypatch.setattr(rates, "FRESH_SECONDS", rates.HORIZON_SECONDS)
    script = redis.SCRIPT.replace("redis.call('TIME')", REDIS_CLOCK)
    monkeypatch.setattr(redis, "SCRIPT", script)
    monkeypatch.setattr(redis, "SHA", sha1(script.encode()).hexdigest())  # noqa: S324 - Redis' own
    for name in STATEMENTS:
        sql = getattr(postgres, name)
        assert POSTGRES_CLOCK in sql
        ours = sql.replace(POSTGRES_CLOCK, "current_setting('tests.now')::float8")
        monkeypatch.setattr(postgres, name, ours)
    found = Store({"redis": redis, "postgres": postgres}[request.param], channel)
    yield found
    found.flush()
