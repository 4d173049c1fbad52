"""The way in, as programmes drive it: post in the background, wait until it is quiet, check."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from inbox.processes import process_table
from tests.reliability.checker import problems
from tests.reliability.follower import Follower
from tests.reliability.house import Parts, until
from tests.reliability.reports import Report
from tests.reliability.webhooks import Poster, Tally, Webhook

QUIET_SECONDS = 60.0
PATH = "/webhooks/cloud/demo/"
GATEWAY = (
    "granian --interface asgi --host 127.0.0.1 --port $GATEWAY_PORT --workers 1"
    " --respawn-failed-workers --respawn-interval 0.1 --workers-kill-timeout 5 --no-ws"
    " --log-level critical config.gateway:application"
)
WORKER = (
    "celery --quiet -A config worker -n worker@%h -Q inbound,send --concurrency 3"
    " --without-gossip --without-mingle --without-heartbeat --loglevel warning"
)
BACKGROUND = WORKER.replace("worker@", "background@").replace("inbound,send", "background")
COMMANDS = {"gateway": GATEWAY, "worker": WORKER, "background": BACKGROUND}
# A worker that dies twice within seconds makes granian end, so there are some to choose from.
SEVERAL = {**COMMANDS, "gateway": GATEWAY.replace("--workers 1", "--workers 4")}
SOON = {"PROCESSING_RETRY_DELAYS": "0.2,0.5,1,2,5,10"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Webhooks for each fault, and how often each fault comes."""

    seed: int
    webhooks: int
    rate: float
    rounds: int


class Failpoints:
    """The file that tells processes where to break, and the marks of those that did."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "failpoints"
        self.environment = {"TESTING": "true", "FAILPOINTS": f"@{self.path}"}
        self._armed = ""

    def arm(self, name: str, action: str) -> None:
        """The next process to come by does it, once."""
        self._mark(name).unlink(missing_ok=True)
        draft = self.path.with_suffix(".draft")
        draft.write_text(f"{name}={action}")
        draft.rename(self.path)
        self._armed = name

    def disarm(self) -> None:
        self.path.unlink(missing_ok=True)

    def reached(self) -> int | None:
        """The process that came by, if one did."""
        try:
            return int(self._mark(self._armed).read_text() or 0) or None
        except FileNotFoundError:
            return None

    def _mark(self, name: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{name}")


class Keeper(Thread):
    """Starts a process again when it has died, as a supervisor does."""

    def __init__(
        self,
        house: Parts,
        name: str,
        environment: dict[str, str],
        *,
        commands: Mapping[str, str] = SEVERAL,
    ) -> None:
        super().__init__(name="keeper", daemon=True)
        self.restarts = 0
        self._house = house
        self._name = name
        self._environment = environment
        self._commands = commands
        self._stopping = Event()
        house.start(name, commands=commands, environment=environment)
        self.start()

    def run(self) -> None:
        while not self._stopping.wait(0.05):
            if self._house.running[self._name].poll() is not None:
                self._house.stop(self._name)
                self._restart()
                self.restarts += 1

    def _restart(self) -> None:
        self._house.start(self._name, commands=self._commands, environment=self._environment)

    def stop(self) -> None:
        """Let it die from now on."""
        self._stopping.set()
        self.join()


class Posting(Thread):
    """Posts a plan from a thread, so that its test can break things meanwhile."""

    def __init__(
        self,
        house: Parts,
        webhooks: list[Webhook],
        *,
        ledger: Path,
        rate: float,
        seed: int,
        expected: Container[int] = (200, 503),
        keeps_alive: bool = True,
    ) -> None:
        super().__init__(name="posting", daemon=True)
        self.tally = Tally()
        self._webhooks = webhooks
        self._url = f"{house.url('gateway')}{PATH}"
        self._ledger = ledger
        self._rate = rate
        self._seed = seed
        self._expected = expected
        self._keeps_alive = keeps_alive
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            with self._ledger.open("a") as file:
                poster = Poster(
                    self._url,
                    ledger=file,
                    seed=self._seed,
                    expected=self._expected,
                    keeps_alive=self._keeps_alive,
                )
                self.tally = poster.tally
                asyncio.run(poster.post_all(self._webhooks, rate=self._rate))
        except BaseException as error:  # raised again in `finish`
            self._error = error

    def finish(self, *, seconds: float = 120) -> Tally:
        """Wait until everything has its 200."""
        self.join(seconds)
        assert not self.is_alive(), (
            f"{self.tally} not everything was acknowledged within {seconds:g} s"
        )
        if self._error:
            raise self._error
        return self.tally


def wait_until_quiet(house: Parts) -> float:
    """Wait until nothing is in flight; how long that took, in seconds."""
    started = time.monotonic()
    until(lambda: house.in_flight() == 0, "nothing is in flight", seconds=QUIET_SECONDS)
    return time.monotonic() - started


@contextmanager
def followed(house: Parts, report: Report) -> Iterator[None]:
    """A reader follows the numbers meanwhile; what appeared behind it is a problem."""
    follower = Follower(house.database_url)
    follower.start()
    yield
    shown = follower.stop()
    stored = {pk for (pk,) in house.rows("SELECT id FROM messaging_message")}
    report.problems += [f"message {pk} appeared behind a reader" for pk in stored - shown]


def check(house: Parts, ledger: Path, report: Report) -> None:
    """I1, I2, I4, I5 and the balance, all at once."""
    report.problems += problems(ledger, house.database_url)
    balance = house.balance()
    report.figures["deliveries"] = balance["received"]
    report.figures["items"] = balance["items"]
    if not balance["balanced"] or balance["in_flight"] or balance["dead"]:
        report.problems.append(f"the ledger does not close: {balance}")


def children(house: Parts, name: str) -> list[int]:
    """The processes that a head has started; none while it is itself started again."""
    process = house.running.get(name)
    if process is None:
        return []
    head = process.pid
    return [
        each.pid for each in process_table.matching(lambda e: e.group == head) if each.pid != head
    ]


def kill_children(house: Parts, name: str, *, most: int = 100) -> int:
    """`kill -9` of children, which their head starts again; how many."""
    found = children(house, name)[:most]
    for pid in found:
        process_table.send(pid, signal.SIGKILL)
    return len(found)


def wake(pid: int) -> None:
    """Let a stopped process go on."""
    process_table.send(pid, signal.SIGCONT)


def is_stopped(pid: int) -> bool:
    """Whether the process was stopped by a signal."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False
