"""Webhook → visible: how long until agents' sockets show a message, and the timeline has it.

    python -m tests.benchmarks.live [--seconds 20] [--rate 50] [--agents 100] [--open 20] [--json]

Starts durable servers, gateway, worker and Daphne of its own. Every agent holds a raw WebSocket
with a session cookie and has the list open; some have a conversation open too and pull its
fragment when the socket says so. Latency counts from just before the webhook is posted: to the
list frame that carries the message's row, for every agent and message, and to the end of the
pulled fragment that holds its bubble.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from inbox.processes.state import BASE_DIR
from messaging.simulator import demo
from tests.benchmarks.ingest import machine
from tests.messaging import bodies
from tests.reliability.house import Parts, parts, until

CUSTOMERS = 500
LAST_ONES_SECONDS = 10.0
WARM = 10**9
MARK = re.compile(r"live-(\d+)\b")
FIND = """
SELECT conversation.id FROM messaging_conversation AS conversation
JOIN messaging_contactidentity AS identity ON identity.contact_id = conversation.contact_id
ORDER BY identity.value
"""

WRITTEN = """
SELECT extract(epoch FROM applied_at - received_at)::float8 FROM messaging_inbounditem
WHERE key LIKE 'wamid.live.%%'
"""


@dataclass(slots=True)
class Seen:
    """Seconds from post to sight, by what it was seen in."""

    posted: dict[int, float] = field(default_factory=dict)
    listed: dict[tuple[int, int], float] = field(default_factory=dict)
    pulled: dict[tuple[int, int], float] = field(default_factory=dict)
    wanted_pulls: int = 0
    frames: int = 0
    answers: list[float] = field(default_factory=list)

    def note(self, where: dict[tuple[int, int], float], agent: int, text: str) -> None:
        """Every message that `text` shows, the first time this agent sees it."""
        now = time.perf_counter()
        for found in MARK.findall(text):
            number = int(found)
            if number in self.posted:
                where.setdefault((agent, number), now - self.posted[number])


class Agent:
    """One browser tab, without the browser."""

    def __init__(self, number: int, house: Parts, key: str, seen: Seen) -> None:
        self.number = number
        self.opened: int | None = None
        self._url = house.url("web")
        self._headers = {"Cookie": f"session={key}", "Origin": self._url}
        self._seen = seen
        self._head = 0
        self._pulling = asyncio.Lock()
        self._pulls: set[asyncio.Task[None]] = set()

    async def live(self, http: aiohttp.ClientSession, ready: asyncio.Event) -> None:
        """Listen until cancelled."""
        async with http.ws_connect(f"{self._url}/ws/", headers=self._headers) as socket:
            if self.opened is not None:
                await socket.send_json({"type": "open", "conversation": self.opened})
            async for frame in socket:
                self._hear(http, frame.data, ready)

    def _hear(self, http: aiohttp.ClientSession, text: str, ready: asyncio.Event) -> None:
        self._seen.frames += 1
        if text.startswith('{"type":"list.changed"'):
            self._seen.note(self._seen.listed, self.number, text)
            return
        frame = json.loads(text)
        if frame["type"] == ("hello" if self.opened is None else "conversation.opened"):
            self._head = frame["to"]
            ready.set()
        elif frame["type"] == "conversation.changed":
            task = asyncio.create_task(self._pull(http, frame["to"]))
            self._pulls.add(task)
            task.add_done_callback(self._pulls.discard)

    async def _pull(self, http: aiohttp.ClientSession, to: int) -> None:
        """As the page does: one request at a time, from the last number on."""
        async with self._pulling:
            if to <= self._head:
                return
            url = f"{self._url}/conversations/{self.opened}/messages/?after={self._head}"
            headers = {**self._headers, "HX-Request": "true"}
            async with http.get(url, headers=headers) as response:
                text = await response.text()
                assert response.status == 200, response.status
            self._head = max(self._head, to)
            self._seen.note(self._seen.pulled, self.number, text)


async def watch(house: Parts, keys: list[str], args: argparse.Namespace) -> Seen:
    """Connect everybody, post, and wait for what is on its way."""
    seen = Seen()
    conversations = [pk for (pk,) in house.rows(FIND)]
    agents = [Agent(number, house, key, seen) for number, key in enumerate(keys)]
    for agent, conversation in zip(agents[: args.open], conversations, strict=False):
        agent.opened = conversation
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        ready = [asyncio.Event() for _ in agents]
        tabs = [
            asyncio.create_task(agent.live(http, event))
            for agent, event in zip(agents, ready, strict=True)
        ]
        async with asyncio.timeout(60):
            await asyncio.gather(*(event.wait() for event in ready))
        await _warm_up(http, house, seen, args)
        await _post_all(http, house, seen, args)
        await _wait_for_the_last(seen, args)
        for tab in tabs:
            tab.cancel()
        await asyncio.gather(*tabs, return_exceptions=True)
    return seen


async def _warm_up(
    http: aiohttp.ClientSession, house: Parts, seen: Seen, args: argparse.Namespace
) -> None:
    """One message that everybody sees and nobody counts: sockets, worker and caches are ready."""
    await _post(http, house, seen, WARM, CUSTOMERS - 1)
    async with asyncio.timeout(LAST_ONES_SECONDS):
        while len(seen.listed) < args.agents:
            await asyncio.sleep(0.05)
    for notes in (seen.posted, seen.listed, seen.answers):
        notes.clear()
    seen.frames = 0


async def _post_all(
    http: aiohttp.ClientSession, house: Parts, seen: Seen, args: argparse.Namespace
) -> None:
    """At a steady rate, to one customer after the other; every tenth to one that is open."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(round(args.rate * args.seconds)):
            await asyncio.sleep(started + number / args.rate - loop.time())
            is_open = number % 10 == 0
            place = (number // 10) % args.open if is_open else number % (CUSTOMERS - args.open)
            seen.wanted_pulls += is_open
            customer = place if is_open else args.open + place
            group.create_task(_post(http, house, seen, number, customer))


async def _post(
    http: aiohttp.ClientSession, house: Parts, seen: Seen, number: int, customer: int
) -> None:
    content = _body(customer, f"live-{number}", f"wamid.live.{number}")
    headers = bodies.signed(content, demo.APP_SECRET)
    seen.posted[number] = time.perf_counter()
    url = f"{house.url('gateway')}/webhooks/cloud/{demo.SLUG}/"
    async with http.post(url, data=content, headers=headers) as response:
        await response.read()
        assert response.status == 200, response.status
    seen.answers.append(time.perf_counter() - seen.posted[number])


async def _wait_for_the_last(seen: Seen, args: argparse.Namespace) -> None:
    wanted = len(seen.posted) * args.agents
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_ONES_SECONDS):
            while len(seen.listed) < wanted or len(seen.pulled) < seen.wanted_pulls:
                await asyncio.sleep(0.05)


def _body(customer: int, text: str, wamid: str) -> bytes:
    message = bodies.text(wamid, sender=f"3519{customer:08}", at=int(time.time()), body=text)
    return bodies.body([message], number_id=demo.CHANNELS[0].phone_number_id)


def _begin_conversations(house: Parts) -> None:
    """Every customer has written before, so that a conversation can be open."""

    async def post() -> None:
        async with aiohttp.ClientSession() as http:
            for customer in range(CUSTOMERS):
                content = _body(customer, "Good morning", f"wamid.first.{customer}")
                headers = bodies.signed(content, demo.APP_SECRET)
                url = f"{house.url('gateway')}/webhooks/cloud/{demo.SLUG}/"
                async with http.post(url, data=content, headers=headers) as response:
                    assert response.status == 200

    asyncio.run(post())
    count = "SELECT count(*) FROM messaging_message"
    until(lambda: house.one(count) == CUSTOMERS, "all conversations have begun", seconds=30)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Start everything, measure, and tell."""
    load = os.getloadavg()[0]
    with parts() as house:
        house.start("gateway", "worker", "web")
        _begin_conversations(house)
        keys = json.loads(
            subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.agents", str(args.agents)],
                cwd=BASE_DIR,
                env=house.environment,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        seen = asyncio.run(watch(house, keys, args))
        wanted = len(seen.posted) * args.agents
        return {
            "machine": machine(house),
            "load average before": load,
            "load average after": os.getloadavg()[0],
            "messages": len(seen.posted),
            "rate": args.rate,
            "agents": args.agents,
            "frames": seen.frames,
            "webhook answered": _spread(seen.answers),
            "rows written": _spread(s for (s,) in house.rows(WRITTEN)),
            "row in an agent's list": _spread(seen.listed.values()),
            "rows missing": wanted - len(seen.listed),
            "bubble in an open conversation": _spread(seen.pulled.values()),
            "bubbles missing": seen.wanted_pulls - len(seen.pulled),
        }


def _spread(seconds: Any) -> dict[str, float]:
    ordered = sorted(seconds) or [float("nan")]
    return {
        f"p{share}_ms": round(1000 * ordered[int(len(ordered) * share / 100)], 1)
        for share in (50, 95, 99)
    }


def table(found: dict[str, Any]) -> Iterator[str]:
    """For people."""
    for name, value in found.items():
        if isinstance(value, dict):
            yield f"{name:32}" + "".join(f"  {key[:-3]} {ms:7.1f} ms" for key, ms in value.items())
        else:
            yield f"{name:32}  {value}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second")
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--open", type=int, default=20, help="agents with a conversation open")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = run(args)
    lines = [json.dumps(found, indent=2)] if args.json else table(found)
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
