"""How much may leave: places in time for each number, counted by all processes together.

`rates` is the arithmetic, `redis` and `postgres` keep the buckets, `choice` says which of the
two counts now; `sharing` divides what a process can carry, `quotas` counts for organisations.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from outbound import metrics
from outbound.limits import choice, postgres, redis
from outbound.limits.choice import Choice
from outbound.limits.rates import GRACE_SECONDS, Ask, Grant, Unused
from outbound.models import LimiterBackend

__all__ = ["Ask", "Grant", "Unused", "backend", "cut", "give_back", "hear", "take"]


def take(asks: Sequence[Ask]) -> list[Grant]:
    """Places for as many messages as may leave within the horizon; none for a full channel.

    Whoever was paused while the store changed gets nothing: it may be counted twice by now.
    """
    if not asks:
        return []
    started = time.monotonic()
    chosen = _choose()
    grants, used = _take(asks, chosen)
    if time.monotonic() - started > GRACE_SECONDS / 2 and not used.still_stands():
        return []
    for grant in grants:
        metrics.permits_total.labels(used.backend).inc(grant.count)
    return grants


def give_back(unused: Sequence[Unused]) -> None:
    """Let others have places nobody uses. What cannot go back is lost, which does no harm."""
    given = [each for each in unused if each.used < each.grant.count]
    if given:
        _tell(lambda: redis.give_back(given), lambda: postgres.give_back(given))


def hear(counts: Mapping[int, int]) -> None:
    """Deduct messages that came in, by channel."""
    if counts:
        _tell(lambda: redis.hear(counts), lambda: postgres.hear(counts))


def cut(channel_ids: Sequence[int]) -> None:
    """Lower the rate of channels that the provider throttles; it grows back by itself."""
    metrics.rate_cuts_total.inc(len(channel_ids))
    _tell(lambda: redis.cut(channel_ids), lambda: postgres.cut(sorted(channel_ids)))


def backend() -> str:
    """`redis` or `postgres`: where permits are counted now."""
    return choice.current().backend


def _choose() -> Choice:
    """The store of the moment, after a look whether Redis is back."""
    chosen = choice.current()
    if not (chosen.may_retry and choice.claim_retry()):
        return chosen
    try:
        redis.probe()
    except redis.Unavailable:
        return chosen
    return choice.return_to_redis()


def _take(asks: Sequence[Ask], chosen: Choice) -> tuple[list[Grant], Choice]:
    if chosen.backend == LimiterBackend.REDIS:
        try:
            return _timed(redis.take, asks, chosen), chosen
        except redis.Unavailable:
            chosen = choice.leave_redis()
    return _timed(postgres.take, asks, chosen), chosen


def _timed(take: Callable[..., list[Grant]], asks: Sequence[Ask], chosen: Choice) -> list[Grant]:
    asked_at = time.monotonic()
    grants = take(asks, not_before=chosen.not_before)
    told_at = time.monotonic()
    return [replace(grant, asked_at=asked_at, told_at=told_at) for grant in grants]


def _tell(to_redis: Callable[[], None], to_postgres: Callable[[], None]) -> None:
    """Adjust the buckets of the moment. Silence of Redis is left to the next `take`."""
    if choice.recent() == LimiterBackend.POSTGRES:
        to_postgres()
        return
    try:
        to_redis()
    except redis.Unavailable:
        metrics.limiter_silent_total.inc()
