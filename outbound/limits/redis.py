"""Buckets in Redis: one script for each channel, all of a batch in one round trip.

The script takes its time from Redis, so that processes need not agree on one. Keys are tagged
by channel, so they may live on a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha1
from typing import Any

import redis
from django.conf import settings
from django.db import connection

from outbound.limits import rates
from outbound.limits.rates import Ask, Grant, Unused

TIMEOUT_SECONDS = 0.1
# Long after its last use a bucket is as good as a new one.
KEPT_SECONDS = 86_400

FAILURES = (redis.RedisError, OSError)


class Unavailable(Exception):
    """Redis did not answer in time, or not as it should. What it did is not known."""


def take(asks: Sequence[Ask], *, not_before: float) -> list[Grant]:
    """Places for each channel, none of them within `not_before` seconds. Raises Unavailable."""
    answers = _run({ask.channel_id: ["take", ask.rate, ask.count, not_before] for ask in asks})
    return [
        Grant(
            channel_id=channel_id,
            count=int(answer[0]),
            wait_seconds=float(answer[1]),
            owed=float(answer[2]),
            rate=float(answer[3]),
            end=answer[4].decode(),
        )
        for channel_id, answer in answers.items()
    ]


def give_back(unused: Sequence[Unused]) -> None:
    """Let others have places nobody uses, where no further ones were taken. Raises Unavailable."""
    _run(
        {
            each.grant.channel_id: ["return", each.grant.end, each.seconds, each.paid]
            for each in unused
        }
    )


def hear(counts: Mapping[int, int]) -> None:
    """Deduct messages that came in, where there is a bucket. Raises Unavailable."""
    _run({channel_id: ["hear", count] for channel_id, count in counts.items()})


def cut(channel_ids: Sequence[int]) -> None:
    """Lower the rate of channels that the provider throttles. Raises Unavailable."""
    _run({channel_id: ["cut"] for channel_id in channel_ids})


def probe() -> None:
    """See that Redis can be read and written. Raises Unavailable."""
    try:
        _client(settings.REDIS_URL).set(f"limits:{_name()}:probe", 1, ex=60)
    except FAILURES as error:
        raise Unavailable from error


def key_of(channel_id: int) -> str:
    """The bucket's key; installations that share a Redis are told apart by their database."""
    return f"limits:{_name()}:{{channel:{channel_id}}}"


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _run(calls: Mapping[int, list[str | float]]) -> dict[int, list[Any]]:
    """The script's answer to each channel's call. Any: Redis' own values."""
    if not calls:
        return {}
    try:
        client = _client(settings.REDIS_URL)
        try:
            return _pipe(client, calls)
        except redis.exceptions.NoScriptError:
            client.script_load(SCRIPT)
            return _pipe(client, calls)
    except FAILURES as error:
        raise Unavailable from error


def _pipe(client: redis.Redis, calls: Mapping[int, list[str | float]]) -> dict[int, list[Any]]:
    with client.pipeline(transaction=False) as pipe:
        for channel_id, arguments in calls.items():
            pipe.evalsha(SHA, 1, key_of(channel_id), rates.FRESH_SECONDS, *arguments)
        return dict(zip(calls, pipe.execute(), strict=True))


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=None,
    )


SCRIPT = f"""
local fresh, verb = tonumber(ARGV[1]), ARGV[2]
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local row = redis.call('HMGET', KEYS[1], 'next', 'owed', 'factor', 'factor_at', 'cut_at', 'rate')
local next = tonumber(row[1])
local owed, factor = tonumber(row[2]) or 0, tonumber(row[3]) or 1
local factor_at, cut_at = tonumber(row[4]) or now, tonumber(row[5]) or 0
local full = tonumber(row[6])
if cut_at > now then cut_at = 0 end
factor = math.min(1, factor + math.max(0, now - factor_at) * {rates.RECOVERY_A_SECOND})
local answer = {{}}

local function settle(rate)
  if next < now then
    owed = math.max(0, owed - (now - next) * rate)
    next = now
  end
end
local function cost(count) return count + math.min(owed, count * {rates.MOST_PAID}) end

if verb == 'take' then
  full = tonumber(ARGV[3])
  next = next or now + fresh + 1 / full
  if next > now + 1 + {rates.MOST_PLACES_AHEAD} / full then
    next = now + {rates.HORIZON_SECONDS} + 1 / full
  end
  local rate, wanted = full * factor, tonumber(ARGV[4])
  settle(rate)
  local not_before = tonumber(ARGV[5])
  if not_before > 0 then next = math.max(next, now + not_before + 1 / full) end
  local count = 0
  while count < wanted and next + cost(count) / rate <= now + {rates.HORIZON_SECONDS} do
    count = count + 1
  end
  local finish = next + cost(count) / rate
  answer = {{
    count, string.format('%.6f', next - now), string.format('%.6f', owed),
    string.format('%.9f', rate), string.format('%.6f', finish)
  }}
  owed = owed - math.min(owed, count * {rates.MOST_PAID})
  next = finish
elseif verb == 'return' then
  if row[1] ~= ARGV[3] then return answer end
  next, owed = next - tonumber(ARGV[4]), owed + tonumber(ARGV[5])
elseif verb == 'hear' then
  if not next or not full then return answer end
  settle(full * factor)
  owed = math.min(full, owed + tonumber(ARGV[3]))
elseif now - cut_at >= {rates.CUT_PAUSE_SECONDS} then
  factor, cut_at = math.max({rates.LEAST_FACTOR}, factor * {rates.CUT}), now
end

redis.call('HSET', KEYS[1],
  'next', next and string.format('%.6f', next) or '', 'owed', string.format('%.6f', owed),
  'factor', string.format('%.6f', factor), 'factor_at', string.format('%.6f', now),
  'cut_at', string.format('%.6f', cut_at), 'rate', full or '')
redis.call('EXPIRE', KEYS[1], {KEPT_SECONDS})
return answer
"""
SHA = sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
