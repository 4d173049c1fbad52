"""A real mix of webhooks, end to end: its speed, its memory, and both as years of rows pile up.

    python -m tests.benchmarks.ingest_mix [--items 1000000] [--stored 1000000,5000000] [--json]

60 % statuses, 25 % texts, 10 % files, 5 % anything else, 1 to 50 items a body. Starts durable
servers of its own, the gateway and one Celery worker of two processes. The baseline is
tests/benchmarks/naive.py with a tenth of a round. Speed counts from the first delivery to the
last line of the ledger; memory is the largest resident set of gateway and worker processes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from inbox.processes import process_table
from inbox.processes.state import BASE_DIR
from tests.benchmarks import stock
from tests.benchmarks.ingest import NAIVE, machine
from tests.reliability.house import Parts, parts, until

ROUND = 100_000  # items
NAIVE_ROUND = 5_000
STEADY_SECONDS = 10.0
BASE_STOCK = 450_000  # enough of ours for the statuses of a million items
MESSAGES = "SELECT count(*) FROM messaging_message"
NEW_MESSAGES = "SELECT count(*) FROM messaging_message WHERE id > %s"
RECEIPTS = "SELECT count(*) FROM messaging_receipt"
SPEED = """
SELECT count(*) / extract(epoch FROM max(applied_at) - min(received_at))::float8
FROM messaging_inbounditem WHERE id > %s
"""


class Bench:
    """One installation, round after round; statuses go on where the last round ended."""

    def __init__(self, house: Parts) -> None:
        self.house = house
        self.statuses = 0

    def load(self, items: int, *, rate: float | None = None) -> dict[str, Any]:
        """Post a round, at `rate` bodies a second or as fast as they are taken; its figures."""
        words = ["--port", self.house.port("gateway"), "--seconds", 3600, "--most", items]
        words += ["--mix", "--first-status", self.statuses, *(["--rate", rate] if rate else [])]
        self.statuses += int(items * 0.62)
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.load", *map(str, words)],
            cwd=BASE_DIR,
            env=self.house.environment,
            input="go\n",
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return figures

    def round(self, items: int = ROUND) -> float:
        """Items a second of one round, until the last one is in the ledger."""
        last = self.house.one("SELECT coalesce(max(id), 0) FROM messaging_inbounditem")
        self.load(items)
        until(lambda: self.house.in_flight() == 0, "all is applied", seconds=600)
        return float(self.house.one(SPEED, last))

    def memory(self) -> dict[str, float]:
        """Megabytes of the largest process of each kind."""
        found = {}
        for name, process in self.house.running.items():
            group = process.pid
            of_group = process_table.matching(lambda entry: entry.group == group)  # noqa: B023
            found[name] = max(_megabytes(entry.pid) for entry in of_group)
        return found


def _megabytes(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def run(items: int, stored: list[int]) -> Iterator[tuple[str, Any]]:
    """Figures by name, as they come."""
    yield "load average before", round(os.getloadavg()[0], 2)
    with parts() as house:
        yield "machine", machine(house)
        stock.fill(house.database_url, BASE_STOCK)
        yield "naive, items /s", _naive(house)
        bench = Bench(house)
        house.start("gateway", "worker")
        bench.round(5_000)  # everything has connected and imported what it needs
        yield from _grow(bench, items)
        first = BASE_STOCK
        for count in stored:
            stock.fill(house.database_url, count, first=first)
            first = count
            speeds = sorted(bench.round() for _ in range(3))
            yield f"items /s at {house.one(MESSAGES):,} messages", speeds[1]
        steady = bench.load(int(STEADY_SECONDS * 1000 * 4), rate=1000)
        until(lambda: house.in_flight() == 0, "all is applied", seconds=600)
        yield "p50 ms at 1,000 bodies/s", steady["p50_ms"]
        yield "p99 ms at 1,000 bodies/s", steady["p99_ms"]
        yield "balance", house.balance()


def _grow(bench: Bench, items: int) -> Iterator[tuple[str, Any]]:
    """Round after round up to `items`; speed and memory after the first and the last."""
    rounds = max(items // ROUND, 1)
    for number in range(1, rounds + 1):
        speed = bench.round()
        if number in (1, rounds):
            yield f"items /s, round {number} of {rounds}", speed
            yield f"MB after {number * ROUND:,} items", bench.memory()


def _naive(house: Parts) -> float:
    """The baseline's items a second; its worker takes them one by one."""
    commands = {**NAIVE}
    house.start("gateway", "worker", commands=commands)
    bench = Bench(house)
    newest = house.one("SELECT max(id) FROM messaging_message")
    bench.load(NAIVE_ROUND)
    started = house.one(
        "SELECT extract(epoch FROM min(received_at))::float8 FROM messaging_receipt"
    )
    until(
        lambda: house.one(NEW_MESSAGES, newest) + house.one(RECEIPTS) >= NAIVE_ROUND,
        "the baseline is done",
        seconds=600,
    )
    seconds = house.one("SELECT extract(epoch FROM clock_timestamp())::float8") - started
    house.stop()
    house.execute("DELETE FROM messaging_receipt")
    house.services.redis.stop()
    house.services.redis.launch()
    return NAIVE_ROUND / seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--stored", default="1000000,5000000", help="messages, by COPY")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = {}
    for name, value in run(args.items, [int(each) for each in args.stored.split(",") if each]):
        found[name] = value
        if not args.json:
            sys.stdout.write(
                f"{name:40} {value:,.1f}\n" if isinstance(value, float) else f"{name:40} {value}\n"
            )
            sys.stdout.flush()
    if args.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
