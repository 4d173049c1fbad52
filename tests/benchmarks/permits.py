"""What a permit costs, in batches: from Redis, from Postgres, and as one would write it first.

    DATABASE_URL=… REDIS_URL=… python -m tests.benchmarks.permits [--rounds 300] [--batch 20]

The baseline locks a row for every send and counts in it. Prints figures as JSON. Rows are made in
a test database, which is dropped at the end.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings
from django.db import connection, transaction

from outbound.limits import postgres, rates, redis
from outbound.limits.rates import Ask, Grant
from outbound.models import Bucket
from tests.factories import ChannelFactory, ConnectionFactory

# Far above what is asked for: the cost of a permit is measured, not the wait for one.
THROUGHPUT = 10_000_000
CHANNELS = 10
Take = Callable[[list[Ask]], list[Grant]]


def measure(take: Take, channels: Sequence[Any], *, rounds: int, batch: int) -> dict[str, Any]:
    """Milliseconds for each permit, `batch` for each of the channels at a time."""
    asks = [Ask(channel_id=each.pk, throughput=THROUGHPUT, count=batch) for each in channels]
    take(asks)
    started, granted = time.perf_counter(), 0
    for _ in range(rounds):
        granted += sum(grant.count for grant in take(asks))
    seconds = time.perf_counter() - started
    return _figures(seconds, granted, rounds)


def measure_naive(channels: Sequence[Any], *, sends: int) -> dict[str, Any]:
    """A transaction for each send that locks the number's row and writes it."""
    started = time.perf_counter()
    for number in range(sends):
        with transaction.atomic():
            channel_id = channels[number % len(channels)].pk
            row = Bucket.objects.select_for_update().get(pk=channel_id)
            row.owed += 1
            row.save(update_fields=["owed"])
    return _figures(time.perf_counter() - started, sends, sends)


def _figures(seconds: float, permits: int, rounds: int) -> dict[str, Any]:
    return {
        "permits": permits,
        "ms_per_permit": round(1000 * seconds / max(1, permits), 4),
        "ms_per_round": round(1000 * seconds / rounds, 3),
        "per_second": round(permits / seconds),
    }


def run(args: argparse.Namespace) -> dict[str, Any]:
    """All figures, and how much cheaper than the baseline each is."""
    provider = ConnectionFactory()
    channels = [ChannelFactory(connection=provider) for _ in range(CHANNELS)]
    stores = {"redis": redis, "postgres": postgres}
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "channels": CHANNELS,
        "batch": args.batch,
    }
    shapes = (
        ("a single one", 1, 1),
        ("one number", 1, args.batch),
        (f"{CHANNELS} numbers", CHANNELS, args.batch),
    )
    for name, store in stores.items():
        for what, count, batch in shapes:
            figures[f"{name}, {what}"] = measure(
                partial(store.take, not_before=0),
                channels[:count],
                rounds=args.rounds,
                batch=batch,
            )
    naive = figures["a row lock for each"] = measure_naive(channels, sends=args.rounds)
    for name in stores:
        cost = figures[f"{name}, one number"]["ms_per_permit"]
        figures[f"ratio of {name} to the baseline"] = round(naive["ms_per_permit"] / cost, 1)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--batch", type=int, default=20)
    args = parser.parse_args()
    name = connection.settings_dict["NAME"]
    settings.LOGGING_CONFIG = None
    rates.FRESH_SECONDS = 0.0
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        print(json.dumps(run(args), indent=2))
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()
