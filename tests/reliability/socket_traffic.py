"""Customers who write without end and an agent who answers, while other things go wrong."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from contextlib import suppress
from threading import Event, Thread

from tests.reliability.house import Parts
from tests.reliability.presses import Agent, one

CONVERSATIONS = "SELECT id FROM messaging_conversation ORDER BY id"


class Traffic(Thread):
    """Customers who write and an agent who answers, each answer until the inbox has taken it."""

    def __init__(self, house: Parts, *, seed: int, customers: int, rate: float) -> None:
        super().__init__(name="traffic", daemon=True)
        self.written = self.answered = 0
        self._house = house
        self._customers = customers
        self._pause = 1 / rate
        self._agent = Agent(house.port("web"))
        self._ending = Event()
        self._dice = random.Random(seed)  # noqa: S311 - repeatable, not secret

    def run(self) -> None:
        places = [pk for (pk,) in self._house.rows(CONVERSATIONS)]
        while not self._ending.wait(self._pause):
            self.write(self._dice.randrange(self._customers))
            if self.written % 3 == 0:
                self._answer(self._dice.choice(places))

    def end(self) -> None:
        self._ending.set()
        self.join()

    def write(self, customer: int) -> None:
        """One customer's next message."""
        self.written += 1
        said = {
            "from": f"3519200{customer:05}",
            "name": f"Customer {customer}",
            "type": "text",
            "text": {"body": f"Message {self.written}"},
        }
        request = urllib.request.Request(  # noqa: S310 - our own simulator
            f"{self._house.url('simulator')}/sim/inbound",
            data=json.dumps(said).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request).close()  # noqa: S310

    def _answer(self, conversation: int) -> None:
        """The same answer again, under the same id, until there is one to it."""
        said = {"client_message_id": f"s-{self.written}", "text": f"Answer {self.written}"}
        press = self._agent.browser(f"/conversations/{conversation}/reply/", said)
        while not self._ending.is_set():
            with suppress(OSError):
                if one(self._house.port("web"), press).status in {200, 201}:
                    self.answered += 1
                    return
            time.sleep(0.2)
