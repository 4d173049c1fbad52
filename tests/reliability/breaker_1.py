"""BREAKER-1: a host that is down, a bad token, a number that flaps and one that is slow.

Every number has messages all the time. What does not work is held back within seconds, costs
its messages no attempts and no order, and nobody else notices.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from inbox.processes import ports
from tests.reliability import outward
from tests.reliability.house import Parts, until
from tests.reliability.provider import ACCEPT, BROKEN, SLOW, Provider
from tests.reliability.reports import Report

BAD, FLAPPING, SLUGGISH = "70000000", "70000001", "70000002"
MOST_SECONDS = 10
# What a process may know too late of a breaker, and has fenced by then.
GRACE_SECONDS = 3
# Longer than a message waits for another try.
WATCH_SECONDS = 2.5
BREAKERS = """
SELECT state, extract(epoch FROM opened_at)::float8 FROM outbound_breaker WHERE scope LIKE %s
"""
ACCESS = """
SELECT breaker.state FROM outbound_breaker AS breaker
JOIN messaging_connection AS connection ON connection.id = breaker.connection_id
WHERE connection.slug = 'number-0'
"""
BURNED = """
SELECT count(*) FROM outbound_sendattempt
WHERE dispatched_at BETWEEN to_timestamp(%s) AND to_timestamp(%s)
"""
FIRST_FAILURE = """
SELECT extract(epoch FROM min(finished_at))::float8 FROM outbound_sendattempt
WHERE error_code = 'not_connected'
"""
STATES = "SELECT state, count(*) FROM outbound_outboxentry GROUP BY state ORDER BY state"
UNEXPECTED = """
SELECT count(*) FROM outbound_outboxentry AS entry
JOIN messaging_channel AS channel ON channel.id = entry.channel_id
WHERE channel.external_id <> ALL(%s) AND entry.state <> 'accepted'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Numbers, customers of each, texts to each, and how long the host is away."""

    seed: int
    numbers: int
    customers: int
    texts: int
    down_seconds: float
    is_rough: bool = True  # with a number that flaps, and one that is slow


class Moods:
    """How numbers behave now."""

    def __init__(self, run: Run) -> None:
        self._dice = random.Random(run.seed)  # noqa: S311 - repeatable, not secret
        self.is_token_good = False
        self.is_rough = run.is_rough

    def __call__(self, number: str, text: str) -> int:
        if number == BAD and not self.is_token_good:
            return 190
        if not self.is_rough or not text:
            return ACCEPT
        if number == FLAPPING and self._dice.random() < 0.5:
            return BROKEN
        return SLOW if number == SLUGGISH else ACCEPT


def carry_out(house: Parts, run: Run) -> Report:
    """Half of the texts while the token is bad, the other half while the host is away."""
    report = Report(name="BREAKER-1", seed=run.seed)
    moods = Moods(run)
    provider = Provider(port=ports.choose(), behave=moods)
    half = run.texts // 2
    house.execute("DELETE FROM outbound_breaker")
    try:
        size = {"numbers": run.numbers, "customers": run.customers}
        house.start(*outward.PROCESSES, environment=outward.ENVIRONMENT)
        outward.plant(house, provider, **size, texts=[0, half])
        _one_bad_token(house, provider, run, report)
        moods.is_rough = False
        _host_away(house, provider, run, report)
        moods.is_token_good = True
        outward.wait_until_settled(house, seconds=300 + run.texts * run.customers)
        _check(house, provider, run, report)
    finally:
        house.stop()
        provider.stop()
    return report


def _one_bad_token(house: Parts, provider: Provider, run: Run, report: Report) -> None:
    """The others' messages leave while one connection is held back."""
    until(lambda: house.rows(ACCESS) and house.one(ACCESS) != "closed", "the bad token is seen")
    known_at = time.time() + GRACE_SECONDS
    troubled = [BAD, FLAPPING, SLUGGISH] if run.is_rough else [BAD]
    until(
        lambda: house.one(UNEXPECTED, troubled) == 0,
        "nobody else is held back",
        seconds=120 + run.texts * run.customers,
    )
    until(lambda: time.time() > known_at + WATCH_SECONDS, "its messages would have left by now")
    asked = [each.at for each in provider.asked if each.number == BAD]
    report.figures["sends with a bad token"] = len(asked)
    if late := [at for at in asked if at > known_at]:
        report.problems.append(f"{len(late)} sends with a token known to be bad")
    if house.one(ACCESS) == "closed":
        report.problems.append("the breaker of the bad token closed")


def _host_away(house: Parts, provider: Provider, run: Run, report: Report) -> None:
    provider.go_down()
    size = {"numbers": run.numbers, "customers": run.customers}
    outward.plant(house, provider, **size, texts=[run.texts // 2, run.texts])
    until(lambda: _host(house)[0] in {"open", "half_open"}, "the host's breaker is open")
    opened_at = _host(house)[1]
    took = opened_at - house.one(FIRST_FAILURE)
    report.figures["s until the host's breaker opened"] = round(took, 1)
    if took > MOST_SECONDS:
        report.problems.append(f"it took {took:.1f} s to hold the host's messages back")
    time.sleep(run.down_seconds)
    burned = house.one(BURNED, opened_at + GRACE_SECONDS, time.time())
    if burned:
        report.problems.append(f"{burned} attempts were made while the host's breaker was open")
    provider.come_up()


def _host(house: Parts) -> tuple[str, float]:
    rows = house.rows(BREAKERS, "host:%")
    return rows[0] if rows else ("closed", 0.0)


def _check(house: Parts, provider: Provider, run: Run, report: Report) -> None:
    troubled = [BAD, FLAPPING, SLUGGISH] if run.is_rough else [BAD]
    report.figures |= {f"entries {state}": count for state, count in house.rows(STATES)}
    report.figures["probes"] = provider.probes
    report.problems += [*outward.duplicates(provider), *outward.disorder(provider)]
    if others := house.one(UNEXPECTED, troubled):
        report.problems.append(f"{others} messages of healthy numbers were not accepted")
    accepted = house.one("SELECT count(*) FROM outbound_outboxentry WHERE state = 'accepted'")
    if accepted != len(provider.ledger):
        report.problems.append(f"{accepted} accepted, but phones got {len(provider.ledger)}")
