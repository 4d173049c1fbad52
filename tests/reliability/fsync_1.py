"""FSYNC-1: the commit is on disk before the 200 leaves, seen from outside with strace.

The gateway and its Postgres backend are traced together. Requests come one at a time; between
the arrival of each and the bytes of its 200 a sync of the log has to have come back. Of the
spool: its file and its folder are synced. Needs strace and the right to trace.
"""

from __future__ import annotations

import http.client
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from messaging.simulator import demo
from tests.messaging import bodies
from tests.reliability import inbound
from tests.reliability.house import Parts, until
from tests.reliability.reports import Report

CALLS = (
    "fsync,fdatasync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg,rename,renameat,renameat2"
)
# "12345 1700000000.123456 fdatasync(7) = 0 <0.000123>", or in two halves if others came between.
DONE = re.compile(r"^(?P<pid>\d+) +(?P<at>[\d.]+) (?P<what>.*)$")
SYNC = re.compile(r"^(?:<\.\.\. )?f(?:data)?sync(?:\(| resumed).*= 0")
REQUEST = re.compile(r'"POST /webhooks/')
ANSWER = re.compile(r'"HTTP/1\.1 200')
RENAME = re.compile(r"rename.*\.deliveries")
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'inbox gateway'"


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of the trace, in the order of their times."""

    at: float
    pid: int
    kind: str


def is_possible() -> bool:
    """Whether there is a strace that may trace a process of ours."""
    if shutil.which("strace") is None:
        return False
    with subprocess.Popen(["sleep", "30"]) as victim:
        command = ["timeout", "1", "strace", "-qq", "-o", "/dev/null", "-p", str(victim.pid)]
        traced = subprocess.run(command, capture_output=True, check=False)
        victim.kill()
    return b"ermitted" not in traced.stderr


@contextmanager
def traced(pids: list[int], output: Path) -> Iterator[None]:
    """Trace processes and all their threads meanwhile."""
    attach = [word for pid in pids for word in ("-p", str(pid))]
    command = ["strace", "-f", "-ttt", "-s", "80", "-e", f"trace={CALLS}", "-o", str(output)]
    with subprocess.Popen([*command, *attach], stderr=subprocess.PIPE) as tracer:
        assert tracer.stderr
        for _ in pids:
            tracer.stderr.readline()  # "Process … attached"
        time.sleep(0.2)
        try:
            yield
        finally:
            time.sleep(0.2)
            tracer.send_signal(signal.SIGINT)
            tracer.wait(10)


def events(output: Path) -> list[Seen]:
    """What matters of a trace."""
    found = [
        Seen(float(match["at"]), int(match["pid"]), kind)
        for line in output.read_text(errors="replace").splitlines()
        if (match := DONE.match(line)) and (kind := _kind(match["what"]))
    ]
    return sorted(found, key=lambda each: each.at)


def _kind(what: str) -> str:
    patterns = {"sync": SYNC, "request": REQUEST, "answer": ANSWER, "rename": RENAME}
    return next((kind for kind, pattern in patterns.items() if pattern.search(what)), "")


def out_of_order(seen: list[Seen], syncing: set[int] | None, wanted: int) -> list[str]:
    """Requests whose 200 left without `wanted` syncs by one of `syncing` (None: anybody)."""
    problems = []
    number = 0
    syncs: int | None = None
    for event in seen:
        if event.kind == "request":
            number += 1
            syncs = 0
        elif event.kind == "sync" and syncs is not None and (not syncing or event.pid in syncing):
            syncs += 1
        elif event.kind == "answer":
            if syncs is None or syncs < wanted:
                problems.append(f"request {number}: 200 after {syncs} syncs")
            syncs = None
    return problems


def carry_out(house: Parts, *, requests: int, seed: int = 0) -> Report:
    """Trace requests into Postgres, then a tenth as many into the spool."""
    report = Report(name="FSYNC-1", seed=seed)
    spool = house.folder / "spool-traced"
    house.start("gateway", commands=inbound.COMMANDS, environment={"SPOOL_DIR": str(spool)})
    _post(house, 1)
    backends = [pid for (pid,) in until(lambda: house.rows(BACKENDS), "the gateway's backends")]
    gateway = inbound.children(house, "gateway")
    trace = house.folder / "commit.strace"
    with traced([*gateway, *backends], trace):
        _post(house, requests)
    seen = events(trace)
    # The writer of the log may sync in the backend's place, but only when it is asynchronous.
    report.problems += out_of_order(seen, set(backends), 1)
    answers = sum(event.kind == "answer" for event in seen)
    spooled = max(requests // 10, 5)
    house.services.postgres.stop_at_once()
    trace = house.folder / "spool.strace"
    with traced(gateway, trace):
        _post(house, spooled)
    house.services.postgres.launch()
    seen = events(trace)
    report.problems += [f"spool: {each}" for each in out_of_order(seen, None, 2)]
    into_spool = sum(event.kind == "answer" for event in seen)
    if (answers, into_spool) != (requests, spooled):
        report.problems.append(f"{answers} and {into_spool} answers were seen")
    if sum(event.kind == "rename" for event in seen) < spooled:
        report.problems.append("files were not renamed into the spool")
    report.figures = {"commits traced": answers, "spooled ones": into_spool}
    house.stop()
    return report


def _post(house: Parts, how_many: int) -> None:
    """One after the other, each with its 200."""
    for number in range(how_many):
        content = bodies.body([bodies.text(f"wamid.fsync.{time.time_ns()}.{number}")])
        connection = http.client.HTTPConnection("127.0.0.1", house.port("gateway"), timeout=20)
        connection.request("POST", inbound.PATH, content, bodies.signed(content, demo.APP_SECRET))
        assert connection.getresponse().status == 200
        connection.close()
