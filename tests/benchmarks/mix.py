"""Webhooks as a busy number sees them: 60 % statuses, 25 % texts, 10 % files, 5 % anything else.

Bodies hold 1 to 50 items, most of them few. Statuses speak of messages that `stock.fill` put
there beforehand; each pair of message and status comes once.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

from messaging.simulator import demo
from tests.messaging import bodies

CUSTOMERS = 5_000
STATUSES = ("sent", "delivered", "read")
# (share, fewest, most) items of a body.
SIZES = ((0.5, 1, 1), (0.3, 2, 6), (0.15, 7, 20), (0.05, 21, 50))
FILES = ("image", "image", "audio", "document", "video")
WORDS = ("hello", "bread", "tomorrow", "order", "loaf", "please", "when", "open", "thanks", "cake")

Json = dict[str, Any]  # Any: JSON of a stranger's making


def customer(number: int) -> str:
    """The phone of one customer; the same in the load and in the stock."""
    return f"3519{number % CUSTOMERS:08}"


class Mix:
    """A repeatable stream of bodies; `count` says how many items it has given so far."""

    def __init__(self, prefix: str, *, seed: int = 1, first_status: int = 0) -> None:
        self.count = 0
        self.statuses = first_status
        self._prefix = prefix
        self._dice = random.Random(seed)  # noqa: S311 - repeatable, not secret

    def bodies(self, most_items: int) -> Iterator[bytes]:
        """Bodies with `most_items` items together."""
        left = most_items
        while left > 0:
            size = min(self._size(), left)
            left -= size
            yield self._body(size)

    def _size(self) -> int:
        point = self._dice.random()
        for share, fewest, most in SIZES:
            if point < share:
                return self._dice.randint(fewest, most)
            point -= share
        return 1

    def _body(self, size: int) -> bytes:
        messages: list[Json] = []
        statuses: list[Json] = []
        for _ in range(size):
            self.count += 1
            if self._dice.random() < 0.6:
                statuses.append(self._status())
            else:
                messages.append(self._message())
        number_id = demo.CHANNELS[0].phone_number_id
        return bodies.body(messages, statuses=statuses, number_id=number_id)

    def _status(self) -> Json:
        number, step = divmod(self.statuses, len(STATUSES))
        self.statuses += 1
        wamid = f"wamid.stock.{2 * number + 1}"  # every other one is ours
        return bodies.status(wamid, STATUSES[step], at=int(time.time()))

    def _message(self) -> Json:
        text = bodies.text(
            f"wamid.{self._prefix}.{self.count}",
            sender=customer(self._dice.randrange(CUSTOMERS)),
            at=int(time.time()),
            body=" ".join(self._dice.choices(WORDS, k=8)),
        )
        point = self._dice.random()
        if point < 0.625:
            return text
        del text["text"]
        return text | (self._file() if point < 0.875 else self._other())

    def _file(self) -> Json:
        kind = self._dice.choice(FILES)
        body = {"id": str(self.count), "mime_type": f"{kind}/x", "sha256": "a" * 44}
        return {"type": kind, kind: body | ({"filename": "a.pdf"} if kind == "document" else {})}

    def _other(self) -> Json:
        target = f"wamid.{self._prefix}.{max(self.count - 40, 1)}"
        edit = {"message": {"type": "text", "text": {"body": "As I meant it"}}}
        return self._dice.choice(
            [
                {"type": "reaction", "reaction": {"message_id": target, "emoji": "👍"}},
                {"type": "edit", "edit": edit | {"original_message_id": target}},
                {"type": "location", "location": {"latitude": 38.7, "longitude": -9.1}},
                {"type": "button", "button": {"text": "Yes", "payload": "yes"}},
            ]
        )


def request(path: str, content: bytes) -> bytes:
    """A whole signed request."""
    headers = {
        "Host": "127.0.0.1",
        "Content-Length": str(len(content)),
        **bodies.signed(content, demo.APP_SECRET),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content


def item_count(content: bytes) -> int:
    """How many items a body made by `Mix` holds."""
    value = json.loads(content)["entry"][0]["changes"][0]["value"]
    return len(value.get("messages", ())) + len(value.get("statuses", ()))
