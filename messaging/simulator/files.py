"""The platform's files: what phones send with their messages, and what Graph hands out.

A file that nobody gave is one of a few small ones of our own; its id says which, so that a
restart still knows it. Given ones are kept in the data directory.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from messaging.simulator.switches import Unacceptable

FOLDER = Path(__file__).parent / "samples"
URL_SECONDS = 300  # Source: Cloud API reference, "Media › Retrieve media URL"
ID_DIGITS = 16
# Ids of files that the business handed over begin with it; our own samples' do not.
GIVEN = "90"
OWNER = ".number"


@dataclass(frozen=True, slots=True)
class File:
    """One file, as it is told of and as it is handed out."""

    content: bytes
    mime_type: str

    @property
    def sha256(self) -> str:
        """As webhooks write it."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of our own, and what its message says of it."""

    name: str
    mime_type: str
    fields: dict[str, Any]


# The order is part of the ids: new ones come last.
SAMPLES = {
    "image": Sample("image.jpg", "image/jpeg", {}),
    "video": Sample("video.mp4", "video/mp4", {}),
    "audio": Sample("audio.m4a", "audio/mp4", {"voice": False}),
    "voice": Sample("voice.ogg", "audio/ogg; codecs=opus", {"voice": True}),
    "document": Sample("document.pdf", "application/pdf", {"filename": "Encomenda 1042.pdf"}),
    "sticker": Sample("sticker.webp", "image/webp", {"animated": False}),
}
KINDS = tuple(SAMPLES)


class Files:
    """Every file of one simulator."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "files"
        self._kinds: dict[str, str] = {}  # ids that callers chose

    def describe(self, kind: str, given: dict[str, Any], data: str | None) -> dict[str, Any]:
        """The object of a media message: `given`, and what it leaves out. Raises Unacceptable."""
        sample = SAMPLES[kind]
        media_id = str(given.get("id") or _new_id(kind))
        if data is not None:
            mime_type = str(given.get("mime_type") or "application/octet-stream")
            file = self._keep(media_id, _decoded(data), mime_type)
        else:
            self._kinds[media_id] = kind
            file = _sample(kind)
        told = {"mime_type": file.mime_type, "sha256": file.sha256, "id": media_id}
        return sample.fields | told | given

    def take(self, content: bytes, mime_type: str, *, number: str) -> str:
        """Keep a file that the business handed over for one of its numbers; its id."""
        media_id = f"{GIVEN}{secrets.randbelow(10**14):014}"
        self._keep(media_id, content, mime_type)
        (self._folder / f"{media_id}{OWNER}").write_text(number, "utf-8")
        return media_id

    def number_of(self, media_id: str) -> str:
        """The number that a file was handed over for; "" for what phones sent."""
        path = self._folder / f"{media_id}{OWNER}"
        return path.read_text("utf-8") if media_id.isalnum() and path.is_file() else ""

    def find(self, media_id: str) -> File | None:
        """The file of that id, if there is one."""
        path = self._folder / media_id
        if media_id.isalnum() and path.is_file():
            mime_type, _, content = path.read_bytes().partition(b"\n")
            return File(content, mime_type.decode())
        kind = self._kinds.get(media_id) or _kind_of(media_id)
        return _sample(kind) if kind else None

    def _keep(self, media_id: str, content: bytes, mime_type: str) -> File:
        if not media_id.isalnum():
            raise Unacceptable("The id of a file has letters and digits only.")
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / media_id).write_bytes(mime_type.encode() + b"\n" + content)
        return File(content, mime_type)


def expiry() -> int:
    """When an address that is given out now stops to work, in Unix seconds."""
    return int(time.time()) + URL_SECONDS


def _sample(kind: str) -> File:
    sample = SAMPLES[kind]
    return File((FOLDER / sample.name).read_bytes(), sample.mime_type)


def _new_id(kind: str) -> str:
    digits = ID_DIGITS - 2
    return f"{10 + KINDS.index(kind)}{secrets.randbelow(10**digits):0{digits}}"


def _kind_of(media_id: str) -> str:
    if len(media_id) != ID_DIGITS or not (media_id.isascii() and media_id.isdigit()):
        return ""
    number = int(media_id[:2]) - 10
    return KINDS[number] if 0 <= number < len(KINDS) else ""


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise Unacceptable("“data” is a file in base64.") from None
