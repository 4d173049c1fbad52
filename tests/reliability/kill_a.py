"""KILL-A: processes are killed at random while webhooks arrive; nothing is lost or doubled.

`kill -9` of gateway, worker, beat, sweeper and Redis in random order, and in the middle Postgres
stopped at once. Afterwards, without a hand: everything that was sent is there once, in order,
and the ledger closes within 60 s. A part of CHAOS-1.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event, Thread

from tests.reliability.checker import problems
from tests.reliability.follower import Follower
from tests.reliability.house import Supervised, supervised, until
from tests.reliability.webhooks import Poster, Tally, plan

QUIET_SECONDS = 60.0
# `+child` is what the head itself would start again.
VICTIMS = ("gateway", "gateway+child", "worker", "worker+child", "beat", "sweeper", "redis")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What to do: the seed decides bodies, victims and order."""

    seed: int
    webhooks: int
    rate: float
    kill_every_seconds: float


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of it; good when `problems` is empty."""

    run: Run
    problems: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    balance: dict[str, int | bool] = field(default_factory=dict)
    posting_seconds: float = 0.0
    quiet_seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"seed {self.run.seed}: {self.run.webhooks} webhooks at {self.run.rate:g}/s"
        yield f"kills: {dict(self.kills)}"
        yield (
            f"calls: {self.tally.acknowledged} answered 200, {self.tally.refused} answered 503,"
            f" {self.tally.failed} without an answer, in {self.posting_seconds:.1f} s"
        )
        yield f"quiet {self.quiet_seconds:.1f} s after the last 200: {self.balance}"
        yield from self.problems[:20] or ["nothing lost, nothing twice, all in order"]


class Killer(Thread):
    """Kills by a seeded list: every victim before any of them again, Postgres half-way."""

    def __init__(self, house: Supervised, run: Run, kills: Counter[str]) -> None:
        super().__init__(name="killer", daemon=True)
        self.stopping = Event()
        self._house = house
        self._run = run
        self._kills = kills
        self._dice = random.Random(run.seed)  # noqa: S311 - repeatable, not secret

    def run(self) -> None:
        started = time.monotonic()
        half_way = self._run.webhooks / self._run.rate / 2
        while not self.stopping.wait(self._run.kill_every_seconds):
            if not self._kills["postgres"] and time.monotonic() - started >= half_way:
                # What `pg_ctl stop -m immediate` does; its supervisor starts it again.
                self._kill("postgres", signal.SIGQUIT)
            else:
                self._kill(self._next(), signal.SIGKILL)

    def _next(self) -> str:
        fewest = min(self._kills[victim] for victim in VICTIMS)
        return self._dice.choice([v for v in VICTIMS if self._kills[v] == fewest])

    def _kill(self, victim: str, number: signal.Signals) -> None:
        if self._house.kill(victim, number=number):
            self._kills[victim] += 1


def carry_out(run: Run) -> Report:
    """The whole run, from an empty installation to a verdict."""
    report = Report(run=run)
    with supervised() as house:
        follower = Follower(house.database_url)
        follower.start()
        killer = Killer(house, run, report.kills)
        killer.start()
        try:
            _post(house, report)
        finally:
            killer.stopping.set()
            killer.join()
        _wait_for_quiet(house, report)
        shown = follower.stop()
        report.problems = problems(house.folder / "ledger.jsonl", house.database_url)
        report.problems += _of_balance(report.balance)
        stored = {pk for (pk,) in house.rows("SELECT id FROM messaging_message")}
        report.problems += [f"message {pk} appeared behind a reader" for pk in stored - shown]
    return report


def _post(house: Supervised, report: Report) -> None:
    run = report.run
    started = time.monotonic()
    with (house.folder / "ledger.jsonl").open("w") as ledger:
        poster = Poster(
            f"{house.url('gateway')}/webhooks/cloud/demo/", ledger=ledger, seed=run.seed
        )
        report.tally = poster.tally
        asyncio.run(poster.post_all(plan(run.webhooks, seed=run.seed), rate=run.rate))
    report.posting_seconds = time.monotonic() - started


def _wait_for_quiet(house: Supervised, report: Report) -> None:
    started = time.monotonic()
    until(lambda: house.in_flight() == 0, "nothing is in flight", seconds=QUIET_SECONDS)
    report.quiet_seconds = time.monotonic() - started
    report.balance = house.balance()


def _of_balance(balance: dict[str, int | bool]) -> list[str]:
    is_closed = balance["balanced"] and balance["in_flight"] == 0
    return [] if is_closed and not balance["dead"] else [f"the ledger does not close: {balance}"]
