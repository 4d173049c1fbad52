"""The desk when it is full: lists, search, conversations, leases, and what Chromium paints.

    python -m tests.benchmarks.desk [--conversations 100000] [--messages 5000000] [--times 100]

Fills servers of its own by `manage.py seed_history`, or looks at those of `--database-url`, which
hold such a history already. Pages are asked for over HTTP from one Daphne, one after the other;
the baseline, in the same run and without HTTP, is the list as one would write it first. Webhook →
visible with 100 agents is `tests.benchmarks.live`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg

from inbox.processes.state import BASE_DIR
from tests.benchmarks import desk_browser
from tests.benchmarks.desk_requests import (
    FRAGMENT,
    HEAD,
    NUMBERS,
    OLDER_MESSAGES,
    Browser,
    headers_of,
    next_rows,
    repeated,
    spread,
    views_in,
)
from tests.benchmarks.ingest import machine
from tests.reliability.house import Parts, parts

FREQUENT, RARER = "order", "melokadu"
GAP = 1_000
DEEP_PAGES = 20
LONGEST = "SELECT id FROM messaging_conversation ORDER BY head_seq DESC LIMIT 1"
HEIGHT = "SELECT max(head_seq) FROM messaging_conversation"
SOME = "SELECT id FROM messaging_conversation ORDER BY last_activity_at DESC LIMIT 2000"
RARE = r"SELECT substring(text from 'PA\d+') FROM messaging_message WHERE text ~ 'PA\d' LIMIT 1"
ALICE = "alice@example.com"
ALICES_ID = f"SELECT id FROM messaging_user WHERE email = '{ALICE}'"  # noqa: S608 - our own
SIZE = """
SELECT (SELECT count(*) FROM messaging_conversation), (SELECT count(*) FROM messaging_message)
"""


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Fill, start, measure."""
    load = os.getloadavg()[0]
    with parts() as house:
        if args.database_url:
            house.environment["DATABASE_URL"] = args.database_url
        else:
            _fill(house, args)
        house.start("web", "sweeper")
        [session] = json.loads(_python(house, "-m", "tests.benchmarks.agents", ALICE))
        browser = Browser(house.url("web"), session)
        pages = _pages(house, browser, args.times)
        asked = json.dumps({"paths": pages["paths"], "user": _one(house, ALICES_ID)})
        counted = json.loads(_python(house, "-m", "tests.benchmarks.desk_queries", given=asked))
        return {
            "machine": machine(house),
            "load average before": load,
            "size": _rows(house, SIZE)[0],
            "pages": {
                name: {**times, "queries": counted["queries"].get(name)}
                for name, times in pages["times"].items()
            },
            "naive": counted["naive"],
            "gap sync of 1,000 messages": _gap(house, browser, args.times),
            "lease over HTTP": _leases(house, browser, args.times * 10),
            "browser": desk_browser.measure(house.url("web"), session, _one(house, LONGEST)),
        }


def _pages(house: Parts, browser: Browser, times: int) -> dict[str, Any]:
    """Every list, search and timeline page: its address and its times."""
    dice = random.Random(1)  # noqa: S311 - repeatable, not secret
    some = [pk for (pk,) in _rows(house, SOME)]
    chosen = [dice.choice(some) for _ in range(times + 2)]
    longest = _one(house, LONGEST)
    whole = browser.get("/").text
    paths = {f"list: {view.partition('?')[2]}": view for view in views_in(whole)}
    paths["list: 20 pages down"] = _down(browser, "/?view=all")
    paths["the numbers of all lists"] = NUMBERS
    paths |= {
        "search: a frequent word": f"/search/?q={FREQUENT}",
        "search: a rarer word": f"/search/?q={RARER}",
        "search: a word said once": f"/search/?q={_one(house, RARE)}",
        "search: a name": "/search/?q=Mendon%C3%A7a",
        "search: with operators": f"/search/?q={FREQUENT}+is:open+before:2026-01-01",
        "open the longest, as a fragment": f"/conversations/{longest}/",
        "older pages of the longest": _up(browser, longest),
    }
    found = {name: _asked(browser, path, times) for name, path in paths.items()}
    found["the whole page"] = repeated(times, lambda _: browser.get("/"))
    found["switch to another conversation"] = repeated(
        times, lambda number: browser.get(f"/conversations/{chosen[number]}/", FRAGMENT)
    )
    return {
        "paths": paths | {"switch to another conversation": f"/conversations/{chosen[0]}/"},
        "times": found,
    }


def _asked(browser: Browser, path: str, times: int) -> dict[str, float]:
    return repeated(times, lambda _: browser.get(path, headers_of(path)))


def _down(browser: Browser, path: str) -> str:
    """The address of the rows DEEP_PAGES pages further down."""
    for _ in range(DEEP_PAGES):
        path = next_rows(browser.get(path, FRAGMENT).text) or path
    return path


def _up(browser: Browser, conversation: int) -> str:
    """The address of a page of messages DEEP_PAGES pages further up."""
    text = browser.get(f"/conversations/{conversation}/", FRAGMENT).text
    path = ""
    for _ in range(DEEP_PAGES):
        found = OLDER_MESSAGES.search(text)
        assert found is not None
        path = f"/conversations/{conversation}/messages/?before={found.group(1)}"
        text = browser.get(path, FRAGMENT).text
    return path


def _gap(house: Parts, browser: Browser, times: int) -> dict[str, float]:
    """From a number 1,000 behind to the head, by as many pulls as it takes: one, which brings the
    newest stretch and how many were missed.
    """
    longest = _one(house, LONGEST)
    head = _one(house, HEIGHT)
    took = []
    for _ in range(max(times // 4, 3)):
        seconds, at = 0.0, head - GAP
        while at < head:
            path = f"/conversations/{longest}/messages/?after={at}"
            answer = browser.get(path, FRAGMENT)
            number = HEAD.search(answer.text)
            assert number is not None
            assert int(number.group(1)) > at
            at, seconds = int(number.group(1)), seconds + answer.seconds
        took.append(seconds)
    return spread(took)


def _leases(house: Parts, browser: Browser, times: int) -> dict[str, float]:
    """Lock, heartbeat and unlock, on one conversation after the other."""
    token = browser.post("/api/v1/auth/token/", {"email": ALICE, "password": "demo-inbox"}, "")
    key, took = json.loads(token.text)["token"], []
    places = [pk for (pk,) in _rows(house, SOME)][:times]
    for pk in places:
        locked = browser.post(f"/api/v1/conversations/{pk}/lock/", {}, key)
        lease = {"lease_token": json.loads(locked.text)["lease_token"]}
        renewed = browser.post(f"/api/v1/conversations/{pk}/heartbeat/", lease, key)
        given_back = browser.post(f"/api/v1/conversations/{pk}/unlock/", lease, key)
        took += [locked.seconds, renewed.seconds, given_back.seconds]
    return spread(took)


def _fill(house: Parts, args: argparse.Namespace) -> None:
    house.manage(
        "seed_history",
        f"--conversations={args.conversations}",
        f"--messages={args.messages}",
    )


def _python(house: Parts, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env=house.environment,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _rows(house: Parts, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(house.environment["DATABASE_URL"]) as session:
        return session.execute(sql).fetchall()


def _one(house: Parts, sql: str) -> Any:
    return _rows(house, sql)[0][0]


def table(found: dict[str, Any]) -> Iterator[str]:
    """For people."""
    for name, value in found.items():
        if name in {"pages", "naive"}:
            yield f"\n{name:40}{'p50':>9}{'p95':>9}{'p99':>9}  queries"
            for each, times in value.items():
                yield (
                    f"  {each:38}{times['p50']:9.1f}{times['p95']:9.1f}{times['p99']:9.1f}"
                    f"  {times.get('queries') or ''}"
                )
        elif isinstance(value, dict):
            yield f"{name}: " + json.dumps(value, ensure_ascii=False)
        else:
            yield f"{name}: {value}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=100, help="requests of each kind")
    parser.add_argument("--database-url", default="")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = run(args)
    lines = [json.dumps(found, indent=2)] if args.json else table(found)
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
