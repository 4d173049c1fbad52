"""REDIS-1 (the way in): emptied, killed, paused or absent, Redis costs time and never a message."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis

from tests.reliability import inbound
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Posting
from tests.reliability.reports import Report
from tests.reliability.webhooks import plan

PAUSE_MILLISECONDS = 3000


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


FAULTS: dict[str, Callable[[Parts], None]] = {
    "flushall": flush,
    "client pause": pause,
    "client kill": cut,
    "kill and restart": restart,
    "absent": be_absent,
}


def carry_out(house: Parts, run: inbound.Faults) -> Report:
    """Each fault in the middle of its own webhooks; Redis is back before the next one."""
    report = Report(name="REDIS-1", seed=run.seed)
    house.start("gateway", "worker", "sweeper", commands=inbound.COMMANDS, environment=inbound.SOON)
    until(lambda: inbound.children(house, "worker"), "the worker works")
    ledger = house.folder / "redis.jsonl"
    ledger.write_text("")
    parts = iter(range(10_000))
    with inbound.followed(house, report):
        for _ in range(run.rounds):
            for name, fault in FAULTS.items():
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
    inbound.check(house, ledger, report)
    report.figures = {"webhooks a fault": run.webhooks, "rounds": run.rounds, **report.figures}
    return report
