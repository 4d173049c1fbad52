"""REDIS-1 (the way in): whatever happens to Redis costs time and never a message.

It is emptied, paused, stopped in its tracks, full, out of connections, killed, killed again and
again, and absent; back again, its worker takes hints from it as before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis
from celery import Celery

from tests.reliability import inbound
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Posting
from tests.reliability.reports import Report
from tests.reliability.webhooks import plan

PAUSE_MILLISECONDS = 3000
SLEEP_SECONDS = 2.0
HOLD_SECONDS = 1.5
CONSUME_SECONDS = 30.0  # within which a worker has to work again
FEW_CLIENTS = 5
LITTLE_MEMORY = "1mb"  # less than it needs for itself
POLICIES = (
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
)
CONNECTION = "SELECT id FROM messaging_connection WHERE slug = 'demo'"
DRAIN_TASK = "messaging.tasks.drain_connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(inbound.Faults):
    """`restarts` in one go, what a full Redis may drop, and which faults do not come."""

    restarts: int
    policies: Sequence[str] = POLICIES
    without: Container[str] = ()


def flush(house: Parts) -> None:
    with redis.Redis.from_url(house.services.redis_url) as client:
        client.flushall()


def pause(house: Parts) -> None:
    with redis.Redis.from_url(house.services.redis_url) as client:
        client.client_pause(PAUSE_MILLISECONDS)


def cut(house: Parts) -> None:
    with redis.Redis.from_url(house.services.redis_url) as client:
        client.client_kill_filter(_type="normal", skipme=True)
        client.client_kill_filter(_type="pubsub")


def restart(house: Parts) -> None:
    house.services.redis.kill()
    time.sleep(0.3)
    house.services.redis.launch()


def be_absent(house: Parts) -> None:
    house.services.redis.kill()


def sleep(house: Parts) -> None:
    """It answers nobody, not even a ping."""
    with redis.Redis.from_url(house.services.redis_url, socket_timeout=30) as client:
        client.execute_command("DEBUG", "SLEEP", SLEEP_SECONDS)


def refuse_clients(house: Parts) -> None:
    """A handful of connections for all, and everybody has just lost theirs."""
    with redis.Redis.from_url(house.services.redis_url, single_connection_client=True) as client:
        usual = client.config_get("maxclients")["maxclients"]
        client.config_set("maxclients", FEW_CLIENTS)
        client.client_kill_filter(_type="normal", skipme=True)
        client.client_kill_filter(_type="pubsub")
        time.sleep(HOLD_SECONDS)
        client.config_set("maxclients", usual)


def be_full(policy: str, house: Parts) -> None:
    """It drops what the policy allows, queues and all, and refuses the rest."""
    with redis.Redis.from_url(house.services.redis_url) as client:
        client.config_set("maxmemory-policy", policy)
        client.config_set("maxmemory", LITTLE_MEMORY)
        time.sleep(HOLD_SECONDS)
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")


def restart_often(times: int, house: Parts) -> None:
    for _ in range(times):
        restart(house)


def faults(run: Run) -> dict[str, Callable[[Parts], None]]:
    """By name, in the order in which they come."""
    full = {f"full, {policy}": partial(be_full, policy) for policy in run.policies}
    every: dict[str, Callable[[Parts], None]] = {
        "flushall": flush,
        "client pause": pause,
        "debug sleep": sleep,
        "client kill": cut,
        f"{FEW_CLIENTS} clients": refuse_clients,
        **full,
        "kill and restart": restart,
        f"{run.restarts} restarts": partial(restart_often, run.restarts),
        "absent": be_absent,
    }
    return {name: fault for name, fault in every.items() if name not in run.without}


def carry_out(house: Parts, run: Run) -> Report:
    """Each fault in the middle of its own webhooks; Redis is back before the next one."""
    report = Report(name="REDIS-1", seed=run.seed)
    ledger = house.folder / "redis.jsonl"
    ledger.write_text("")
    with sleeping_allowed(house):
        house.start("gateway", "sweeper", commands=inbound.COMMANDS, environment=inbound.SOON)
        # A worker whose Redis refuses to write ends itself.
        keeper = inbound.Keeper(house, "worker", inbound.SOON)
        until(lambda: inbound.children(house, "worker"), "the worker works")
        with inbound.followed(house, report):
            _break(house, run, ledger, report)
        keeper.stop()
        house.stop()
    report.figures["new workers"] = keeper.restarts
    inbound.check(house, ledger, report)
    report.figures = {"webhooks a fault": run.webhooks, "rounds": run.rounds, **report.figures}
    return report


def _break(house: Parts, run: Run, ledger: Path, report: Report) -> None:
    parts = iter(range(10_000))
    for name, fault in list(faults(run).items()) * run.rounds:
        webhooks = plan(run.webhooks, seed=run.seed, part=next(parts))
        posting = Posting(house, webhooks, ledger=ledger, rate=run.rate, seed=run.seed)
        time.sleep(run.webhooks / run.rate / 2)
        fault(house)
        tally = posting.finish()
        if tally.refused or tally.failed:
            report.problems.append(f"{name}: webhooks were not answered 200: {tally}")
        report.figures[f"s quiet after {name}"] = round(inbound.wait_until_quiet(house), 1)
        if not house.services.redis.answers():
            house.services.redis.launch()
        wait_for_worker(house, name)


def wait_for_worker(house: Parts, name: str) -> None:
    """A hint is taken from the queue, so the worker listens again."""
    with redis.Redis.from_url(house.services.redis_url) as client:
        with Celery(broker=house.services.redis_url) as broker:
            connection = house.one(CONNECTION)
            broker.send_task(DRAIN_TASK, args=[connection], queue="inbound")
        until(
            lambda: client.llen("inbound") == 0,
            f"a worker takes hints again after {name}",
            seconds=CONSUME_SECONDS,
        )


@contextmanager
def sleeping_allowed(house: Parts) -> Iterator[None]:
    """From Redis 7 on DEBUG is for servers that were started so."""
    if _may_sleep(house):
        yield
        return
    server = house.services.redis
    configuration = Path(server.program.command[-1])
    usual = configuration.read_text()
    configuration.write_text(f"{usual}enable-debug-command yes\n")
    server.launch()
    try:
        yield
    finally:
        configuration.write_text(usual)
        house.stop()
        server.launch()


def _may_sleep(house: Parts) -> bool:
    with redis.Redis.from_url(house.services.redis_url) as client:
        try:
            client.execute_command("DEBUG", "SLEEP", 0)
        except redis.ResponseError:
            return False
    return True
