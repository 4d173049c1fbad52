"""A load generator that costs little: bodies signed in advance, epoll, keep-alive, nothing parsed.

    python -m tests.benchmarks.load --port 8001 --seconds 10 [--rate 1000] [--most 5000]

Prints `ready`, waits for a line on stdin, posts, and prints its figures as JSON. Without a rate
every connection posts again as soon as it is answered; with one, latency counts from the moment
a webhook was due, so a stall is not hidden by posting less.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from messaging.simulator import demo
from tests.benchmarks import mix
from tests.messaging import bodies

CUSTOMERS = 500
CONNECTIONS = 64
ANSWER_SECONDS = 10.0
OK = b"HTTP/1.1 200"
END = b"\r\n\r\n"


def requests(path: str, count: int, prefix: str) -> list[bytes]:
    """Whole requests, each of one new message of one of 500 customers."""
    return [_request(path, number, prefix) for number in range(count)]


def _request(path: str, number: int, prefix: str) -> bytes:
    text = bodies.text(
        f"wamid.{prefix}.{number}",
        sender=f"3519{number % CUSTOMERS:08}",
        at=int(time.time()),
        body=f"Hello, do you still have bread? ({number})",
    )
    content = bodies.body([text], number_id=demo.CHANNELS[0].phone_number_id)
    headers = {
        "Host": "127.0.0.1",
        "Content-Length": str(len(content)),
        **bodies.signed(content, demo.APP_SECRET),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content


@dataclass(slots=True)
class Posted:
    """What came of it; latencies in seconds."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def figures(self) -> dict[str, Any]:
        """For JSON."""
        ordered = sorted(self.latencies) or [0.0]
        return {
            "answered": len(self.latencies),
            "refused": self.refused,
            "seconds": self.seconds,
            "per_second": len(self.latencies) / self.seconds,
            "p50_ms": 1000 * ordered[len(ordered) // 2],
            "p99_ms": 1000 * ordered[int(len(ordered) * 0.99)],
            "generator_cpu": self.cpu_seconds / self.seconds,
        }


class Generator:
    """Keep-alive connections in one epoll loop."""

    def __init__(self, port: int, connections: int) -> None:
        self._streams: dict[int, socket.socket] = {}
        self._poll = select.epoll()
        self._since: dict[int, float] = {}
        self._idle: deque[int] = deque()
        for _ in range(connections):
            stream = socket.create_connection(("127.0.0.1", port))
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._streams[stream.fileno()] = stream
            self._poll.register(stream.fileno(), select.EPOLLIN)
            self._idle.append(stream.fileno())

    def post(self, todo: Iterator[bytes], *, seconds: float, rate: float | None) -> Posted:
        """Post until time or `todo` is over, then wait for the last answers."""
        posted = Posted()
        started, cpu = time.perf_counter(), time.process_time()
        due = started
        ends = started + seconds
        is_open = True
        while is_open or self._since:
            now = time.perf_counter()
            while is_open and self._idle and (rate is None or due <= now):
                request = next(todo, None)
                if request is None or (now if rate is None else due) >= ends:
                    is_open = False
                    break
                self._send(self._idle.popleft(), request, now if rate is None else due)
                due += 0.0 if rate is None else 1 / rate
            if is_open or self._since:
                self._collect(posted, _patience(is_open and bool(self._idle), due))
        posted.seconds = time.perf_counter() - started
        posted.cpu_seconds = time.process_time() - cpu
        return posted

    def _send(self, descriptor: int, request: bytes, since: float) -> None:
        self._since[descriptor] = since
        self._streams[descriptor].sendall(request)

    def _collect(self, posted: Posted, patience: float) -> None:
        events = self._poll.poll(patience)
        if not events and patience == ANSWER_SECONDS:
            raise TimeoutError("no answer")
        now = time.perf_counter()
        for descriptor, _ in events:
            answer = self._streams[descriptor].recv(65536)
            if not answer:
                raise ConnectionError("the server hung up")
            if END not in answer:
                continue
            since = self._since.pop(descriptor)
            if answer.startswith(OK):
                posted.latencies.append(now - since)
            else:
                posted.refused += 1
            self._idle.append(descriptor)


def _patience(is_waiting_for_time: bool, due: float) -> float:
    """Seconds to wait for an answer before there is something else to do."""
    return max(0.0, due - time.perf_counter()) if is_waiting_for_time else ANSWER_SECONDS


def main() -> None:
    """Build, wait for the word, post, tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default=f"/webhooks/cloud/{demo.SLUG}/")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--most", type=int, required=True, help="webhooks to prepare")
    parser.add_argument("--mix", action="store_true", help="--most counts items of a real mix")
    parser.add_argument("--first-status", type=int, default=0)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    args = parser.parse_args()
    prefix = f"{os.getpid()}.{time.time_ns()}"
    if args.mix:
        mixed = mix.Mix(prefix, first_status=args.first_status).bodies(args.most)
        prepared = [mix.request(args.path, content) for content in mixed]
    else:
        prepared = requests(args.path, args.most, prefix)
    generator = Generator(args.port, args.connections)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    posted = generator.post(iter(prepared), seconds=args.seconds, rate=args.rate)
    sys.stdout.write(json.dumps(posted.figures()) + "\n")


if __name__ == "__main__":
    main()
