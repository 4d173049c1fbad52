"""LIMIT-1: many processes, one limit; Redis is emptied and killed under them.

One organisation floods its number, the others answer their customers. The provider of this
programme counts as the real one does: 80 a second for each number, one in six seconds for each
pair with a burst of 45. It keeps every arrival, whatever becomes of it.
"""

from __future__ import annotations

import bisect
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from inbox.processes import ports
from inbox.processes.state import BASE_DIR
from tests.reliability.house import Parts, until
from tests.reliability.provider import ACCEPT, Provider, Received
from tests.reliability.redis_1 import flush
from tests.reliability.reports import Report

LIMIT = 80
TOLERANCE = 1.05
LEAST_USED = 0.9
MOST_THROTTLED = 0.001
FEW = 5  # in a run so short that a thousandth is less than one
MOST_DELAY_SECONDS = 2.0
PAIR_SECONDS, PAIR_BURST = 6.0, 45
# After a fault the limiter is careful for so long.
CAREFUL_SECONDS = 2.5
ABSENT_SECONDS = 2.0
# From here on it says something how much was used; a short run shares its machine with others.
LONG_SECONDS = 120
DISPATCHER = f"{sys.executable} -m tests.reliability.dispatcher"
FLOODED = "80000000"
READY = """
SELECT message.text, extract(epoch FROM entry.ready_at)::float8
FROM outbound_outboxentry AS entry
JOIN messaging_message AS message ON message.id = entry.message_id
JOIN messaging_channel AS channel ON channel.id = entry.channel_id
WHERE channel.external_id LIKE '8000%%'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How long, with how many organisations and processes, and how often something happens."""

    seed: int
    seconds: float
    organizations: int
    processes: int
    customers: int
    rate: float
    flush_every: float
    kill_every: float

    @property
    def quota(self) -> int:
        """What the last organisation may send: half of what it wants to."""
        return round(self.rate * self.seconds / 2)


class Counting:
    """What the provider allows, judged by when requests arrive."""

    def __init__(self) -> None:
        self.throttled: Counter[int] = Counter()
        self._accepted: dict[str, list[float]] = defaultdict(list)
        self._pairs: dict[tuple[str, str], float] = {}

    def __call__(self, number: str, text: str) -> int:
        if not text:
            return ACCEPT
        code = self._judge(number, text.split(".")[1], time.monotonic())
        self.throttled[code] += code != ACCEPT
        return code

    def _judge(self, number: str, customer: str, now: float) -> int:
        taken = self._accepted[number]
        if len(taken) - bisect.bisect_right(taken, now - 1) >= LIMIT:
            return 130429
        until_at = max(self._pairs.get((number, customer), now), now)
        if until_at - now > PAIR_SECONDS * (PAIR_BURST - 1):
            return 131056
        self._pairs[number, customer] = until_at + PAIR_SECONDS
        taken.append(now)
        return ACCEPT


def carry_out(house: Parts, run: Run) -> Report:
    """Feed, send, and let things happen to Redis, for the time of the run."""
    report = Report(name="LIMIT-1", seed=run.seed)
    counting = Counting()
    provider = Provider(port=ports.choose(), behave=counting)
    names = [f"dispatcher-{number}" for number in range(run.processes)]
    feed = None
    try:
        feed = _start_feed(house, run, provider)
        house.start(*names, commands=dict.fromkeys(names, DISPATCHER))
        until(lambda: len(provider.asked) > LIMIT, "messages leave", seconds=60)
        begun = time.time()
        faults = _make_faults(house, run)
        ended = time.time()
    finally:
        house.stop(*(name for name in names if name in house.running))
        if feed is not None:
            feed.kill()
            feed.wait()
        provider.stop()
    _check(report, provider.asked, counting)
    _check_delays(house, report, provider.asked, begun)
    _check_quota(run, report, provider.asked)
    _check_use(run, report, provider.asked, (begun, ended), faults)
    return report


def _start_feed(house: Parts, run: Run, provider: Provider) -> subprocess.Popen[str]:
    what = {
        "url": provider.url,
        "organizations": run.organizations,
        "flood": 1000,
        "customers": run.customers,
        "rate": run.rate,
        "seconds": run.seconds + 120,
        "quota": run.quota,
    }
    feed = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.limit_feed", json.dumps(what)],
        cwd=BASE_DIR,
        env=house.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert feed.stdout is not None
    assert feed.stdout.readline() == "feeding\n"
    return feed


def _make_faults(house: Parts, run: Run) -> list[float]:
    """Empty Redis and kill it, again and again; when it was done."""
    end = time.time() + run.seconds
    next_flush, next_kill = time.time() + run.flush_every, time.time() + run.kill_every
    faults: list[float] = []
    while (now := time.time()) < end:
        if now >= next_kill:
            house.services.redis.kill()
            faults.append(time.time())
            time.sleep(ABSENT_SECONDS)
            house.services.redis.launch()
            faults.append(time.time())
            next_kill = time.time() + run.kill_every
        elif now >= next_flush:
            flush(house)
            faults.append(time.time())
            next_flush = time.time() + run.flush_every
        time.sleep(0.05)
    return faults


def _check(report: Report, arrived: list[Received], counting: Counting) -> None:
    by_number: dict[str, list[float]] = defaultdict(list)
    for each in arrived:
        by_number[each.number].append(each.at)
    fullest = {number: most_in_a_second(times) for number, times in by_number.items()}
    report.figures |= {
        "arrivals": len(arrived),
        "in the fullest second": max(fullest.values()),
        "130429": counting.throttled[130429],
        "131056": counting.throttled[131056],
    }
    report.problems += [
        f"{number} got {count} in one second" for number, count in fullest.items()
        if count > LIMIT * TOLERANCE
    ]  # fmt: skip
    for code in (130429, 131056):
        if counting.throttled[code] > max(FEW, MOST_THROTTLED * len(arrived)):
            report.problems.append(f"{counting.throttled[code]} of {len(arrived)} were {code}")


def _check_delays(house: Parts, report: Report, arrived: list[Received], since: float) -> None:
    """Of organisations that do not flood, until a message arrived first."""
    first = {each.text: each.at for each in reversed(arrived) if each.number != FLOODED}
    ready = dict(house.rows(READY))
    delays = sorted(at - ready[text] for text, at in first.items() if ready[text] >= since)
    late = delays[int(0.95 * len(delays))]
    report.figures["s until 95 % of the others' have left"] = round(late, 2)
    if late > MOST_DELAY_SECONDS:
        report.problems.append(f"others waited {late:.1f} s")


def _check_quota(run: Run, report: Report, arrived: list[Received]) -> None:
    number = f"8000{run.organizations - 1:04}"
    sent = len({each.text for each in arrived if each.number == number})
    report.figures["of the quota sent"] = f"{sent}/{run.quota}"
    if sent > run.quota:
        report.problems.append(f"{sent} sent, the quota is {run.quota}")


def _check_use(
    run: Run,
    report: Report,
    arrived: list[Received],
    span: tuple[float, float],
    faults: Iterable[float],
) -> None:
    """How much of its number's limit the flood used."""
    times = [each.at for each in arrived if each.number == FLOODED and span[0] <= each.at < span[1]]
    used = len(times) / (LIMIT * (span[1] - span[0]))
    calm, calm_seconds = _calm(times, span, sorted(faults))
    used_calmly = calm / (LIMIT * calm_seconds) if calm_seconds else 1.0
    report.figures |= {"of the limit used": f"{used:.1%}", "away from faults": f"{used_calmly:.1%}"}
    if run.seconds >= LONG_SECONDS and min(used, used_calmly) < LEAST_USED:
        report.problems.append(f"only {used:.1%} of the limit used")


def _calm(times: list[float], span: tuple[float, float], faults: list[float]) -> tuple[int, float]:
    """Arrivals, and seconds, that are not within CAREFUL_SECONDS after a fault."""
    count, seconds, at = 0, 0.0, span[0]
    for fault in [*faults, span[1]]:
        if fault > at:
            count += sum(at <= each < fault for each in times)
            seconds += fault - at
        at = max(at, fault + CAREFUL_SECONDS)
    return count, seconds


def most_in_a_second(times: Iterable[float]) -> int:
    """The fullest sliding second."""
    ordered, first, most = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most
