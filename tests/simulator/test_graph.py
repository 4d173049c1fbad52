"""The Graph side: answers and refusals in the shapes of the samples."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.simulator import demo
from tests.simulator.conftest import CHANNEL, Client, ask, post, sample, send, shape


async def test_text_to_phone_is_answered_like_the_sample(simulator: Client) -> None:
    status, answer = await send(simulator, to="+351 910 000 042")

    assert status == 200
    assert shape(answer) == shape(sample("api_send_response_ok"))
    assert answer["contacts"] == [{"input": "+351 910 000 042", "wa_id": "351910000042"}]
    assert answer["messages"][0]["id"].startswith("wamid.")


async def test_text_to_bsuid_is_answered_without_wa_id(simulator: Client) -> None:
    request = sample("api_send_request_text_to_bsuid")

    status, answer = await post(simulator, request)

    assert status == 200
    assert answer["contacts"] == sample("api_send_response_bsuid")["contacts"]


async def test_to_wins_over_recipient(simulator: Client) -> None:
    _, answer = await send(simulator, recipient=demo.SOFIA.user_id)

    assert answer["contacts"][0]["wa_id"] == demo.CARLA.phone


@pytest.mark.parametrize("name", ["mark_read", "typing_and_read"])
async def test_read_receipt_succeeds(simulator: Client, name: str) -> None:
    status, answer = await post(simulator, sample(f"api_send_request_{name}"))

    assert (status, answer) == (200, sample("api_read_receipt_response"))


async def test_phone_number_info_is_shaped_like_the_sample(simulator: Client) -> None:
    headers = {"Authorization": f"Bearer {demo.ACCESS_TOKEN}"}
    async with simulator.get(f"/v24.0/{CHANNEL}", headers=headers) as response:
        answer = await response.json()

    assert shape(answer) == shape(sample("api_phone_number_info"))
    assert answer["display_phone_number"] == demo.CHANNELS[0].number


@pytest.mark.parametrize(("token", "code"), [("", 0), ("somebody-elses", 190)])
async def test_wrong_token_is_refused_with_401(simulator: Client, token: str, code: int) -> None:
    status, answer = await send(simulator, token=token)

    assert (status, answer["error"]["code"]) == (401, code)
    assert answer["error"].keys() == {"message", "type", "code", "fbtrace_id"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"messaging_product": None}, 100),
        ({"to": None}, 100),
        ({"to": "not a phone"}, 131009),
        ({"to": None, "recipient": "nobody"}, 131009),
        ({"to": demo.CHANNELS[0].number}, 131021),
        ({"type": "carrier_pigeon"}, 100),
        ({"text": None}, 131008),
        ({"text": {"body": ""}}, 131008),
        ({"text": {"body": "x" * 4097}}, 100),
        ({"type": "image"}, 131008),
        ({"context": {"message_id": 7}}, 131009),
        ({"biz_opaque_callback_data": "x" * 513}, 100),
    ],
)
async def test_bad_parameter_is_refused(
    simulator: Client, changes: dict[str, Any], code: int
) -> None:
    status, answer = await send(simulator, **changes)

    assert (status, answer["error"]["code"]) == (400, code)
    assert shape(answer) == shape(sample("api_error_100_invalid_parameter"))
    assert (await ask(simulator, "/sim/ledger"))["results"] == []


@pytest.mark.parametrize("body", [b"{not json", b"[]", b"\xff"])
async def test_body_that_is_no_json_object_is_refused(simulator: Client, body: bytes) -> None:
    status, answer = await post(simulator, body)

    assert (status, answer["error"]["code"]) == (400, 100)


async def test_unknown_number_and_unknown_path_are_refused(simulator: Client) -> None:
    headers = {"Authorization": f"Bearer {demo.ACCESS_TOKEN}"}
    answers = []
    for path in ("/v24.0/999/messages", f"/v24.0/{CHANNEL}/nothing_here"):
        async with simulator.post(path, json={}, headers=headers) as response:
            answers.append((response.status, (await response.json())["error"]["code"]))

    assert answers == [(400, 100), (400, 2500)]
