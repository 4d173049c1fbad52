"""Files that the business hands over: kept for one number, checked, and shown on the phone."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from messaging.simulator import demo
from tests.simulator.conftest import CARLAS_PHONE, CHANNEL, Client, Start

HEADERS = {"Authorization": f"Bearer {demo.ACCESS_TOKEN}"}
OTHER = demo.CHANNELS[1].phone_number_id
JPEG = b"\xff\xd8\xff" + bytes(100)


async def hand_over(
    client: Client, content: bytes = JPEG, mime_type: str = "image/jpeg", **fields: str
) -> tuple[int, Any]:
    form = aiohttp.FormData()
    for name, value in ({"messaging_product": "whatsapp", "type": mime_type} | fields).items():
        form.add_field(name, value)
    form.add_field("file", content, content_type=mime_type, filename="a.bin")
    answer = await client.post(f"/v25.0/{CHANNEL}/media", data=form, headers=HEADERS)
    return answer.status, await answer.json()


async def send(client: Client, kind: str, content: dict[str, Any], number: str = CHANNEL):
    body = {"messaging_product": "whatsapp", "to": demo.CARLA.phone, "type": kind, kind: content}
    answer = await client.post(f"/v25.0/{number}/messages", json=body, headers=HEADERS)
    return answer.status, await answer.json()


async def test_a_file_is_kept_sent_and_shown_on_the_phone(start: Start) -> None:
    client = await start()
    status, answer = await hand_over(client)
    assert status == 200
    assert (await send(client, "image", {"id": answer["id"]}))[0] == 200
    phone = await (await client.get(CARLAS_PHONE)).json()
    source = phone["messages"][-1]["file"]
    shown = await client.get(source)
    assert (shown.content_type, await shown.read()) == ("image/jpeg", JPEG)


async def test_an_id_belongs_to_one_number(start: Start) -> None:
    client = await start()
    _, answer = await hand_over(client)
    status, refusal = await send(client, "image", {"id": answer["id"]}, number=OTHER)
    assert (status, refusal["error"]["code"]) == (400, 100)
    assert "media attachment ID" in refusal["error"]["message"]


async def test_a_large_document_fits(start: Start) -> None:
    client = await start()
    status, _ = await hand_over(client, bytes(6 << 20), "application/pdf")
    assert status == 200


@pytest.mark.parametrize(
    ("content", "mime_type", "fields", "code"),
    [
        (JPEG, "image/heic", {}, 100),
        (JPEG, "audio/ogg", {}, 100),
        (JPEG, "text/html", {}, 100),
        (bytes(5 * 1024 * 1024 + 1), "image/jpeg", {}, 131053),
        (b"", "image/jpeg", {}, 100),
        (JPEG, "image/jpeg", {"messaging_product": "telegram"}, 100),
    ],
)
async def test_what_the_platform_refuses_is_refused(
    start: Start, content: bytes, mime_type: str, fields: dict[str, str], code: int
) -> None:
    client = await start()
    status, answer = await hand_over(client, content, mime_type, **fields)
    assert (status, answer["error"]["code"]) == (400, code)


async def test_the_platform_may_be_unable_to_take_files(start: Start) -> None:
    client = await start()
    await client.put("/sim/faults", json={"media_unavailable": True})
    status, answer = await hand_over(client)
    assert (status, answer["error"]["code"]) == (500, 131016)
