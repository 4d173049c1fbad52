"""`POST /{version}/{phone_number_id}/media`: files that the business hands over to send.

Source: Cloud API reference, "Media › Upload media" and "Supported media types".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import BodyPartReader, web

from messaging.simulator.graph import VERSION, admit
from messaging.simulator.graph_errors import GraphError
from messaging.simulator.keys import CLOUD

routes = web.RouteTableDef()

MEGABYTE = 1024 * 1024
OTHER_BYTES = 100 * MEGABYTE
LONGEST_FIELD = 1_000
NEVER_TAKEN = frozenset({"text/html", "image/svg+xml", "application/octet-stream"})
LARGEST_BYTES = {
    **dict.fromkeys(("image/jpeg", "image/png"), 5 * MEGABYTE),
    "image/webp": 500 * 1024,
    **dict.fromkeys(("video/mp4", "video/3gpp"), 16 * MEGABYTE),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4"), 16 * MEGABYTE),
    "audio/ogg; codecs=opus": 16 * MEGABYTE,
}
# Of these families only the types above are taken; whatever else is a document.
CLOSED = ("image/", "video/", "audio/")


@routes.post(f"/{VERSION}/{{phone_number_id}}/media")
async def upload(request: web.Request) -> web.Response:
    """Keep the file for this number; its id lives for 30 days there, and here for ever."""
    channel = admit(request)
    cloud = request.app[CLOUD]
    fields, content, mime_type = await _form(request)
    await asyncio.sleep(cloud.faults.media_delay_seconds)
    if cloud.faults.media_unavailable:
        raise GraphError(131016)
    if fields.get("messaging_product") != "whatsapp":
        raise GraphError(100, message="(#100) The parameter messaging_product is required.")
    if not content:
        raise GraphError(100, message="(#100) The parameter file is required.")
    _check(mime_type, len(content))
    media_id = cloud.files.take(content, mime_type, number=channel.phone_number_id)
    return web.json_response({"id": media_id})


async def _form(request: web.Request) -> tuple[dict[str, str], bytes, str]:
    """The form's fields, and content and type of its file."""
    if not request.content_type.startswith("multipart/"):
        raise GraphError(100, "The request is not a multipart form.")
    fields: dict[str, str] = {}
    content, mime_type = b"", ""
    async for part in _parts(request):
        if part.name == "file":
            content = await _read(part)
            mime_type = part.headers.get("Content-Type", "")
        elif part.name:
            fields[part.name] = (await part.read_chunk(LONGEST_FIELD)).decode("utf-8", "replace")
    return fields, content, mime_type.lower()


async def _parts(request: web.Request) -> AsyncIterator[BodyPartReader]:
    reader: Any = await request.multipart()
    async for part in reader:
        if isinstance(part, BodyPartReader):
            yield part


async def _read(part: BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(MEGABYTE):
        content += chunk
        if len(content) > OTHER_BYTES:
            raise GraphError(131053, "The file is larger than any that can be sent.")
    return bytes(content)


def _check(mime_type: str, size: int) -> None:
    is_closed = mime_type.startswith(CLOSED) or mime_type in NEVER_TAKEN or "/" not in mime_type
    if is_closed and mime_type not in LARGEST_BYTES:
        names = ", ".join(LARGEST_BYTES)
        raise GraphError(
            100,
            message="(#100) Param file must be a file with one of the following types: "
            f"{names}, or a document. Received file of type '{mime_type}'.",
        )
    if size > LARGEST_BYTES.get(mime_type, OTHER_BYTES):
        raise GraphError(131053, "The file is larger than files of its type may be.")
