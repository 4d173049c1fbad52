"""REDIS-1 (the way out): whatever happens to Redis, what is being sent leaves once and in order.

The limiter's buckets, the hints and what breakers tell each other live there; all of it may go.
"""

from __future__ import annotations

from functools import partial

from tests.reliability import redis_1, sent_through
from tests.reliability.house import Parts
from tests.reliability.reports import Report
from tests.reliability.sent_through import Sending


def carry_out(house: Parts, run: sent_through.Run, faults: redis_1.Run) -> Report:
    """The faults of the way in, under messages that leave."""
    report = Report(name="REDIS-1, sending", seed=run.seed)
    chosen = [(name, partial(each, house)) for name, each in redis_1.faults(faults).items()]

    def after(name: str) -> None:
        if not house.services.redis.answers():
            house.services.redis.launch()
        redis_1.wait_for_worker(house, name)

    with redis_1.sleeping_allowed(house):
        sending = Sending(house, run, {})
        try:
            sent_through.carry_out(sending, run, chosen * run.rounds, report, after=after)
        finally:
            report.figures["started again"] = sending.stop()
        sent_through.check(house, sending, report, may_doubt=False)
    return report
