"""SOCKET-1: whatever happens to sockets and pushes costs a browser a delay and never a message.

Many browsers hold the list and one conversation each while customers write, agents answer and
ticks come. Their connections are cut and go silent, hints get lost, Redis forgets who listens or
has no room for them, the web process is killed, and the last hint of all reaches nobody. Within
one heartbeat after that every screen equals the database.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field

import aiohttp
import redis

from inbox.processes import process_table
from tests.reliability import inbound
from tests.reliability.desk_browser import DeskBrowser, Shown
from tests.reliability.house import Parts, until
from tests.reliability.presses import Agent
from tests.reliability.proxy import Fault, Proxy, between
from tests.reliability.reports import Report
from tests.reliability.socket_traffic import CONVERSATIONS, Traffic

SLACK_SECONDS = 5.0  # for a pull that a heartbeat set off, on a machine with other work
QUIET_SECONDS = 60.0
CONNECT_SECONDS = 90.0
WEB = "python -m tests.reliability.quick_web $PORT {seconds:g}"
ROWS = "SELECT id, changed_seq FROM messaging_conversation WHERE state = 'open'"
MESSAGES = "SELECT id, conversation_id, changed_seq, status FROM messaging_message"
ON_THEIR_WAY = "SELECT count(*) FROM messaging_message WHERE direction = 'out' AND status <> 'read'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`gap` is how long each fault lasts, and how long it is quiet between two of them."""

    seed: int
    browsers: int
    customers: int
    rate: float
    rounds: int
    heartbeat: float
    gap: float


@dataclass(slots=True)
class Desk:
    """Everything that takes part, as faults reach it."""

    house: Parts
    proxy: Proxy
    browsers: list[DeskBrowser] = field(default_factory=list)

    def lose(self, share: float) -> None:
        for browser in self.browsers:
            browser.loses = share

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.house.services.redis_url)


# --- faults ---------------------------------------------------------------------------------------


@contextmanager
def cut(desk: Desk) -> Iterator[None]:
    """All connections at once."""
    desk.proxy.cut()
    yield


@contextmanager
def losing(desk: Desk) -> Iterator[None]:
    """Half of the hints get lost."""
    desk.lose(0.5)
    yield
    desk.lose(0)


@contextmanager
def silent(desk: Desk) -> Iterator[None]:
    """Nothing arrives on either side, and nobody is told."""
    desk.proxy.set(Fault.SILENCE)
    yield
    desk.proxy.set(Fault.NONE)
    desk.proxy.cut()


@contextmanager
def forget_listeners(desk: Desk) -> Iterator[None]:
    """Redis drops every subscription, as it does with groups that have expired."""
    with desk.redis() as client:
        client.client_kill_filter(_type="pubsub")
    yield


@contextmanager
def full(desk: Desk) -> Iterator[None]:
    """Redis has no room for what a listener has not read: it drops frames with the listener."""
    with desk.redis() as client:
        usual = client.config_get("client-output-buffer-limit")["client-output-buffer-limit"]
        client.config_set("client-output-buffer-limit", "pubsub 1 1 1")
        yield
        client.config_set("client-output-buffer-limit", usual)


@contextmanager
def kill_web(desk: Desk) -> Iterator[None]:
    """`kill -9`; whoever keeps it starts it again."""
    process_table.send(desk.house.running["web"].pid, signal.SIGKILL)
    yield


FAULTS: dict[str, Callable[[Desk], AbstractContextManager[None]]] = {
    "cut": cut,
    "half of the hints lost": losing,
    "silence": silent,
    "listeners forgotten": forget_listeners,
    "no room for hints": full,
    "web killed": kill_web,
}


# --- the run --------------------------------------------------------------------------------------


def carry_out(house: Parts, run: Run) -> Report:
    """Every fault in the middle of traffic, then the last hint lost, then the comparison."""
    report = Report(name="SOCKET-1", seed=run.seed)
    commands = {**inbound.COMMANDS, "web": WEB.format(seconds=run.heartbeat)}
    house.start("gateway", "worker", "sweeper", "simulator", commands=commands)
    keeper = inbound.Keeper(house, "web", {}, commands=commands)
    traffic = Traffic(house, seed=run.seed, customers=run.customers, rate=run.rate)
    for customer in range(run.customers):
        traffic.write(customer)
    wait_until_quiet(house, run.customers)
    try:
        with between(house.url("web")) as (proxy, url):
            asyncio.run(_run(Desk(house, proxy), url, run, traffic, report))
    finally:
        keeper.stop()
        house.stop()
    report.figures |= {"from customers": traffic.written, "answers": traffic.answered}
    report.figures["times the web process was started again"] = keeper.restarts
    return report


async def _run(desk: Desk, url: str, run: Run, traffic: Traffic, report: Report) -> None:
    async with _opened(desk, url, run):
        await asyncio.to_thread(traffic.start)
        for fault in list(FAULTS.values()) * run.rounds:
            await _all_connected(desk)
            with fault(desk):
                await asyncio.sleep(run.gap)
            await asyncio.sleep(run.gap)
        await asyncio.to_thread(traffic.end)
        await _all_connected(desk)
        heard = {browser: browser.lost for browser in desk.browsers}
        desk.lose(1)
        await asyncio.to_thread(traffic.write, 0)
        await asyncio.to_thread(wait_until_quiet, desk.house, traffic.written)
        await _all_missed(heard)
        started = time.monotonic()
        desk.lose(0)
        await _compare(desk, run, report)
        report.figures["s until every screen was right"] = round(time.monotonic() - started, 1)
    browsers = desk.browsers
    if min(browser.connections for browser in browsers) <= 2 * run.rounds:
        report.problems.append("some browser was never cut off: the run has shown nothing")
    report.figures |= {
        "browsers": len(browsers),
        "connections": sum(browser.connections for browser in browsers),
        "lost hints": sum(browser.lost for browser in browsers),
        "pulls": sum(browser.pulls for browser in browsers),
    }


async def _all_connected(desk: Desk) -> None:
    """A fault meets everybody, and not only those who are back from the one before."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while away := [b.conversation for b in desk.browsers if not b.is_connected]:
        assert time.monotonic() < deadline, f"{len(away)} browsers are not back"
        await asyncio.sleep(0.05)


async def _all_missed(before: dict[DeskBrowser, int]) -> None:
    """A hint that is still on its way when hints arrive again was not lost."""
    deadline = time.monotonic() + QUIET_SECONDS
    while told := [b.conversation for b, lost in before.items() if b.lost == lost]:
        assert time.monotonic() < deadline, f"no hint was on its way to {len(told)} browsers"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def _opened(desk: Desk, url: str, run: Run) -> AsyncIterator[None]:
    """Browsers with their pages loaded, which live until the end."""
    key = Agent(desk.house.port("web")).session
    places = itertools.cycle(pk for (pk,) in desk.house.rows(CONVERSATIONS))
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for place in itertools.islice(places, run.browsers):
            desk.browsers.append(DeskBrowser(http, url, key, place, run.heartbeat))
        await _load(desk.browsers)
        tasks = [group.create_task(browser.live()) for browser in desk.browsers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _load(browsers: list[DeskBrowser]) -> None:
    """Open one page of each conversation, and show it to all who look at that one."""
    first = {browser.conversation: browser for browser in reversed(browsers)}
    await asyncio.gather(*(browser.load() for browser in first.values()))
    for browser in browsers:
        browser.adopt(first[browser.conversation])


async def _compare(desk: Desk, run: Run, report: Report) -> None:
    """Every screen as the database has it, at the latest one heartbeat after it fell quiet."""
    rows, timelines = stored(desk.house)
    deadline = time.monotonic() + run.heartbeat + SLACK_SECONDS

    def wrong() -> list[DeskBrowser]:
        return [b for b in desk.browsers if b.shown != Shown(rows, timelines[b.conversation])]

    while wrong() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    for browser in wrong():
        report.problems.append(_difference(browser, rows, timelines[browser.conversation]))


def _difference(
    browser: DeskBrowser, rows: dict[int, int], messages: dict[int, tuple[int, str]]
) -> str:
    shown = browser.shown
    list_differs = sorted(dict(shown.rows.items() ^ rows.items()))
    thread_differs = sorted(dict(shown.messages.items() ^ messages.items()))
    return (
        f"conversation {browser.conversation}, {browser.connections} connections: "
        f"rows {list_differs}, messages {thread_differs} differ from the database"
    )


def stored(house: Parts) -> tuple[dict[int, int], dict[int, dict[int, tuple[int, str]]]]:
    """What every screen has to show."""
    timelines: dict[int, dict[int, tuple[int, str]]] = {}
    for (pk,) in house.rows(CONVERSATIONS):
        timelines[pk] = {}
    for pk, conversation, changed, status in house.rows(MESSAGES):
        timelines[conversation][pk] = (changed, status)
    return dict(house.rows(ROWS)), timelines


def wait_until_quiet(house: Parts, written: int) -> None:
    """Everything that customers wrote is stored, and every answer has been read."""

    def is_quiet() -> bool:
        stored = house.one("SELECT count(*) FROM messaging_message WHERE direction = 'in'")
        left = house.one(ON_THEIR_WAY)
        return house.in_flight() == 0 and stored >= written and left == 0

    until(is_quiet, "everything is stored and every answer is read", seconds=QUIET_SECONDS)
