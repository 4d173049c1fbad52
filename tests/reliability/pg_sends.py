"""PG-1 (the way out): whatever happens to Postgres, what is being sent leaves once and in order.

Worker and sweeper reach Postgres through a proxy that can lose the reply to a commit: of a claim,
of the fence before a request, of what came of it. A message whose fence was lost so may be asked
about, since nobody can know that it has not left; it has not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.reliability import pg_1, pg_stumbles, sent_through
from tests.reliability.house import Parts
from tests.reliability.pg_1 import Target
from tests.reliability.proxy import between
from tests.reliability.reports import Report
from tests.reliability.sent_through import Sending

SENDERS = """
SELECT pid FROM pg_stat_activity
WHERE application_name = 'inbox' AND pid <> pg_backend_pid() AND query LIKE '%outbound_%'
"""
# Rows that a send writes: its claim, its fence, and what came of it.
TABLES = ("outbound_lane", "outbound_sendattempt", "outbound_outboxentry", "messaging_message")
# Two of the worker's children and more, the sweeper, the planter, and ones in passing.
MOST_SESSIONS = 8


def fail_at_random(at: Target) -> None:
    """Serialization failures and deadlocks, in every step of a send."""
    pg_stumbles.stumble(at.house, tables=TABLES, events="INSERT OR UPDATE")


FAULTS: dict[str, Callable[[Target], None]] = {
    "immediate stop": pg_1.stop_at_once,
    "kill -9 of a backend": partial(pg_1.kill_a_backend, backends=SENDERS),
    "sessions ended": pg_1.end_sessions,
    "pause": pg_1.pause,
    "lock storm": partial(pg_1.storm_of_locks, table="outbound_lane"),
    "no connection left": pg_1.use_up_connections,
    "lost replies": pg_1.lose_replies,
    "resets": pg_1.reset,
    "40001 and 40P01": fail_at_random,
}


def carry_out(
    house: Parts, run: sent_through.Run, *, without: frozenset[str] = frozenset()
) -> Report:
    """Each fault under messages that leave."""
    report = Report(name="PG-1, sending", seed=run.seed)
    with between(house.database_url) as (proxy, through):
        at = Target(house, proxy, None)
        chosen = [(name, partial(each, at)) for name, each in FAULTS.items() if name not in without]
        sending = Sending(house, run, {"DATABASE_URL": through})
        try:
            sent_through.carry_out(sending, run, chosen * run.rounds, report)
            if (sessions := house.one(pg_1.BACKENDS)) > MOST_SESSIONS:
                report.problems.append(f"{sessions} sessions are open at the end")
        finally:
            report.figures["started again"] = sending.stop()
        sent_through.check(house, sending, report, may_doubt=True)
        if not proxy.swallowed_bytes:
            report.problems.append("no reply was ever lost")
    return report
