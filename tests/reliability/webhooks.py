"""The platform's side of a run: webhooks planned in advance, posted until they are accepted.

What was planned and what was acknowledged goes into a ledger file outside of the system under
test, one JSON object a line, so that a checker can compare it with Postgres afterwards.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import TextIO

import aiohttp

from messaging.simulator import demo
from tests.messaging import bodies

EPOCH = 1_750_000_000
PART = 1_000_000
ATTEMPT_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One message a customer wrote; `at` grows by at least a second with each of the same one.

    With a `photo` (its id at the provider) the text is the photo's caption.
    """

    wamid: str
    customer: str
    text: str
    at: int
    photo: str = ""

    def written(self) -> bodies.Json:
        """As it stands in a body."""
        message = bodies.text(self.wamid, sender=self.customer, at=self.at, body=self.text)
        if self.photo:
            del message["text"]
            photo = {"id": self.photo, "mime_type": "image/jpeg", "caption": self.text}
            message |= {"type": "image", "image": photo}
        return message


@dataclass(frozen=True, slots=True)
class Webhook:
    """One body; several messages in it belong to different customers."""

    number: int
    messages: tuple[Sent, ...]

    def body(self) -> bytes:
        """The bytes to post; the same ones for every attempt."""
        return bodies.body(
            [message.written() for message in self.messages],
            number_id=demo.CHANNELS[0].phone_number_id,
        )


def plan(how_many: int, *, seed: int, part: int = 0) -> list[Webhook]:
    """`how_many` webhooks: most of one message, some of up to five, a tenth of them repeated.

    A repeat holds messages of two earlier webhooks, so that its body is a new one. Plans of
    different parts (0 to 9999) have nothing in common.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    numbers = count(part * PART + 1)
    written: dict[str, int] = {}
    webhooks: list[Webhook] = []
    for number in range(part * PART, part * PART + how_many):
        if webhooks and dice.random() < 0.1:
            earlier = dice.choice(webhooks).messages + dice.choice(webhooks).messages
            webhooks.append(Webhook(number, tuple(dict.fromkeys(earlier))))
            continue
        size = dice.choice((1, 1, 1, 1, 1, 1, 1, 2, 3, 5))
        places = dice.sample(range(max(10, how_many // 3)), size)
        customers = [f"{3519 + part}{place:08}" for place in places]
        webhooks.append(Webhook(number, tuple(_write(customers, written, numbers))))
    return webhooks


def _write(customers: list[str], written: dict[str, int], numbers: Iterator[int]) -> Iterator[Sent]:
    for customer in customers:
        written[customer] = written.get(customer, 0) + 1
        number = next(numbers)
        yield Sent(
            wamid=f"wamid.kill.{number}",
            customer=customer,
            text=f"{customer} says #{written[customer]} ({number})",
            at=EPOCH + 60 * written[customer],
        )


@dataclass(slots=True)
class Tally:
    """How the posting went."""

    acknowledged: int = 0
    refused: int = 0
    failed: int = 0


class Poster:
    """Posts a plan at a steady rate and repeats whatever was not acknowledged."""

    def __init__(
        self,
        url: str,
        *,
        ledger: TextIO,
        seed: int,
        expected: Container[int] = (200, 503),
        keeps_alive: bool = True,
    ) -> None:
        """`expected` are the statuses that are no fault; whatever is not 200 is repeated.

        Unless it `keeps_alive`, another process of the gateway may get the repetition.
        """
        self.tally = Tally()
        self._keeps_alive = keeps_alive
        self._expected = expected
        self._url = url
        self._ledger = ledger
        self._dice = random.Random(seed)  # noqa: S311 - repeatable, not secret

    async def post_all(self, webhooks: list[Webhook], *, rate: float) -> None:
        """Post all, `rate` a second, and return once each has its 200."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)
        connector = aiohttp.TCPConnector(limit=100, force_close=not self._keeps_alive)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            asyncio.TaskGroup() as group,
        ):
            for place, webhook in enumerate(webhooks):
                await asyncio.sleep(started + place / rate - loop.time())
                messages = [asdict(message) for message in webhook.messages]
                self._note({"planned": webhook.number, "messages": messages})
                group.create_task(self._post(session, webhook))

    async def _post(self, session: aiohttp.ClientSession, webhook: Webhook) -> None:
        content = webhook.body()
        headers = bodies.signed(content, demo.APP_SECRET)
        pause = 0.1
        while not await self._try(session, content, headers):
            await asyncio.sleep(pause * self._dice.uniform(0.5, 1.5))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        self._note({"acknowledged": webhook.number})

    async def _try(
        self, session: aiohttp.ClientSession, content: bytes, headers: dict[str, str]
    ) -> bool:
        try:
            async with session.post(self._url, data=content, headers=headers) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            self.tally.failed += 1
            return False
        assert response.status in self._expected, f"answered {response.status}"
        self.tally.acknowledged += response.status == 200
        self.tally.refused += response.status != 200
        return response.status == 200

    def _note(self, line: dict[str, object]) -> None:
        self._ledger.write(json.dumps(line) + "\n")
        self._ledger.flush()


def read_ledger(path: Path) -> tuple[list[Sent], set[str]]:
    """Every message that was planned, and the wamids that were acknowledged."""
    planned: dict[int, list[Sent]] = {}
    acknowledged: set[str] = set()
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "planned" in entry:
            planned[entry["planned"]] = [Sent(**message) for message in entry["messages"]]
        else:
            acknowledged |= {message.wamid for message in planned[entry["acknowledged"]]}
    return list({m.wamid: m for each in planned.values() for m in each}.values()), acknowledged
