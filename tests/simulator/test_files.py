"""Files and the other kinds of messages: shaped like the platform's, and there to be fetched."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from messaging import sniffing
from messaging.simulator import demo
from messaging.simulator.files import SAMPLES, Files
from tests.simulator.conftest import (
    CHANNEL,
    Client,
    Inbox,
    Start,
    fault,
    sample,
    send,
    shape,
    write,
)

CARLA = demo.CARLA.phone
TOKEN = {"Authorization": f"Bearer {demo.ACCESS_TOKEN}"}


async def sent(client: Client, inbox: Inbox, **fields: Any) -> Any:
    """The message that the inbox is told of."""
    wamid = await write(client, from_=CARLA, **fields)
    await inbox.until(lambda: [each for each in inbox.messages() if each["id"] == wamid])
    return next(each for each in inbox.messages() if each["id"] == wamid)


async def download(client: Client, media_id: str) -> tuple[int, bytes]:
    async with client.get(f"/v24.0/{media_id}?phone_number_id={CHANNEL}", headers=TOKEN) as answer:
        found = await answer.json()
    async with client.get(found["url"].partition(client.host)[2][6:], headers=TOKEN) as response:
        return response.status, await response.read()


@pytest.mark.parametrize("kind", SAMPLES)
async def test_a_file_can_be_fetched_and_is_what_was_announced(
    simulator: Client, inbox: Inbox, kind: str
) -> None:
    message = await sent(simulator, inbox, type=kind)

    told = message[message["type"]]
    status, content = await download(simulator, told["id"])
    assert status == 200
    assert base64.b64encode(hashlib.sha256(content).digest()).decode() == told["sha256"]
    found = sniffing.sniff(content[:4096], kind=kind, declared=told["mime_type"])
    assert found == told["mime_type"].partition(";")[0]


async def test_messages_with_files_are_shaped_like_the_samples(
    simulator: Client, inbox: Inbox
) -> None:
    for kind, name in (("image", "image_no_caption"), ("voice", "voice"), ("sticker", "sticker")):
        (change,) = sample(f"message_{name}")["entry"][0]["changes"]
        expected = change["value"]["messages"][0]

        message = await sent(simulator, inbox, type=kind)

        assert shape(message[message["type"]]) == shape(expected[expected["type"]])


async def test_what_the_caller_says_of_a_file_stays(simulator: Client, inbox: Inbox) -> None:
    given = {"id": "1003383421387256", "caption": "Taj Mahal"}

    message = await sent(simulator, inbox, type="image", image=given)

    assert message["image"] | given == message["image"]
    assert (await download(simulator, "1003383421387256"))[0] == 200


async def test_a_given_file_survives_a_restart(start: Start, inbox: Inbox) -> None:
    data = base64.b64encode(b"a,b\n1,2").decode()
    message = await sent(
        await start(), inbox, type="document", data=data, document={"mime_type": "text/csv"}
    )

    assert await download(await start(), message["document"]["id"]) == (200, b"a,b\n1,2")
    assert "data" not in message


async def test_our_own_files_survive_a_restart(start: Start, inbox: Inbox) -> None:
    message = await sent(await start(), inbox, type="video")

    status, content = await download(await start(), message["video"]["id"])

    assert (status, content[4:8]) == (200, b"ftyp")


async def test_files_need_the_token_and_an_address_that_is_still_good(
    simulator: Client, inbox: Inbox
) -> None:
    media_id = (await sent(simulator, inbox, type="image"))["image"]["id"]
    async with simulator.get(f"/v24.0/{media_id}") as response:
        assert response.status == 401
    path = f"/whatsapp_business/attachments/?mid={media_id}"
    for address, headers, status in (
        (f"{path}&ext=99999999999", {}, 401),
        (f"{path}&ext=99999999999", TOKEN, 200),
        (f"{path}&ext=1", TOKEN, 404),
        (path, TOKEN, 404),
    ):
        async with simulator.get(address, headers=headers) as response:
            assert response.status == status, address


async def test_faults_of_files(simulator: Client, inbox: Inbox) -> None:
    media_id = (await sent(simulator, inbox, type="image"))["image"]["id"]
    _, whole = await download(simulator, media_id)

    await fault(simulator, media_unavailable=True)
    assert (await download(simulator, media_id))[0] == 503
    await fault(simulator, media_unavailable=False, media_expired=True)
    assert (await download(simulator, media_id))[0] == 404
    await fault(simulator, media_expired=False, media_wrong_checksum=True)
    assert await download(simulator, media_id) == (200, whole + b"\0")


def test_a_path_is_no_id(tmp_path) -> None:
    (tmp_path / "secret").write_bytes(b"text/plain\nx")

    assert Files(tmp_path).find("../secret") is None


async def test_a_customer_reacts_edits_and_deletes(simulator: Client, inbox: Inbox) -> None:
    first = await write(simulator, from_=CARLA, text={"body": "Um bolo"})
    _, answer = await send(simulator)

    reaction = await sent(simulator, inbox, type="reaction")
    edit = await sent(simulator, inbox, type="edit", edit={"body": "Dois bolos"})
    revoke = await sent(simulator, inbox, type="revoke")

    wamid = answer["messages"][0]["id"]
    assert reaction["reaction"] == {"emoji": "👍", "message_id": wamid}
    assert edit["edit"]["original_message_id"] == first
    assert edit["edit"]["message"]["text"] == {"body": "Dois bolos"}
    assert revoke["revoke"] == {"original_message_id": first}


async def test_places_and_cards_need_no_more_than_their_name(
    simulator: Client, inbox: Inbox
) -> None:
    place = await sent(simulator, inbox, type="location")
    card = await sent(simulator, inbox, type="contacts")

    assert place["location"]["name"] == "Largo do Carmo"
    assert card["contacts"][0]["phones"][0]["wa_id"] == "351912345678"


@pytest.mark.parametrize(
    "fields",
    [{"type": "reaction"}, {"type": "revoke"}, {"type": "image", "data": "%%%"}],
)
async def test_what_cannot_be_done_is_said(simulator: Client, fields: dict[str, str]) -> None:
    body = {"from": "351910009999"} | fields
    async with simulator.post("/sim/inbound", json=body) as response:
        assert response.status == 422, await response.text()
