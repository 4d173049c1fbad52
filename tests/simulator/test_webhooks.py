"""Webhooks: signed over their bytes, shaped like the samples, repeated until 200."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from messaging.simulator import demo, payloads
from tests.simulator.conftest import (
    CHANNEL,
    Client,
    Inbox,
    Start,
    ask,
    bubble,
    fault,
    sample,
    shape,
    write,
)


def test_signature_matches_the_published_vector() -> None:
    vector = sample("signature_vector")

    made = payloads.signature(vector["body"].encode(), vector["app_secret"])

    assert made == vector["value"]


async def test_signature_covers_the_escaped_bytes(simulator: Client, inbox: Inbox) -> None:
    await write(simulator, user_id=demo.SOFIA.user_id, text={"body": "قهوة a/b"})
    await inbox.until(inbox.messages)

    body, header = inbox.deliveries[0]
    digest = hmac.new(demo.APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert header == f"sha256={digest}"
    assert b"\\u0642\\u0647\\u0648\\u0629 a\\/b" in body
    assert inbox.messages()[0]["text"]["body"] == "قهوة a/b"


async def test_inbound_by_phone_is_shaped_like_the_sample(simulator: Client, inbox: Inbox) -> None:
    expected = sample("message_text")
    expected["entry"][0]["changes"][0]["value"]["contacts"][0].pop("parent_user_id")
    expected["entry"][0]["changes"][0]["value"]["messages"][0]["from_user_id"] = ""

    wamid = await write(simulator, from_="+351 910 000 042", text={"body": "Olá"})
    await inbox.until(inbox.messages)

    assert shape(json.loads(inbox.deliveries[0][0])) == shape(expected)
    (value,) = inbox.values()
    assert value["metadata"]["phone_number_id"] == CHANNEL
    assert value["contacts"][0]["profile"]["name"] == demo.CARLA.name
    assert value["messages"][0]["id"] == wamid


async def test_inbound_by_bsuid_has_no_phone_anywhere(simulator: Client, inbox: Inbox) -> None:
    await write(simulator, user_id=demo.SOFIA.user_id, text={"body": "Olá"})
    await inbox.until(inbox.messages)

    (value,) = inbox.values()
    assert "wa_id" not in value["contacts"][0]
    assert "from" not in value["messages"][0]
    assert value["contacts"][0]["profile"]["username"] == "sofia.k"


async def test_other_keys_go_into_the_message_as_they_are(simulator: Client, inbox: Inbox) -> None:
    reaction = {"message_id": "wamid.x", "emoji": "👍"}

    await write(
        simulator,
        from_="4915112345678",
        name="Ada",
        type="reaction",
        reaction=reaction,
        id="wamid.chosen",
        timestamp="1700000000",
        channel="777000111",
    )
    await inbox.until(inbox.messages)

    (value,) = inbox.values()
    (message,) = value["messages"]
    assert value["metadata"]["phone_number_id"] == "777000111"
    assert value["contacts"][0]["user_id"].startswith("DE.")
    assert (message["id"], message["timestamp"]) == ("wamid.chosen", "1700000000")
    assert message["reaction"] == reaction


@pytest.mark.parametrize(
    "body",
    [
        {"text": {"body": "nobody"}},
        {"from": "nobody", "text": {"body": "x"}},
        {"from": "351910000042"},
        {"from": "351910000042", "text": {"body": "x"}, "channel": "first"},
    ],
)
async def test_inbound_that_makes_no_sense_is_422(
    simulator: Client, body: dict[str, object]
) -> None:
    async with simulator.post("/sim/inbound", json=body) as response:
        assert response.status == 422
        assert (await response.json())["error"].endswith(".")


async def test_repeated_until_200(simulator: Client, inbox: Inbox) -> None:
    inbox.answers = [500, 404, 202]

    wamid = await write(simulator, from_="351910000042", text={"body": "Olá"})
    await inbox.until(lambda: len(inbox.deliveries) == 4)

    assert {message["id"] for message in inbox.messages()} == {wamid}
    assert await bubble(simulator, wamid, "delivered")
    told = await ask(simulator, "/sim/webhooks")
    assert (told["sent"], told["waiting"], told["repeated"]) == (1, 0, 3)
    assert (told["results"][0]["status"], told["results"][0]["attempts"]) == (200, 4)


async def test_what_waits_goes_out_together(start: Start, inbox: Inbox) -> None:
    simulator = await start(concurrency=1)
    await fault(simulator, delay_seconds=3600)
    for number in range(5):
        await write(simulator, from_="351910000042", text={"body": str(number)})

    await fault(simulator, delay_seconds=0)
    await inbox.until(lambda: len(inbox.messages()) == 5)

    assert [message["text"]["body"] for message in inbox.messages()] == list("01234")
    assert len(inbox.deliveries) < 5
