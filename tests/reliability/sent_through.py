"""Messages that are being sent while something breaks: none twice, none lost, each in its order.

A worker and a sweeper send; for every fault there are phones of its own, half of whose texts are
written before it and half while it lasts. What a phone has is accepted; what none has is asked
about, and only where a commit before a request may have been lost.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import psycopg

from inbox.processes import ports
from tests.reliability import outward
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Keeper
from tests.reliability.planter import Planter
from tests.reliability.provider import Provider
from tests.reliability.reports import Report

# The breakers have a programme of their own.
ENVIRONMENT = {**outward.ENVIRONMENT, "BREAKER_FAILURES": "1000000"}
ANSWER_SECONDS = 0.1  # so that there is always something under way
SETTLE_SECONDS = 60.0
ENDS = """
SELECT message.text, entry.state FROM outbound_outboxentry AS entry
JOIN messaging_message AS message ON message.id = entry.message_id
WHERE message.text LIKE '%.%.%'
"""
WRITTEN = "SELECT count(*), count(*) FILTER (WHERE finished_at IS NULL) FROM outbound_outboxentry"

Fault = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Customers of each of four numbers for each fault, texts to each, and rounds of faults."""

    seed: int
    customers: int
    texts: int
    rounds: int
    numbers: int = 4

    @property
    def texts_of_fault(self) -> int:
        return self.numbers * self.customers * self.texts


class Sending:
    """Senders under way, and a provider that keeps what phones received."""

    def __init__(self, house: Parts, run: Run, environment: Mapping[str, str]) -> None:
        self.provider = Provider(port=ports.choose(), answer_seconds=ANSWER_SECONDS)
        self._house = house
        self._run = run
        self._planter = Planter(house, self.provider.url, {})
        self._keepers = [
            Keeper(house, name, ENVIRONMENT | dict(environment), commands=outward.HASTY)
            for name in outward.PROCESSES
        ]
        self.written = 0

    def through(self, fault: Fault) -> int:
        """Let it happen in the middle of a fault's texts; how many had left by then."""
        run = self._run
        first = self.written // (run.numbers * run.texts)
        phones = {
            "numbers": list(range(run.numbers)),
            "customers": list(range(first, first + run.customers)),
        }
        self.written += run.texts_of_fault
        before = len(self.provider.ledger)
        half = run.texts // 2
        orders = [self._planter.order(**phones, texts=[0, half])]
        until(lambda: len(self.provider.ledger) > before, "sending has begun", seconds=30)
        orders.append(self._planter.order(**phones, texts=[half, run.texts]))
        left = len(self.provider.ledger) - before
        fault()
        for order in orders:
            order.result(120)
        return left

    def wait(self) -> float:
        """Wait until nothing is open; how many seconds that took."""
        started = time.monotonic()
        until(self._is_settled, "every message is settled", seconds=SETTLE_SECONDS)
        return time.monotonic() - started

    def _is_settled(self) -> bool:
        try:
            return self._house.rows(WRITTEN) == [(self.written, 0)]
        except psycopg.Error:
            return False

    def stop(self) -> int:
        """How often senders had to be started again."""
        for keeper in self._keepers:
            keeper.stop()
        self._planter.stop()
        self._house.stop()
        self.provider.stop()
        return sum(keeper.restarts for keeper in self._keepers)


def carry_out(
    sending: Sending,
    run: Run,
    faults: Iterable[tuple[str, Fault]],
    report: Report,
    *,
    after: Callable[[str], None] = lambda _name: None,
) -> None:
    """Each fault in the middle of its own texts; `after` is what has to hold when all have left."""
    for name, fault in faults:
        left = sending.through(fault)
        report.figures[f"s settled after {name}"] = round(sending.wait(), 1)
        if left >= run.texts_of_fault:
            report.problems.append(f"nothing was under way at {name}")
        after(name)


def check(house: Parts, sending: Sending, report: Report, *, may_doubt: bool) -> None:
    """None twice, none lost, each in its order; `may_doubt`: some may be asked about."""
    provider = sending.provider
    ends: dict[str, str] = dict(house.rows(ENDS))
    report.figures |= {"texts": sending.written, **Counter(ends.values())}
    report.problems += [*outward.duplicates(provider), *outward.disorder(provider)]
    report.problems += _wrong_ends(ends, {each.text for each in provider.ledger}, may_doubt)
    if len(ends) != sending.written:
        report.problems.append(f"{sending.written} texts were written, {len(ends)} are there")
    if len(provider.asked) != len(provider.ledger):
        report.problems.append("something was asked for more than once")


def _wrong_ends(ends: Mapping[str, str], received: set[str], may_doubt: bool) -> Iterator[str]:
    unsent = {"needs_review"} if may_doubt else set()
    for text, end in ends.items():
        if end not in ({"accepted"} if text in received else unsent):
            yield f"{text} is {end}, and {'on its phone' if text in received else 'on no phone'}"
    yield from (f"{text} was received and never written" for text in received - ends.keys())
