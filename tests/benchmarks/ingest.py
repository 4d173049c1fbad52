"""How fast webhooks are answered and become rows, beside a naive inbox on the same machine.

    python -m tests.benchmarks.ingest [--seconds 20] [--json]

Starts durable servers of its own, the gateway (granian, one worker), one Celery worker of two
processes, and a load generator in a process of its own: 500 customers, one new message in each
webhook. The baseline is tests/benchmarks/naive.py, served by the same granian and worker counts.
Everything is measured a second time with commits that take 5 ms longer: a deferred constraint
trigger sleeps once in each transaction that inserts a delivery or a message, before its commit.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg

from inbox.processes.state import BASE_DIR
from tests.reliability.house import Parts, parts, until

NAIVE = {
    "gateway": "granian --interface wsgi --host 127.0.0.1 --port $GATEWAY_PORT --workers 1"
    " --blocking-threads 2 --no-ws --log-level warning tests.benchmarks.naive:application",
    "worker": "celery --quiet -A tests.benchmarks.naive worker -n worker@%h -Q inbound"
    " --concurrency 2 --without-gossip --without-mingle --without-heartbeat --loglevel warning",
}
SLOW_COMMITS = """
CREATE FUNCTION bench_slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF current_setting('bench.slept', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
    PERFORM set_config('bench.slept', pg_current_xact_id()::text, true);
    PERFORM pg_sleep(0.005);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bench_slow_commit AFTER INSERT ON messaging_inboundevent
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bench_slow_commit();
CREATE CONSTRAINT TRIGGER bench_slow_commit AFTER INSERT ON messaging_message
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bench_slow_commit();
"""
FAST_COMMITS = "DROP FUNCTION bench_slow_commit CASCADE"
EMPTY = "TRUNCATE messaging_inboundevent, messaging_contact CASCADE"
STEADY_RATE = 1000.0
MESSAGES = "SELECT count(*) FROM messaging_message"
EVENTS = "SELECT count(*) FROM messaging_inboundevent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One of the two that are compared; `most` webhooks a second are prepared for it."""

    name: str
    commands: dict[str, str] = field(default_factory=dict)
    most_per_second: int

    @property
    def is_ours(self) -> bool:
        return not self.commands


OURS = Kind(name="inbox", most_per_second=9000)
BASELINE = Kind(name="naive", commands=NAIVE, most_per_second=2500)


class Load:
    """The generator's process: prepared first, then let go."""

    def __init__(
        self, house: Parts, *, seconds: float, most: int, rate: float | None = None
    ) -> None:
        words = ["--port", house.port("gateway"), "--seconds", seconds, "--most", most]
        words += ["--rate", rate] if rate else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.load", *map(str, words)],
            cwd=BASE_DIR,
            env=house.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def run(self) -> dict[str, Any]:
        """Post; the figures."""
        found, _ = self._process.communicate("go\n")
        figures: dict[str, Any] = json.loads(found)
        return figures


def measure(house: Parts, kind: Kind, seconds: float) -> dict[str, float]:
    """All figures of one kind, as commits are now."""
    most = round(kind.most_per_second * seconds)
    house.execute(EMPTY)
    house.start("gateway", commands=kind.commands)
    if kind.is_ours:
        accepted = Load(house, seconds=seconds, most=most).run()
        assert accepted["answered"] == house.one(EVENTS)
        house.execute(EMPTY)
    house.start("worker", commands=kind.commands)
    _warm_up(house)
    flood = _flood(house, kind, seconds, most)
    steady = Load(house, seconds=seconds, most=round(STEADY_RATE * seconds), rate=STEADY_RATE)
    paced = steady.run()
    house.stop()
    house.services.redis.stop()
    house.services.redis.launch()
    return {
        "answered /s, nothing else running": accepted["per_second"] if kind.is_ours else 0.0,
        "answered /s, rows being written": flood["per_second"],
        "webhook to rows, messages /s": flood["rows_per_second"],
        "p50 ms at 1,000/s": paced["p50_ms"],
        "p99 ms at 1,000/s": paced["p99_ms"],
        "refused": flood["refused"] + paced["refused"],
        "generator's share of a core": flood["generator_cpu"],
    }


def _warm_up(house: Parts) -> None:
    """Worker and gateway have connected, imported and prepared what they need."""
    Load(house, seconds=1, most=100, rate=100).run()
    until(lambda: house.one(MESSAGES) == 100, "the worker works", seconds=30)
    house.execute(EMPTY)


def _flood(house: Parts, kind: Kind, seconds: float, most: int) -> dict[str, Any]:
    """As many as are taken, until the last has become a row: nothing may pile up for free."""
    # A naive worker needs far longer than its view, so its share is bounded.
    load = Load(house, seconds=seconds, most=most if kind.is_ours else min(most, 3000))
    figures = load.run()
    wanted = figures["answered"]
    until(lambda: house.one(MESSAGES) == wanted, "all are rows", seconds=120 + 3 * seconds)
    took = house.one(
        "SELECT extract(epoch FROM max(item.applied_at) - min(item.received_at))::float8"
        " FROM messaging_inbounditem AS item"
        if kind.is_ours
        else "SELECT extract(epoch FROM clock_timestamp() - min(received_at))::float8"
        " FROM messaging_message"
    )
    return {**figures, "rows_per_second": wanted / took}


def run(seconds: float) -> dict[str, Any]:
    """Both kinds, with fast and slow commits."""
    found: dict[str, Any] = {"load average before": os.getloadavg()[0]}
    with parts() as house:
        found["machine"] = machine(house)
        for commits, sql in (("", None), (", commits 5 ms slower", SLOW_COMMITS)):
            if sql:
                house.execute(sql)
            for kind in (OURS, BASELINE):
                found[f"{kind.name}{commits}"] = measure(house, kind, seconds)
    found["load average after"] = os.getloadavg()[0]
    return found


def machine(house: Parts) -> str:
    """What the figures belong to; the server is the one that the processes use."""
    with psycopg.connect(house.environment["DATABASE_URL"]) as session:
        [(version,)] = session.execute("SHOW server_version").fetchall()
        [(fsync,)] = session.execute("SHOW fsync").fetchall()
    kernel = platform.release().split("-")[0]
    durability = "durable" if fsync == "on" else "not durable"
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()} {kernel},"
        f" Python {platform.python_version()}, PostgreSQL {version.split()[0]}, {durability}"
    )


def table(found: dict[str, Any]) -> Iterator[str]:
    """For people: ours, the baseline and the ratio between them."""
    yield found["machine"]
    yield f"load average before {found['load average before']:.2f}"
    for commits in ("", ", commits 5 ms slower"):
        ours, naive = found[f"inbox{commits}"], found[f"naive{commits}"]
        yield f"\n{'':36}{'inbox':>10}{'naive':>10}{'ratio':>8}{commits}"
        for name, value in ours.items():
            if naive[name]:
                yield f"{name:36}{value:10.1f}{naive[name]:10.1f}{value / naive[name]:8.1f}"
            else:
                yield f"{name:36}{value:10.1f}{'–':>10}"
    yield "\nThe naive 200 says that a broker has the message; ours that it is committed."


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = run(args.seconds)
    lines = [json.dumps(found, indent=2)] if args.json else table(found)
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
