"""Who looks at a resource, and who works on it: short-lived marks in Redis, which may be lost.

A *room* is what is read at once (an organisation, say), a resource one thing in it. A mark goes
by itself after its time, so nothing has to clean up after a process that died. Redis' own clock
decides, so that machines need not agree on one. Without Redis nobody is anywhere, and that is
all it costs: a call waits TIMEOUT_SECONDS at most, and after a failure none waits for a while.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from django.db import connection

TIMEOUT_SECONDS = 0.2
REST_SECONDS = 2.0
FAILURES = (redis.RedisError, OSError)
VIEWING = "viewing"
REPLYING = "replying"

_rest_until = 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One person at one resource; `seat` tells their tabs apart and holds no spaces."""

    resource: str
    person: int
    seat: str
    doing: str = VIEWING

    def __str__(self) -> str:
        return f"{self.person} {self.seat} {self.doing} {self.resource}"


@dataclass(frozen=True, slots=True)
class People:
    """Who is at a resource, by number; whoever replies is not counted as looking too."""

    viewing: tuple[int, ...] = ()
    replying: tuple[int, ...] = ()


def put(room: str, marks: Iterable[Mark], *, seconds: float) -> None:
    """Set marks that last `seconds` from now; those that stand already last longer."""
    _change(room, [(str(mark), seconds) for mark in marks])


def drop(room: str, marks: Iterable[Mark]) -> None:
    """Take marks away before their time."""
    _change(room, [(str(mark), 0.0) for mark in marks])


def people(room: str) -> dict[str, People]:
    """Everybody in a room, by resource; nobody where Redis does not answer."""
    found: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for text in _run(room, []):
        person, _, doing, resource = text.split(" ", 3)
        found[resource][doing].add(int(person))
    return {resource: _sorted(doings) for resource, doings in found.items()}


def _sorted(doings: dict[str, set[int]]) -> People:
    replying = doings[REPLYING]
    viewing = doings[VIEWING] - replying
    return People(viewing=tuple(sorted(viewing)), replying=tuple(sorted(replying)))


def _change(room: str, changes: list[tuple[str, float]]) -> None:
    if changes:
        _run(room, changes)


def _run(room: str, changes: list[tuple[str, float]]) -> list[str]:
    """Make changes; the marks that stand afterwards. Empty where Redis does not answer."""
    global _rest_until  # noqa: PLW0603 - a dead Redis is asked now and then, not at every key
    if time.monotonic() < _rest_until:
        return []
    arguments = [value for mark, seconds in changes for value in (seconds, mark)]
    try:
        marks = _client(settings.REDIS_URL).eval(SCRIPT, 1, _key(room), *arguments)
    except FAILURES:
        _rest_until = time.monotonic() + REST_SECONDS
        return []
    return [mark.decode() for mark in marks]


def _key(room: str) -> str:
    """Installations that share a Redis are told apart by their database."""
    return f"presence:{connection.settings_dict['NAME']}:{room}"


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
    )


SCRIPT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local kept = 60
for at = 1, #ARGV, 2 do
  local seconds = tonumber(ARGV[at])
  if seconds > 0 then
    redis.call('ZADD', KEYS[1], now + seconds, ARGV[at + 1])
    kept = math.max(kept, math.ceil(seconds))
  else
    redis.call('ZREM', KEYS[1], ARGV[at + 1])
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if #ARGV > 0 and redis.call('TTL', KEYS[1]) < kept then
  redis.call('EXPIRE', KEYS[1], kept)
end
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""
