"""A provider whose files come late, broken, cut short or not at all, each in its own way."""

from __future__ import annotations

import base64
import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from tests.messaging import samples
from tests.messaging.origin import Behaviour, Origin, cut, endless, reset, status, trickle

PIECES = 3
PAUSE_SECONDS = 0.04
SLOW_PAUSE_SECONDS = 0.4
CHUNK = b"x" * 65_536
STICKER_CHUNKS = 66  # a little more than a sticker may have


class Fault(StrEnum):
    """What is wrong with a file; "at first" means with the first try alone."""

    NONE = "none"
    SLOW = "slow"
    EXPIRED = "address expired at first"
    RESET = "reset at first"
    BUSY = "error 503 at first"
    SHORT = "half of it at first"
    GONE = "gone"
    BROKEN_OFF = "always broken off"
    OTHER_BYTES = "other bytes"
    DISGUISE = "a web page in disguise"
    EMPTY = "empty"
    TOO_LARGE = "announced as too large"
    TOO_LONG = "longer than allowed"


# How a file ends with which nothing but this is wrong; all others are stored.
CODES = {
    Fault.GONE: "not_found",
    Fault.BROKEN_OFF: "interrupted",
    Fault.OTHER_BYTES: "wrong_checksum",
    Fault.DISGUISE: "wrong_type",
    Fault.EMPTY: "empty",
    Fault.TOO_LARGE: "too_large",
    Fault.TOO_LONG: "too_large",
}
# What a person may read of one that would have come in the end, had the tries sufficed.
PASSING = {
    Fault.EXPIRED: "not_found",
    Fault.RESET: "interrupted",
    Fault.BUSY: "provider_error",
    Fault.SHORT: "interrupted",
}
# What is said beforehand, where it is not the size of the whole file.
SIZES = {Fault.TOO_LARGE: 17 * 1024 * 1024, Fault.DISGUISE: len(samples.HTML)}
WEIGHTS = {Fault.NONE: 40, Fault.SLOW: 4, Fault.TOO_LONG: 1}
USUAL_WEIGHT = 5


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of a customer, as it should arrive, and what is wrong with it."""

    media_id: str
    fault: Fault
    content: bytes

    @property
    def kind(self) -> str:
        return "sticker" if self.fault is Fault.TOO_LONG else "image"

    @property
    def sha256(self) -> str:
        """Of the whole file, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    def announced(self) -> dict[str, str]:
        """As it stands in a webhook; without a checksum where that would say it all."""
        said = {"id": self.media_id, "mime_type": "image/jpeg"}
        if self.fault not in (Fault.SHORT, Fault.DISGUISE):
            digest = hashlib.sha256(self.content).digest()
            said["sha256"] = base64.b64encode(digest).decode()
        return said


def plan(how_many: int, *, seed: int, prefix: str, size_bytes: int) -> list[PlannedFile]:
    """Files of up to `size_bytes`; every fault comes at least once where there is room."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return [
        PlannedFile(f"{prefix}{number:06}", fault, _content(dice, size_bytes))
        for number, fault in enumerate(_faults(how_many, dice))
    ]


def _faults(how_many: int, dice: random.Random) -> list[Fault]:
    every = list(Fault)
    weights = [WEIGHTS.get(fault, USUAL_WEIGHT) for fault in every]
    found = (every + dice.choices(every, weights, k=how_many))[:how_many]
    dice.shuffle(found)
    return found


def _content(dice: random.Random, size_bytes: int) -> bytes:
    """A picture, followed by bytes that make it one of its kind."""
    return samples.picture() + dice.randbytes(dice.randrange(size_bytes // 2, size_bytes))


class SpoiltFiles(Origin):
    """Answers as the plan says."""

    def __init__(self) -> None:
        super().__init__()
        self.planned: dict[str, PlannedFile] = {}
        self.tries: Counter[str] = Counter()

    def add(self, files: list[PlannedFile]) -> None:
        self.planned |= {file.media_id: file for file in files}

    def mend(self, files: list[PlannedFile]) -> list[PlannedFile]:
        """From now on nothing is wrong with these; as they are now."""
        whole = [PlannedFile(file.media_id, Fault.NONE, file.content) for file in files]
        self.add(whole)
        return whole

    async def answer(self, request: web.Request) -> web.StreamResponse:
        file = self.planned[request.path.rpartition("/")[2]]
        if not request.path.startswith("/files/"):
            return web.json_response(self._located(file))
        self.tries[file.media_id] += 1
        is_first = self.tries[file.media_id] == 1
        return await _behaviour(file, is_first=is_first)(request)

    def _located(self, file: PlannedFile) -> dict[str, object]:
        """What Graph says of it."""
        size = SIZES.get(file.fault, len(file.content))
        return {
            "url": f"{self.base_url}/files/{file.media_id}",
            "mime_type": "image/jpeg",
            "file_size": size,
            "id": file.media_id,
        }


def _behaviour(file: PlannedFile, *, is_first: bool) -> Behaviour:
    content = file.content
    at_first: dict[Fault, Behaviour] = {
        Fault.EXPIRED: status(404),
        Fault.RESET: reset(content),
        Fault.BUSY: status(503),
        Fault.SHORT: _whole(content[: len(content) // 2]),
    }
    always: dict[Fault, Behaviour] = {
        Fault.SLOW: trickle(content, pieces=PIECES, pause_seconds=SLOW_PAUSE_SECONDS),
        Fault.GONE: status(404),
        Fault.BROKEN_OFF: cut(content),
        Fault.OTHER_BYTES: _whole(content[:-1] + bytes([content[-1] ^ 1])),
        Fault.DISGUISE: _whole(samples.HTML),
        Fault.EMPTY: _whole(b""),
        Fault.TOO_LONG: endless(CHUNK, STICKER_CHUNKS),
    }
    chosen = (at_first | always) if is_first else always
    return chosen.get(file.fault) or _whole(content)


def _whole(content: bytes) -> Behaviour:
    return trickle(content, pieces=PIECES, pause_seconds=PAUSE_SECONDS)


def batches(files: list[PlannedFile], *, size: int) -> Iterator[list[PlannedFile]]:
    for start in range(0, len(files), size):
        yield files[start : start + size]
