"""DUP-1: one event, however often, in whatever body, through however many doors: one row.

Every message and status is posted twenty times at once, each time in another body, from several
sender processes to two gateways; and again eight days later, after the bodies of the first time
were pruned, and after their deliveries were deleted. The eight days pass in the database: every
stored time moves back by as much, and Redis forgets; the processes' clocks stay as they are.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from inbox.processes.ports import choose
from inbox.processes.state import BASE_DIR
from messaging.simulator import demo
from tests.messaging import bodies
from tests.reliability import inbound, later
from tests.reliability.house import Parts, until
from tests.reliability.reports import Report

TIMES = 20
SENDERS = 4
STATUSES = ("sent", "delivered", "read")
MESSAGES = """
SELECT provider_id, count(*) FROM messaging_message WHERE provider_id LIKE 'wamid.dup.%'
GROUP BY provider_id
"""
RECEIPTS = """
SELECT provider_id, status, count(*) FROM messaging_receipt WHERE provider_id LIKE 'wamid.dup.%'
GROUP BY provider_id, status
"""
# How often each was applied; all else is a duplicate.
APPLIED = """
SELECT key, kind, count(*) FILTER (WHERE outcome = 'applied'),
  count(*) FILTER (WHERE outcome NOT IN ('applied', 'duplicate'))
FROM messaging_inbounditem WHERE key LIKE 'wamid.dup.%' GROUP BY key, kind
"""
UNREAD = "SELECT sum(inbound_count) FROM messaging_conversation"
DAYS_LATER = 8  # Meta repeats for seven
YOUNGEST = "SELECT extract(day FROM now() - max(received_at)) FROM messaging_inboundevent"
PRUNE = "UPDATE messaging_inboundevent SET body = '', pruned_at = now()"
FORGET = "TRUNCATE messaging_inboundevent CASCADE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How many events; the seed decides how they are batched."""

    seed: int
    events: int


def plan(run: Run) -> list[bytes]:
    """All bodies: every event TIMES times, each time beside other ones."""
    dice = random.Random(run.seed)  # noqa: S311 - repeatable, not secret
    number_id = demo.CHANNELS[0].phone_number_id
    every = [f"wamid.dup.{number}" for number in range(run.events)]
    planned: list[bytes] = []
    for _ in range(TIMES):
        dice.shuffle(every)
        rest = list(every)
        while rest:
            size = dice.choice((1, 1, 2, 3, 7))
            some, rest = rest[:size], rest[size:]
            messages = [bodies.text(name, sender=_sender(name)) for name in some]
            heard = [bodies.status(f"{name}.out", status) for name in some for status in STATUSES]
            planned.append(bodies.body(messages, statuses=heard, number_id=number_id))
    dice.shuffle(planned)
    return planned


def _sender(name: str) -> str:
    return f"35193{int(name.rpartition('.')[2]) % 50:07}"


def carry_out(house: Parts, run: Run) -> Report:
    """Post, post again after pruning, and count."""
    report = Report(name="DUP-1", seed=run.seed)
    port = choose()
    second = inbound.GATEWAY.replace("$GATEWAY_PORT", str(port))
    house.start("gateway", "worker", "sweeper", commands=inbound.COMMANDS)
    house.start("gateway2", commands={"gateway2": second})
    urls = [f"{base}{inbound.PATH}" for base in (house.url("gateway"), f"http://127.0.0.1:{port}")]
    until(lambda: asyncio.run(_is_up(urls[1])), "the second gateway answers")
    planned = plan(run)
    quarter = len(planned) // 4
    some, others = planned[:quarter], planned[quarter : 2 * quarter]
    _post(house, planned, urls)
    inbound.wait_until_quiet(house)
    report.problems += _problems(house, run, "at first")
    later = {f"after {DAYS_LATER} days": (_grow_old, others), "after pruning": (_prune, some)}
    for when, (change, again) in later.items():
        change(house)
        _post(house, again, urls)
        inbound.wait_until_quiet(house)
        report.problems += _problems(house, run, when)
    balance = house.balance()
    if not balance["balanced"] or balance["in_flight"] or balance["dead"]:
        report.problems.append(f"the ledger does not close: {balance}")
    report.figures |= {"events": run.events, "times": TIMES, "bodies": len(planned) + 2 * quarter}
    report.figures |= {"items": balance["items"], "duplicates": balance["duplicate"]}
    house.execute(FORGET)
    _post(house, some[: len(some) // 4], urls)
    inbound.wait_until_quiet(house)
    report.problems += _rows(house, run, "after retention")
    return report


def _grow_old(house: Parts) -> None:
    """Everything that is stored happened days earlier; what was only remembered is forgotten."""
    later.grow_old(house, hours=24 * DAYS_LATER)
    assert house.one(YOUNGEST) >= DAYS_LATER


def _prune(house: Parts) -> None:
    house.execute(PRUNE)


async def _is_up(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 403
    except aiohttp.ClientError:
        return False


def _post(house: Parts, planned: list[bytes], urls: list[str]) -> None:
    """From several processes, whose bodies are mixed."""
    senders = []
    for number in range(SENDERS):
        path = house.folder / f"bodies-{number}.json"
        path.write_text(json.dumps([each.decode() for each in planned[number::SENDERS]]))
        command = [sys.executable, "-m", "tests.reliability.dup_1", str(path), *urls]
        senders.append(subprocess.Popen(command, cwd=BASE_DIR, env=house.environment))
    assert [sender.wait(600) for sender in senders] == [0] * SENDERS


def _problems(house: Parts, run: Run, when: str) -> list[str]:
    found = _rows(house, run, when)
    for key, kind, applied, other in house.rows(APPLIED):
        wanted = len(STATUSES) if kind == "status" else 1
        if applied != wanted or other:
            found.append(f"{when}: {kind} {key} was applied {applied} times, {other} otherwise")
    return found


def _rows(house: Parts, run: Run, when: str) -> list[str]:
    messages = dict(house.rows(MESSAGES))
    found = [f"{when}: {key} is there {n} times" for key, n in messages.items() if n != 1]
    receipts = house.rows(RECEIPTS)
    found += [f"{when}: {key} {name} is there {n} times" for key, name, n in receipts if n != 1]
    told = house.one(UNREAD)
    counts = (len(messages), len(receipts), int(told or 0))
    if counts != (run.events, run.events * len(STATUSES), run.events):
        found.append(f"{when}: {run.events} events made {counts} messages, receipts and unread")
    return found


async def send(path: Path, urls: list[str]) -> None:
    """Post the bodies of a file, many at once, to the addresses in turn, until each has its 200."""
    contents = [text.encode() for text in json.loads(path.read_text())]
    limit = asyncio.Semaphore(50)

    async def post(session: aiohttp.ClientSession, number: int, content: bytes) -> None:
        headers = bodies.signed(content, demo.APP_SECRET)
        async with limit:
            while True:
                async with session.post(
                    urls[number % len(urls)], data=content, headers=headers
                ) as a:
                    if a.status == 200:
                        return
                await asyncio.sleep(0.2)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(post(session, *each) for each in enumerate(contents)))


if __name__ == "__main__":
    asyncio.run(send(Path(sys.argv[1]), sys.argv[2:]))
