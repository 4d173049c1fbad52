"""PG-1 (the way in): Postgres stops, hangs, refuses or answers into the void; 200 means stored.

The gateway reaches Postgres through a proxy that can lose the reply to a commit; deliveries and
the log are on small disks, where we may mount some.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg

from inbox.processes import process_table
from tests.reliability import inbound, pg_disks, pg_stumbles
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Posting
from tests.reliability.proxy import Fault, Proxy, between
from tests.reliability.reports import Report
from tests.reliability.small_disk import LEFT_OUT
from tests.reliability.webhooks import plan

HOLD_SECONDS = 1.5
GATEWAY_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'inbox gateway'"
BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'inbox%'"
# Two of the gateway, one each of the worker's child and the sweeper, and one in passing.
MOST_BACKENDS = 6


@dataclass(frozen=True, slots=True)
class Target:
    """What a fault may lay hands on."""

    house: Parts
    proxy: Proxy
    disks: pg_disks.Disks | None


def stop_at_once(at: Target) -> None:
    """What `pg_ctl stop -m immediate` does, and a start that has to recover."""
    at.house.services.postgres.stop_at_once()
    at.house.services.postgres.launch()


def kill_a_backend(at: Target, *, backends: str = GATEWAY_BACKENDS) -> None:
    """`kill -9` of one backend: Postgres ends all others and recovers."""
    for (pid,) in at.house.rows(backends)[:1]:
        process_table.send(pid, signal.SIGKILL)
    until(at.house.services.postgres.answers, "Postgres has recovered")


def end_sessions(at: Target) -> None:
    at.house.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name LIKE 'inbox%' AND pid <> pg_backend_pid()"
    )


def pause(at: Target) -> None:
    """All of Postgres stands still, as on a machine that is migrated."""
    pids = [
        entry.pid for entry in process_table.matching(at.house.services.postgres.program.family())
    ]
    for pid in pids:
        process_table.send(pid, signal.SIGSTOP)
    time.sleep(HOLD_SECONDS)
    for pid in pids:
        process_table.send(pid, signal.SIGCONT)


def storm_of_locks(at: Target, *, table: str = "messaging_inboundevent") -> None:
    """Somebody's migration holds the table, again and again."""
    with psycopg.connect(at.house.database_url, autocommit=True) as session:
        for _ in range(5):
            with session.transaction():
                session.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                time.sleep(HOLD_SECONDS / 4)
            time.sleep(0.05)


def use_up_connections(at: Target) -> None:
    """No session is left for anybody, and the gateway has just lost its own."""
    taken: list[psycopg.Connection] = []
    until_then = time.monotonic() + HOLD_SECONDS

    def take() -> None:
        """And take what others have to let go of, too."""
        while time.monotonic() < until_then:
            try:
                taken.append(psycopg.connect(at.house.database_url, autocommit=True))
            except psycopg.OperationalError:
                time.sleep(0.01)

    with ThreadPoolExecutor(8) as threads:
        for _ in range(8):
            threads.submit(take)
        time.sleep(HOLD_SECONDS / 3)
        at.proxy.cut()
    for session in taken:
        session.close()


def lose_replies(at: Target) -> None:
    """Commits happen and nobody hears of them: the gateway may not say 200."""
    at.proxy.set(Fault.SWALLOW_REPLIES)
    time.sleep(HOLD_SECONDS)
    at.proxy.set(Fault.NONE)
    at.proxy.cut()


def reset(at: Target) -> None:
    at.proxy.set(Fault.REFUSE)
    time.sleep(HOLD_SECONDS / 3)
    at.proxy.set(Fault.NONE)


def fail_at_random(at: Target) -> None:
    """Serialization failures and deadlocks, at the door and while things are applied."""
    pg_stumbles.stumble(at.house)


def fill_the_disk_of_deliveries(at: Target) -> None:
    """Postgres lives on and can keep no more of them."""
    if at.disks:
        at.disks.refuse_deliveries(HOLD_SECONDS)


def fill_the_disk_of_the_log(at: Target) -> None:
    """Postgres panics, and again as long as there is no room."""
    if at.disks:
        at.disks.refuse_the_log(HOLD_SECONDS)


ON_DISKS: dict[str, Callable[[Target], None]] = {
    "disk of deliveries full": fill_the_disk_of_deliveries,
    "disk of the log full": fill_the_disk_of_the_log,
}
FAULTS: dict[str, Callable[[Target], None]] = {
    "immediate stop": stop_at_once,
    "kill -9 of a backend": kill_a_backend,
    "sessions ended": end_sessions,
    "pause": pause,
    "lock storm": storm_of_locks,
    "no connection left": use_up_connections,
    "lost replies": lose_replies,
    "resets": reset,
    "40001 and 40P01": fail_at_random,
    **ON_DISKS,
}

# Nobody can be spared by these; the others may fall between two commits.
FELT = {"immediate stop", "no connection left", "lost replies", "resets", *ON_DISKS}


def carry_out(house: Parts, run: inbound.Faults) -> Report:
    """Each fault in the middle of its own webhooks."""
    report = Report(name="PG-1", seed=run.seed)
    ledger = house.folder / "postgres.jsonl"
    ledger.write_text("")
    with pg_disks.small_disks(house) as disks, between(house.database_url) as (proxy, through):
        house.start("worker", "sweeper", commands=inbound.COMMANDS, environment=inbound.SOON)
        house.start("gateway", commands=inbound.COMMANDS, environment={"DATABASE_URL": through})
        with inbound.followed(house, report):
            _break(Target(house, proxy, disks), run, ledger, report)
        if (sessions := house.one(BACKENDS)) > MOST_BACKENDS:
            report.problems.append(f"{sessions} sessions are open at the end")
        house.stop()
    if not proxy.swallowed_bytes:
        report.problems.append("no reply was ever lost")
    inbound.check(house, ledger, report)
    report.figures = {"webhooks a fault": run.webhooks, "rounds": run.rounds, **report.figures}
    return report


def _break(at: Target, run: inbound.Faults, ledger: Path, report: Report) -> None:
    parts = iter(range(10_000))
    chosen = [name for name in FAULTS if at.disks or name not in ON_DISKS]
    report.figures |= {name: LEFT_OUT for name in FAULTS if name not in chosen}
    for name in chosen * run.rounds:
        webhooks = plan(run.webhooks, seed=run.seed, part=next(parts))
        posting = Posting(at.house, webhooks, ledger=ledger, rate=run.rate, seed=run.seed)
        time.sleep(run.webhooks / run.rate / 4)
        FAULTS[name](at)
        tally = posting.finish()
        report.figures[f"503 at {name}"] = tally.refused
        if name in FELT and not tally.refused + tally.failed:
            report.problems.append(f"{name} was not felt")
        inbound.wait_until_quiet(at.house)
