"""A process that writes messages whenever it is told to: rows made by the code that makes them.

Each line it reads is an order, as JSON; each is answered with a line once it is carried out, or
`again` where the child that did it has died. What was written already is not written twice, as
with a client that repeats itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from inbox.processes.state import BASE_DIR
from tests.reliability import outward
from tests.reliability.house import Parts

DONE, AGAIN = "done", "again"


class Planter:
    """Keeps such a process."""

    def __init__(self, house: Parts, url: str, environment: Mapping[str, str]) -> None:
        self._url = url
        self._environment = house.environment | outward.ENVIRONMENT | dict(environment)
        self._process = self._start()
        self._orders = ThreadPoolExecutor(1)

    def order(self, **what: object) -> Future[None]:
        """Texts `<number>.<customer>.<n>` for all `numbers`, `customers` and n in `texts`."""
        return self._orders.submit(self._carry_out, json.dumps({"url": self._url, **what}))

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._orders.shutdown()

    def _carry_out(self, order: str) -> None:
        while self._ask(order) == AGAIN:
            pass

    def _ask(self, order: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer, "the planter has died"
        return answer

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.planter"],
            cwd=BASE_DIR,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


def main() -> None:
    """Carry out what stands in each line of the input."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for line in iter(sys.stdin.readline, ""):
        if not (child := os.fork()):
            plant(**json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{AGAIN if status else DONE}\n")
        sys.stdout.flush()


def plant(*, url: str, numbers: list[int], customers: list[int], texts: list[int]) -> None:
    """Write what is missing."""
    from messaging.models import Channel, Organization
    from tests.reliability import planting

    organization = Organization.objects.order_by("pk").first()
    for number in numbers:
        channel = Channel.objects.filter(external_id=f"7000{number:04}").first()
        channel = channel or planting._channel(organization, number, url)
        for customer in customers:
            conversation = planting._conversation(channel, number, customer)
            if not _is_there(conversation, f"{number}.{customer}.{texts[0]}"):
                planting._write(conversation, number, customer, texts)


def _is_there(conversation: Any, text: str) -> bool:
    """They are written in one transaction, so the first stands for all."""
    from messaging.models import Message

    return Message.objects.filter(conversation=conversation, text=text).exists()


if __name__ == "__main__":
    main()
