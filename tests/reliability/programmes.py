"""Every long programme by its id: how large it is at scale 1, and how it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from inbox.processes.state import BASE_DIR
from tests.reliability import (
    ambig_1,
    breaker_1,
    crash_matrix,
    crash_matrix_outbox,
    dlq_1,
    dup_1,
    fsync_1,
    idemp_1,
    inbound,
    kill_a,
    limit_1,
    media_1,
    model_1,
    order_1,
    pg_1,
    pg_sends,
    redis_1,
    redis_sends,
    sent_through,
    socket_1,
)
from tests.reliability.crash_matrix_cases import ACTIONS, cases
from tests.reliability.crash_matrix_outbox_points import POINTS, possible
from tests.reliability.house import Parts, parts
from tests.reliability.reports import Report
from tests.reliability.scale import FIGURES_VARIABLE, SCALE_VARIABLE, SEED_VARIABLE

# Whether it was good, and words for the table of runs.
Outcome = tuple[bool, str]
Programme = Callable[[float, int], Outcome]


def say(line: str) -> None:
    """For the person who waits."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tell(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def run_kill_a(scale: float, seed: int) -> Outcome:
    """20,000 webhooks at 150/s, a kill every 3 s."""
    run = kill_a.Run(seed=seed, webhooks=round(20_000 * scale), rate=150, kill_every_seconds=3)
    report = kill_a.carry_out(run)
    tell(report.lines())
    sums = f"{sum(report.kills.values())} kills, quiet after {report.quiet_seconds:.1f} s"
    verdict = f"{len(report.problems)} problems" if report.problems else "nothing lost or doubled"
    return not report.problems, f"{run.webhooks} webhooks, {sums}: {verdict}"


def crash_matrix_of(house: Parts, scale: float, seed: int) -> Report:
    """Every failpoint on the way in × every action × 5 seeds."""
    seeds = range(seed, seed + at_least(1, 5 * scale))
    return crash_matrix.carry_out(house, cases(ACTIONS, seeds, crash_matrix.ALL), seed=seed)


def crash_matrix_outbox_of(house: Parts, scale: float, seed: int) -> Report:
    """Every failpoint on the way out × every action × 5 seeds."""
    seeds = range(seed, seed + at_least(1, 5 * scale))
    chosen = possible(cases(ACTIONS, seeds, POINTS))
    return crash_matrix_outbox.carry_out(house, chosen, seed=seed)


def ambig_1_of(house: Parts, scale: float, seed: int) -> Report:
    """50,000 sends, 10,000 of them doubtful, 2,000 deaths, 500 pauses beyond a claim."""
    texts = at_least(2, 25 * scale**0.5)
    run = ambig_1.Run(
        seed=seed,
        numbers=20,
        customers=at_least(5, 2500 * scale / texts),
        texts=texts,
        kills=at_least(4, 2000 * scale),
        pauses=at_least(1, 500 * scale),
    )
    return ambig_1.carry_out(house, run)


def dup_1_of(house: Parts, scale: float, seed: int) -> Report:
    """5,000 events twenty times."""
    return dup_1.carry_out(house, dup_1.Run(seed=seed, events=at_least(20, 5000 * scale)))


def order_1_of(house: Parts, scale: float, seed: int) -> Report:
    """200 conversations of 500 messages."""
    messages = at_least(2, 500 * scale)
    run = order_1.Run(seed=seed, conversations=200, messages=messages, rate=150)
    return order_1.carry_out(house, run)


def fsync_1_of(house: Parts, scale: float, seed: int) -> Report:
    """1,000 commits."""
    if not fsync_1.is_possible():
        missing = "NOT RUN: FSYNC-1 needs strace and the right to trace"
        return Report(name="FSYNC-1", seed=seed, problems=[missing])
    return fsync_1.carry_out(house, requests=at_least(20, 1000 * scale), seed=seed)


def pg_1_of(house: Parts, scale: float, seed: int) -> Report:
    """200 faults under 20,000 webhooks, and as many under 29,000 messages that leave."""
    run = inbound.Faults(seed=seed, webhooks=100, rate=30, rounds=at_least(1, 25 * scale))
    sends = sent_through.Run(seed=seed, customers=4, texts=8, rounds=run.rounds)
    return both(pg_1.carry_out(house, run), pg_sends.carry_out(house, sends))


def redis_1_of(house: Parts, scale: float, seed: int) -> Report:
    """80 faults under 80,000 webhooks, one in 16 of them 20 restarts; and under 19,000 messages
    that leave.
    """
    run = redis_1.Run(
        seed=seed,
        webhooks=at_least(60, 1000 * scale),
        rate=150,
        rounds=at_least(1, 5 * scale),
        restarts=at_least(3, 20 * scale),
    )
    sends = sent_through.Run(seed=seed, customers=6, texts=10, rounds=run.rounds)
    return both(redis_1.carry_out(house, run), redis_sends.carry_out(house, sends, run))


def media_1_of(house: Parts, scale: float, seed: int) -> Report:
    """5,000 files, a kill a second."""
    run = media_1.Run(seed=seed, files=at_least(40, 5000 * scale), kills=at_least(6, 300 * scale))
    return media_1.carry_out(house, run)


def limit_1_of(house: Parts, scale: float, seed: int) -> Report:
    """Half an hour, five organisations, eight processes, 60 times emptied, 20 times killed."""
    run = limit_1.Run(
        seed=seed,
        seconds=max(6, 1800 * scale),
        organizations=5,
        processes=8,
        customers=100,
        rate=8,
        flush_every=30,
        kill_every=90,
    )
    return limit_1.carry_out(house, run)


def run_model_1(scale: float, seed: int) -> Outcome:
    """Everything at scale 1, else what the test walks through; there is no chance in it."""
    report = model_1.carry_out(say, is_whole=scale >= 1)
    tell(report.lines())
    return report.is_good, report.words()


def breaker_1_of(house: Parts, scale: float, seed: int) -> Report:
    """20,000 sends of 50 numbers, the host away for ten minutes."""
    run = breaker_1.Run(
        seed=seed,
        numbers=50,
        customers=40,
        texts=2 * at_least(1, 5 * scale),
        down_seconds=at_least(6, 600 * scale),
    )
    return breaker_1.carry_out(house, run)


def dlq_1_of(house: Parts, scale: float, seed: int) -> Report:
    """2,000 dead letters of twelve kinds."""
    run = dlq_1.Run(seed=seed, customers=at_least(5, 50 * scale), texts=10)
    return dlq_1.carry_out(house, run)


def idemp_1_of(house: Parts, scale: float, seed: int) -> Report:
    """2,000 messages, each in one of eight ways."""
    return idemp_1.carry_out(house, idemp_1.Run(seed=seed, messages=at_least(24, 2000 * scale)))


def socket_1_of(house: Parts, scale: float, seed: int) -> Report:
    """500 browsers, six faults a round, ten rounds; a heartbeat as in production."""
    run = socket_1.Run(
        seed=seed,
        browsers=at_least(20, 500 * scale),
        customers=40,
        rate=20,
        rounds=at_least(1, 10 * scale),
        heartbeat=20,
        gap=5,
    )
    return socket_1.carry_out(house, run)


def both(report: Report, other: Report) -> Report:
    """Two parts of one programme as one."""
    report.figures |= other.figures
    report.problems += other.problems
    return report


def at_least(least: int, wanted: float) -> int:
    return max(least, round(wanted))


def on_parts(programme: Callable[[Parts, float, int], Report], scale: float, seed: int) -> Outcome:
    """Run it on durable servers of its own."""
    with parts(WEBHOOK_TIMEOUT="1") as house:
        report = programme(house, scale, seed)
    tell(report.lines())
    return report.is_good, report.words()


def as_tests(name: str, scale: float, seed: int) -> Outcome:
    """Run a programme that is one or several pytest modules, in the size asked for."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.jsonl"
        variables = {
            SCALE_VARIABLE: f"{scale:g}",
            SEED_VARIABLE: str(seed),
            FIGURES_VARIABLE: str(figures),
        }
        paths = sorted(map(str, (BASE_DIR / "tests" / "reliability").glob(f"test_{name}*.py")))
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:randomly", *paths]
        command.append(f"--hypothesis-seed={seed}")
        environment = {**os.environ, **variables}
        done = subprocess.run(command, cwd=BASE_DIR, env=environment, check=False)
        lines = figures.read_text().splitlines() if figures.exists() else []
    told = [f"{figure} {what}" for line in lines for what, figure in json.loads(line).items()]
    verdict = "failed" if done.returncode else "no problem found"
    return done.returncode == 0, f"{', '.join(told)}: {verdict}"


PROGRAMMES: dict[str, Programme] = {
    "KILL-A": run_kill_a,
    "CRASH-MATRIX": partial(on_parts, crash_matrix_of),
    "CRASH-MATRIX-OUTBOX": partial(on_parts, crash_matrix_outbox_of),
    "AMBIG-1": partial(on_parts, ambig_1_of),
    "DUP-1": partial(on_parts, dup_1_of),
    "ORDER-1": partial(on_parts, order_1_of),
    "STATUS-1": partial(as_tests, "status_1"),
    "POISON-1": partial(as_tests, "poison_1"),
    "SIG-1": partial(as_tests, "sig_1"),
    "RACE-1": partial(as_tests, "race_1"),
    "LIMIT-1": partial(on_parts, limit_1_of),
    "BREAKER-1": partial(on_parts, breaker_1_of),
    "DLQ-1": partial(on_parts, dlq_1_of),
    "IDEMP-1": partial(on_parts, idemp_1_of),
    "FSYNC-1": partial(on_parts, fsync_1_of),
    "MEDIA-1": partial(on_parts, media_1_of),
    "MODEL-1": run_model_1,
    "PG-1": partial(on_parts, pg_1_of),
    "REDIS-1": partial(on_parts, redis_1_of),
    "SOCKET-1": partial(on_parts, socket_1_of),
}
