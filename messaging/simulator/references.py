"""What a message names that has to exist: files of ours at the platform, and templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from messaging.simulator import templates
from messaging.simulator.files import File, Files
from messaging.simulator.graph_errors import GraphError
from messaging.simulator.sending import Send

MEGABYTE = 1024 * 1024
# Source: Cloud API reference, "Media › Supported media types".
SUITABLE = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4", "video/3gpp"),
    "audio": ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
    "sticker": ("image/webp",),
}
LARGEST = {
    "image": 5 * MEGABYTE,
    "video": 16 * MEGABYTE,
    "audio": 16 * MEGABYTE,
    "document": 100 * MEGABYTE,
    "sticker": 500 * 1024,
}


def check(
    files: Files, send: Send, *, number: str, changes: templates.Changes = templates.UNCHANGED
) -> None:
    """A file handed over belongs to one `number` (its id). Raises GraphError."""
    if send.type == "template":
        templates.check(send.content, changes)
    for kind, given in _files_in(send):
        if given.get("id"):
            media_id = str(given["id"])
            is_here = files.number_of(media_id) in ("", number)
            found = files.find(media_id) if is_here else None
            _suit(kind, found, is_voice=given.get("voice") is True)


def _files_in(send: Send) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file that the message names, with what it is to be."""
    if send.type in LARGEST:
        yield send.type, send.content
    elif send.type == "interactive":
        yield from _file_of(send.content.get("header"))
    elif send.type == "template":
        for component in send.content.get("components") or []:
            for parameter in component.get("parameters") or []:
                yield from _file_of(parameter)


def _file_of(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = value.get("type") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind.lower() in LARGEST:
        yield kind.lower(), value[kind.lower()]


def _suit(kind: str, file: File | None, *, is_voice: bool) -> None:
    if file is None:
        raise GraphError(
            100,
            message=f"(#100) Param {kind}['id'] is not a valid whatsapp business account media "
            "attachment ID",
        )
    bare = file.mime_type.partition(";")[0].strip().lower()
    if kind in SUITABLE and bare not in SUITABLE[kind]:
        raise GraphError(131053, f"Unsupported {kind} mime type {bare}.")
    if is_voice and bare != "audio/ogg":
        raise GraphError(131053, "A voice message must be audio/ogg with the opus codec.")
    if len(file.content) > LARGEST[kind]:
        raise GraphError(131053, f"The {kind} is larger than {LARGEST[kind]} bytes.")
