"""DLQ-1: dead letters of many kinds, redriven twice, at once and by processes that die.

The provider refuses every message once, then takes everything. However often and by whomever
letters are retried, each message arrives at its phone once, in its lane's order, and every
decision is in the audit trail.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass

from inbox.processes import ports
from inbox.processes.state import BASE_DIR
from tests.reliability import outward
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Failpoints
from tests.reliability.provider import ACCEPT, Provider
from tests.reliability.reports import Report

KINDS = (100, 368, 130472, 130497, 131008, 131026, 131031, 131042, 131049, 131051, 132001, 133010)
DISCARDED = 131051
LETTERS = """
SELECT state, count(*) FROM messaging_deadletter WHERE source = 'outbound'
GROUP BY state ORDER BY state
"""
WAITING = """
SELECT count(*) FROM messaging_deadletter
WHERE source = 'outbound' AND state IN ('failed', 'retrying')
"""
UNAUDITED = """
SELECT count(*) FROM messaging_deadletter AS letter
WHERE letter.source = 'outbound' AND NOT EXISTS (
  SELECT FROM inbox_auditentry AS entry
  WHERE entry.organization_id = letter.organization_id
    AND entry.action IN ('retry_dead_letters', 'discard_dead_letters')
    AND entry.details -> 'ids' @> to_jsonb(letter.id)
)
"""
CHAIN = """
SELECT count(*) FROM inbox_auditentry AS entry
WHERE NOT EXISTS (
  SELECT FROM inbox_audithead AS head
  WHERE head.organization_id = entry.organization_id AND head.seq >= entry.seq
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Customers of four numbers, and letters of each."""

    seed: int
    customers: int
    texts: int


def kind_of(text: str) -> int:
    """The code with which a text is refused first; all kinds stand in every lane."""
    _, customer, number = map(int, text.split("."))
    return KINDS[(customer + number) % len(KINDS)]


def carry_out(house: Parts, run: Run) -> Report:
    """Bury everything; then retry by three processes of which one dies, and once more."""
    report = Report(name="DLQ-1", seed=run.seed)
    refused: set[str] = set()

    def behave(_number: str, text: str) -> int:
        if text and text not in refused:
            refused.add(text)
            return kind_of(text)
        return ACCEPT

    provider = Provider(port=ports.choose(), behave=behave)
    points = Failpoints(house.folder)
    house.execute("DELETE FROM outbound_breaker")
    try:
        house.start(*outward.PROCESSES, environment=outward.ENVIRONMENT)
        outward.plant(house, provider, numbers=4, customers=run.customers, texts=[0, run.texts])
        wanted = 4 * run.customers * run.texts
        until(lambda: house.one(WAITING) == wanted, "all are buried", seconds=120 + wanted)
        report.figures["letters"] = wanted
        _decide(house, points, report)
        until(lambda: house.one(WAITING) == 0, "no letter waits", seconds=120 + wanted)
        outward.wait_until_settled(house, seconds=60)
        _check(house, provider, wanted, report)
    finally:
        house.stop()
        provider.stop()
    return report


def _decide(house: Parts, points: Failpoints, report: Report) -> None:
    told = house.manage("dlq", "discard", "--all", "--source", "outbound", "--code",
                        str(DISCARDED), "--because", "not worth it", "--json")  # fmt: skip
    report.figures["discarded"] = json.loads(told)["discarded"]
    points.arm("dlq.taken", "kill")
    retries = [_retry(house, points) for _ in range(3)]
    codes = [each.wait(300) for each in retries]
    points.disarm()
    report.figures["killed in the middle"] = codes.count(-signal.SIGKILL)
    if not points.reached():
        report.problems.append("nobody died in the middle")
    house.manage("retry_failed", "--all", "--json")


def _retry(house: Parts, points: Failpoints) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "retry_failed", "--all", "--json"],
        cwd=BASE_DIR,
        env=house.environment | outward.ENVIRONMENT | points.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _check(house: Parts, provider: Provider, wanted: int, report: Report) -> None:
    states = dict(house.rows(LETTERS))
    report.figures |= {f"letters {state}": count for state, count in states.items()}
    report.problems += [*outward.duplicates(provider), *outward.disorder(provider)]
    discarded = int(str(report.figures["discarded"]))
    expected = {"discarded": discarded, "resolved": wanted - discarded}
    if states != expected:
        report.problems.append(f"letters are {states}, not {expected}")
    if len(provider.ledger) != wanted - discarded:
        report.problems.append(f"phones received {len(provider.ledger)}")
    for each in provider.ledger:
        if kind_of(each.text) == DISCARDED:
            report.problems.append(f"{each.text} was given up and sent")
    if unaudited := house.one(UNAUDITED):
        report.problems.append(f"{unaudited} letters were decided on without a trace")
    if house.one(CHAIN):
        report.problems.append("the audit trail has entries beyond its head")
