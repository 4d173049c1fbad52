"""CRASH-MATRIX, the way out: every failpoint × what can happen to a process there.

Real senders, sweeper and gateway on real Postgres and Redis; a provider that tells all by
statuses. Each case writes two texts to a customer of its own. Whatever breaks: a phone gets each
text once and in order, and what it got is accepted; what broke before the fence arrives; what
broke behind it without leaving is asked about, and nothing else is.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from celery import Celery

from inbox.processes import ports
from tests.reliability import ambig_1, hasty, inbound, outward
from tests.reliability.crash_matrix_cases import Case, figures, wait_and_wake
from tests.reliability.crash_matrix_outbox_points import (
    AGAIN,
    EVIDENCE,
    KEEPING,
    POLICY,
    REPLAYING,
    SWEEPING,
    may_stay,
)
from tests.reliability.doubtful import Doubtful, Ending, Fate, News
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Failpoints, Keeper
from tests.reliability.planter import Planter
from tests.reliability.proxy import Fault, Proxy, between
from tests.reliability.reports import Report

DISPATCH_TASK = "outbound.tasks.dispatch_due_entries"
PAUSE_SECONDS = hasty.CLAIM_SECONDS + 0.7
REACH_SECONDS = 10.0
SETTLE_SECONDS = 20.0
PATIENCE_SECONDS = 0.6
HINT_SECONDS = 0.1
LATER = 3
# A number of its own for the policy, which looks at all that its number sends.
QUIET_NUMBER = 1
UNKNOWN = Fate(ending=Ending.RESET, news=News.NEVER, is_taken=False)
# As if the time of the claims, and of what was waited for, had passed.
END_CLAIMS = """
UPDATE outbound_lane SET claimed_until = now() - interval '1 second', due_at = now()
WHERE claimed_until IS NOT NULL
"""
END_HOLDS = """
WITH held AS (
  UPDATE outbound_outboxentry SET due_at = now() WHERE state = 'confirming'
  RETURNING conversation_id
)
UPDATE outbound_lane SET due_at = now() WHERE conversation_id IN (SELECT conversation_id FROM held)
"""
STATES = """
SELECT message.text, entry.state FROM outbound_outboxentry AS entry
JOIN messaging_message AS message ON message.id = entry.message_id
WHERE message.text LIKE %s
"""
RETRY = """
UPDATE messaging_deadletter SET state = 'retrying', due_at = now()
WHERE source = 'outbound' AND state = 'failed'
"""
ALLOW = """
INSERT INTO outbound_sendingpolicy (organization_id, resend_classes)
SELECT organization_id, '["service"]' FROM messaging_channel WHERE external_id = '70000000'
ON CONFLICT (organization_id) DO UPDATE SET resend_classes = excluded.resend_classes
"""
FORBID = "UPDATE outbound_sendingpolicy SET resend_classes = '[]'"


@dataclass(slots=True, kw_only=True)
class Matrix:
    """All that the cases share."""

    house: Parts
    proxy: Proxy  # between what sends and Postgres
    failpoints: Failpoints
    report: Report
    provider: Doubtful
    planter: Planter
    broker: Celery
    fates: dict[str, deque[Fate]]
    customers: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))
    hinted_at: float = 0.0

    def run(self, case: Case) -> None:
        """One case; what went wrong is in the report."""
        number = QUIET_NUMBER if case.point in POLICY else 0
        where = f"{number}.{next(self.customers)}"
        found: list[str] = []
        try:
            assert self._break(case, where), "was never reached"
        except AssertionError as error:
            found.append(str(error))
        self.failpoints.disarm()
        self.proxy.set(Fault.NONE)
        try:
            until(lambda: self._is_settled(case, where), "it is settled", seconds=SETTLE_SECONDS)
        except AssertionError as error:
            found.append(str(error))
        self.house.execute(FORBID)
        found += self._problems(case, where)
        self.report.problems += [f"{case.point} × {case.action}: {each}" for each in found]

    def _break(self, case: Case, where: str) -> bool:
        """Bring about that somebody comes by; whether the failpoint was reached."""
        if case.point in (*KEEPING, *REPLAYING):
            return self._without_postgres(case, where)
        if case.point in SWEEPING:
            self._abandon(case, where)
            return self._reaches(case)
        if case.point in AGAIN:
            self.fates[f"{where}.0"].append(Fate(ending=Ending.REFUSED, is_taken=False))
            self._write(where)
            self._until_state(f"{where}.0", "failed")
            self.failpoints.arm(case.point, case.action)
            self.house.execute(RETRY)
            return self._reaches(case)
        if case.point in POLICY:
            return self._by_policy(case, where)
        if case.point in EVIDENCE:
            self.fates[f"{where}.0"].append(Fate(ending=Ending.RESET))
        self.failpoints.arm(case.point, case.action)
        written = self._order(where)
        is_reached = self._reaches(case)
        self.failpoints.disarm()
        written.result(30)
        return is_reached

    def _without_postgres(self, case: Case, where: str) -> bool:
        """An answer comes while Postgres is away, and nothing else tells of it."""
        news = News.AFTER if case.point == "journal.keep" else News.NEVER
        self.fates[f"{where}.0"].append(Fate(ending=Ending.HELD, news=news))
        self.provider.hold()
        self._write(where)
        until(lambda: self._asked(f"{where}.0"), "it is held", seconds=REACH_SECONDS)
        self.proxy.set(Fault.REFUSE)
        first = "journal.kept" if case.point in REPLAYING else case.point
        self.failpoints.arm(first, "kill" if case.point in REPLAYING else case.action)
        self.provider.release()
        if case.point in REPLAYING:
            until(self.failpoints.reached, "it is on disk", seconds=REACH_SECONDS)
            self.failpoints.arm(case.point, case.action)
        if case.point in (*REPLAYING, "journal.forget"):
            time.sleep(0.3)
            self.proxy.set(Fault.NONE)
        return self._reaches(case)

    def _abandon(self, case: Case, where: str) -> None:
        """Somebody dies with a claim, before the fence or behind it."""
        self.failpoints.arm("claims.fence" if case.seed % 2 else "claims.fenced", "kill")
        self._write(where)
        until(self.failpoints.reached, "somebody died", seconds=REACH_SECONDS)
        self.failpoints.arm(case.point, case.action)
        self.house.execute(END_CLAIMS)

    def _by_policy(self, case: Case, where: str) -> bool:
        """Nobody heard of it, later ones were reported, and the organisation wants it again."""
        self.fates[f"{where}.0"].append(UNKNOWN)
        self._write(where)
        later = [f"{QUIET_NUMBER}.{next(self.customers)}" for _ in range(LATER)]
        self._until_state(f"{where}.0", "needs_review", meanwhile=END_HOLDS)
        for each in later:
            self._write(each)
        told = self.provider.told
        until(lambda: {f"{each}.0" for each in later} <= told, "later ones are reported")
        self.failpoints.arm(case.point, case.action)
        self.house.execute(ALLOW)
        return self._reaches(case)

    def _reaches(self, case: Case) -> bool:
        return wait_and_wake(
            self.failpoints,
            case.action,
            pause_seconds=PAUSE_SECONDS,
            meanwhile=self._hint,
            reach_seconds=REACH_SECONDS,
        )

    def _hint(self) -> None:
        """Whoever died may have taken the hint along; the sweeper need not be the faster one."""
        if time.monotonic() > self.hinted_at + HINT_SECONDS:
            self.hinted_at = time.monotonic()
            self.broker.send_task(DISPATCH_TASK, queue="send")

    def _order(self, where: str) -> Future[None]:
        number, customer = map(int, where.split("."))
        return self.planter.order(numbers=[number], customers=[customer], texts=[0, 2])

    def _write(self, where: str) -> None:
        self._order(where).result(30)

    def _asked(self, text: str) -> int:
        return sum(each.text == text for each in self.provider.asked)

    def _until_state(self, text: str, state: str, *, meanwhile: str = "SELECT 1") -> None:
        def is_there() -> bool:
            self._hint()
            self.house.execute(meanwhile)
            return self.house.rows(STATES, text) == [(text, state)]

        until(is_there, f"{text} is {state}", seconds=REACH_SECONDS)

    def _is_settled(self, case: Case, where: str) -> bool:
        """Whether its texts have ended as they should; a claim of a dead process does not last."""
        self._hint()
        states = dict(self.house.rows(STATES, f"{where}.%"))
        received = {each.text for each in self.provider.ledger}
        open_ones = [
            text
            for text, state in states.items()
            if state != "accepted"
            and (state != "needs_review" or text in received or not may_stay(case))
        ]
        if len(states) == 2 and not open_ones:
            return True
        time.sleep(PATIENCE_SECONDS / 4)
        self.house.execute(END_CLAIMS)
        if may_stay(case):
            self.house.execute(END_HOLDS)
        return False

    def _problems(self, case: Case, where: str) -> Iterator[str]:
        states = dict(self.house.rows(STATES, f"{where}.%"))
        got = [each.text for each in self.provider.ledger if each.text.startswith(f"{where}.")]
        # Who has another try has it at the end of the lane.
        most = 2 if case.point in (*AGAIN, *POLICY) else 1
        if len(states) != 2:
            yield f"of two texts there are {len(states)}"
        if len(set(got)) < len(got) or (got != sorted(got) and most == 1):
            yield f"its phone got {got}"
        for text, state in states.items():
            if self._asked(text) > most:
                yield f"{text} was asked for {self._asked(text)} times"
            if text not in got and not may_stay(case):
                yield f"{text} is {state} and on no phone"


@contextmanager
def matrix(house: Parts, report: Report) -> Iterator[Matrix]:
    """Gateway, and a worker and a sweeper that break, behind a proxy."""
    failpoints = Failpoints(house.folder)
    fates: dict[str, deque[Fate]] = defaultdict(deque)
    provider = Doubtful(
        port=ports.choose(),
        gateway=house.url("gateway"),
        groups=tuple,
        fate_of=lambda text: fates[text].popleft() if fates[text] else Fate(),
    )
    with between(house.database_url) as (proxy, through):
        house.execute("DELETE FROM outbound_breaker")
        planter = Planter(house, provider.url, failpoints.environment)
        breakable = ambig_1.ENVIRONMENT | failpoints.environment | inbound.SOON
        house.start("gateway", commands=ambig_1.COMMANDS)
        keepers = [
            Keeper(house, name, breakable | {"DATABASE_URL": through}, commands=ambig_1.COMMANDS)
            for name in ambig_1.SENDERS
        ]
        try:
            yield Matrix(
                house=house,
                proxy=proxy,
                failpoints=failpoints,
                report=report,
                provider=provider,
                planter=planter,
                broker=Celery(broker=house.services.redis_url),
                fates=fates,
            )
        finally:
            failpoints.disarm()
            for keeper in keepers:
                keeper.stop()
            planter.stop()
            house.stop()
            provider.stop()


def carry_out(house: Parts, chosen: Sequence[Case], *, seed: int) -> Report:
    """All chosen cases, one after the other, and one reckoning at the end."""
    report = Report(name="CRASH-MATRIX-OUTBOX", seed=seed)
    with matrix(house, report) as found:
        for case in chosen:
            found.run(case)
        until(lambda: house.one(ambig_1.UNSETTLED_ATTEMPTS) == 0, "no attempt is open", seconds=30)
        states = Counter(state for _, state in house.rows(STATES, "%"))
        report.problems += [*outward.duplicates(found.provider)]
    report.figures = {**figures(chosen), "on phones": len(found.provider.ledger), **states}
    return report
