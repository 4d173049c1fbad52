"""CRASH-MATRIX, the way in: every failpoint × what can happen to a process there.

Real gateway and worker on real Postgres and Redis. A case arms one failpoint, posts webhooks
until they are acknowledged, and wants the failpoint reached. Nothing may be lost or doubled
(I1, I2), order and numbers hold (I4), and everything ends (I5).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from celery import Celery

from tests.reliability import inbound
from tests.reliability.crash_matrix_cases import Case, figures, wait_and_wake
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Failpoints, Posting
from tests.reliability.proxy import Fault, Proxy, between
from tests.reliability.reports import Report
from tests.reliability.webhooks import EPOCH, PART, Sent, Webhook, plan

DRAIN_TASK = "messaging.tasks.drain_connection"
PAUSE_SECONDS = 1.5
TRIES = 4
WEBHOOKS = 4
PHOTO_KIND = "10"

GATEWAY = (
    "directory.look_up",
    "gateway.called",
    "gateway.verified",
    "ingest.connect",
    "ingest.insert",
    "ingest.committed",
    "ingest.settled",
    "gateway.stored",
    "gateway.answered",
    "nudges.flag",
    "nudges.hint",
)
INTO_SPOOL = ("spool.write", "spool.written", "spool.renamed", "spool.synced")
OUT_OF_SPOOL = ("spool.insert", "spool.remove")
PROCESSING = (
    "inbound.drain",
    "drain.claimed",
    "drain.decoded",
    "apply.channels",
    "apply.known",
    "apply.notices",
    "apply.identities",
    "apply.persons",
    "apply.effects",
    "apply.conversations",
    "apply.matched",
    "apply.locked",
    "apply.messages",
    "apply.media",
    "apply.amendments",
    "apply.statuses",
    "apply.lines",
    "drain.applied",
    "drain.committed",
)
POINTS = (*GATEWAY, *INTO_SPOOL, *OUT_OF_SPOOL, *PROCESSING)
MEDIA = ("media.claimed", "media.resolved", "media.written", "media.renamed", "media.recorded")
ALL = (*POINTS, *MEDIA)
# As if the time of a claim had passed.
END_CLAIMS = """
UPDATE messaging_media SET claimed_until = now() - interval '1 minute', due_at = now()
WHERE state = 'fetching'
"""
WAITING_FILES = "SELECT count(*) FROM messaging_media WHERE state IN ('waiting', 'fetching')"
FILES = "SELECT id, state, file, sha256 FROM messaging_media"


@dataclass(slots=True, kw_only=True)
class Matrix:
    """All that the cases share."""

    house: Parts
    proxy: Proxy  # between the gateway and Postgres
    failpoints: Failpoints
    report: Report
    ledger: Path
    broker: Celery
    connections: list[int]
    parts: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    def run(self, case: Case) -> None:
        """One case; what went wrong is in the report."""
        before = len(self.report.problems)
        try:
            self._break(case)
        except AssertionError as error:
            self.report.problems.append(str(error))
        finally:
            self.failpoints.disarm()
            self.proxy.set(Fault.NONE)
        inbound.wait_until_quiet(self.house)
        named = [f"{case.point} × {case.action}: {p}" for p in self.report.problems[before:]]
        self.report.problems[before:] = named

    def _break(self, case: Case) -> None:
        if case.point in MEDIA:
            self._media(case)
            return
        if case.point in OUT_OF_SPOOL:
            self._out_of_spool(case)
            return
        if case.point == "directory.look_up":
            inbound.kill_children(self.house, "gateway", most=1)  # the next one has to ask
        if case.point == "ingest.connect":
            self.proxy.cut()
        for _ in range(TRIES):
            if case.point in INTO_SPOOL:
                self._warm(case)
                self.proxy.set(Fault.REFUSE)
            self.failpoints.arm(case.point, case.action)
            posting = self._post(case)
            is_reached = self._wait_and_wake(case)
            self.proxy.set(Fault.NONE)
            posting.finish(seconds=30)
            if is_reached:
                return
        raise AssertionError("was never reached")

    def _hint(self) -> None:
        """A worker that was killed left its flag behind; here the sweeper is not to be faster."""
        for connection_id in self.connections:
            self.broker.send_task(DRAIN_TASK, args=[connection_id], queue="inbound")

    def _out_of_spool(self, case: Case) -> None:
        self._warm(case)
        self.proxy.set(Fault.REFUSE)
        self._post(case).finish()
        self.failpoints.arm(case.point, case.action)
        self.proxy.set(Fault.NONE)
        assert self._wait_and_wake(case), "was never reached"
        self.failpoints.disarm()
        folder = self.house.folder / "spool"
        until(lambda: not list(folder.glob("*.deliveries")), "the spool is empty")

    def _media(self, case: Case) -> None:
        """A photo; whoever was to fetch it breaks, somebody else has to."""
        part = next(self.parts)
        photo = Sent(
            wamid=f"wamid.photo.{part}",
            customer=f"35195{part:07}",
            text="look",
            at=EPOCH,
            photo=f"{PHOTO_KIND}{part:014}",
        )
        webhook = Webhook(part * PART, (photo,))
        self.failpoints.arm(case.point, case.action)
        Posting(self.house, [webhook], ledger=self.ledger, rate=1, seed=case.seed).finish()
        assert self._wait_and_wake(case), "was never reached"
        self.failpoints.disarm()
        time.sleep(0.2)
        if case.action != "pause":
            self.house.execute(END_CLAIMS)
        until(lambda: self.house.one(WAITING_FILES) == 0, "the photo is fetched", seconds=40)

    def _warm(self, case: Case) -> None:
        """A gateway that was just killed knows no connection yet, which a spool needs."""
        self.proxy.set(Fault.NONE)
        self._post(case, how_many=1).finish()

    def _post(self, case: Case, *, how_many: int = WEBHOOKS) -> Posting:
        webhooks = plan(how_many, seed=case.seed, part=next(self.parts))
        return Posting(
            self.house,
            webhooks,
            ledger=self.ledger,
            rate=200,
            seed=case.seed,
            expected=(200, 500, 503),
            keeps_alive=False,
        )

    def _wait_and_wake(self, case: Case) -> bool:
        """Whether the failpoint was reached; a process it stopped sleeps for a while."""
        return wait_and_wake(
            self.failpoints,
            case.action,
            pause_seconds=PAUSE_SECONDS,
            meanwhile=self._hint if case.point in PROCESSING else lambda: None,
        )


@contextmanager
def matrix(house: Parts, report: Report) -> Iterator[Matrix]:
    """Gateway (with a spool, through a proxy), worker and a sweeper that nothing breaks."""
    failpoints = Failpoints(house.folder)
    breakable = failpoints.environment | inbound.SOON
    with between(house.database_url) as (proxy, through):
        house.start("sweeper", "simulator")
        house.start("worker", "background", commands=inbound.COMMANDS, environment=breakable)
        spool = {"SPOOL_DIR": str(house.folder / "spool"), "DATABASE_URL": through}
        keeper = inbound.Keeper(house, "gateway", breakable | spool)
        ledger = house.folder / "matrix.jsonl"
        ledger.write_text("")
        try:
            yield Matrix(
                house=house,
                proxy=proxy,
                failpoints=failpoints,
                report=report,
                ledger=ledger,
                broker=Celery(broker=house.services.redis_url),
                connections=[pk for (pk,) in house.rows("SELECT id FROM messaging_connection")],
            )
        finally:
            failpoints.disarm()
            keeper.stop()
            house.stop()


def carry_out(house: Parts, chosen: list[Case], *, seed: int) -> Report:
    """All chosen cases, one after the other, and one reckoning at the end."""
    report = Report(name="CRASH-MATRIX", seed=seed)
    with matrix(house, report) as found:
        with inbound.followed(house, report):
            for case in chosen:
                found.run(case)
        inbound.check(house, found.ledger, report)
        report.problems += _of_files(house)
    report.figures = {**figures(chosen), **report.figures}
    return report


def _of_files(house: Parts) -> Iterator[str]:
    """Every file is whole and in its place."""
    for media, state, name, sha256 in house.rows(FILES):
        path = house.folder / "media" / name
        if state != "stored":
            yield f"file {media} is {state}"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            yield f"file {media} is not what it was"
