"""The switches: each does what it says, and only while it is on."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from typing import Any

import aiohttp
import pytest

from messaging.simulator import demo
from messaging.simulator.pages import STATIC
from messaging.simulator.switches import Faults, Timing
from tests.simulator.conftest import Client, Inbox, ask, fault, sample, send, shape, write


async def ledger_length(simulator: Client) -> int:
    return len((await ask(simulator, "/sim/ledger"))["results"])


async def test_put_merges_and_delete_resets(simulator: Client) -> None:
    await fault(simulator, deliver_twice=True)
    await fault(simulator, delay_seconds=2.5)
    changed = await ask(simulator, "/sim/faults")
    assert (changed["deliver_twice"], changed["delay_seconds"]) == (True, 2.5)

    async with simulator.delete("/sim/faults") as response:
        assert not any((await response.json()).values())


@pytest.mark.parametrize(
    "changes",
    [{"no_such_fault": True}, {"throttled": 1}, {"server_error_rate": 2}, {"fail_code": "x"}],
)
async def test_unknown_name_or_value_is_422_and_changes_nothing(
    simulator: Client, changes: dict[str, Any]
) -> None:
    async with simulator.put("/sim/faults", json={"answer_lost": True} | changes) as response:
        assert response.status == 422
        assert next(iter(changes)) in (await response.json())["error"]
    assert not any((await ask(simulator, "/sim/faults")).values())


def test_every_switch_is_on_the_page() -> None:
    page = (STATIC / "phone.html").read_text()
    names = set(re.findall(r'<input class="(?:switch|input)"[^>]* name="(\w+)"', page))

    known = {*Faults.__struct_fields__, *Timing.__struct_fields__}
    assert names - {"name", "phone"} == known


@pytest.mark.parametrize(
    ("name", "http_status", "code"),
    [
        ("access_revoked", 401, 190),
        ("pair_limited", 400, 131056),
        ("throttled", 400, 130429),
        ("window_closed", 400, 131047),
    ],
)
async def test_refusals_carry_their_code_and_reach_nobody(
    simulator: Client, name: str, http_status: int, code: int
) -> None:
    await fault(simulator, **{name: True})

    status, answer = await send(simulator)

    assert (status, answer["error"]["code"]) == (http_status, code)
    assert await ledger_length(simulator) == 0


async def test_refusals_are_shaped_like_the_samples(simulator: Client) -> None:
    await fault(simulator, throttled=True)
    _, throttled = await send(simulator)
    await fault(simulator, access_revoked=True)
    _, revoked = await send(simulator)

    assert shape(throttled) == shape(sample("api_error_130429_rate_limit"))
    assert throttled["error"]["message"] == "(#130429) Rate limit hit"
    assert shape(revoked) == shape(sample("api_error_190_token_expired"))


async def test_closed_window_lets_templates_through(simulator: Client) -> None:
    await fault(simulator, window_closed=True)

    template = {"name": "pickup_ready", "language": {"code": "pt_PT"}}
    status, _ = await send(simulator, type="template", text=None, template=template)

    assert status == 200


@pytest.mark.parametrize(
    ("changes", "statuses", "received"),
    [
        ({"stop_answering": True}, {503}, 0),
        ({"server_error_rate": 1}, {500, 502, 504}, 0),
        ({"accepted_then_error": True}, {502}, 1),
    ],
)
async def test_server_errors_have_no_graph_body(
    simulator: Client, changes: dict[str, Any], statuses: set[int], received: int
) -> None:
    await fault(simulator, **changes)

    status, answer = await send(simulator)

    assert status in statuses
    assert "error" not in answer
    assert await ledger_length(simulator) == received


async def test_lost_answer_reaches_the_phone_all_the_same(simulator: Client) -> None:
    await fault(simulator, answer_lost=True)

    with pytest.raises(aiohttp.ClientConnectionError):
        await send(simulator)

    assert await ledger_length(simulator) == 1


async def test_garbage_answer_has_no_wamid(simulator: Client) -> None:
    await fault(simulator, garbage_answer=True)

    status, answer = await send(simulator)

    assert (status, "messages" in answer) == (200, False)
    assert await ledger_length(simulator) == 1


async def test_statuses_come_before_the_answer(simulator: Client, inbox: Inbox) -> None:
    await fault(simulator, status_before_answer=True)

    await send(simulator)

    assert [status["status"] for status in inbox.statuses()] == ["sent", "delivered"]


async def test_slow_answer_comes_after_the_phone_has_it(simulator: Client, inbox: Inbox) -> None:
    await fault(simulator, answer_delay_seconds=3600)

    sending = asyncio.create_task(send(simulator))
    await inbox.until(inbox.statuses)

    assert not sending.done()
    sending.cancel()


async def test_no_statuses(simulator: Client, inbox: Inbox) -> None:
    await fault(simulator, no_statuses=True)
    await send(simulator)
    await fault(simulator, no_statuses=False)
    _, second = await send(simulator)
    await inbox.until(lambda: len(inbox.statuses()) == 2)

    assert {status["id"] for status in inbox.statuses()} == {second["messages"][0]["id"]}


async def test_deliver_twice_repeats_the_same_bytes(simulator: Client, inbox: Inbox) -> None:
    await fault(simulator, deliver_twice=True)

    await write(simulator, from_="351910000042", text={"body": "Olá"})
    await inbox.until(lambda: len(inbox.deliveries) == 2)

    assert inbox.deliveries[0] == inbox.deliveries[1]


async def test_wrong_signature_is_repeated_rightly_once_it_is_off(
    simulator: Client, inbox: Inbox
) -> None:
    inbox.status = 403
    await fault(simulator, wrong_signature=True)
    await write(simulator, from_="351910000042", text={"body": "Olá"})
    await inbox.until(lambda: inbox.deliveries)
    body, wrong = inbox.deliveries[0]
    right = "sha256=" + hmac.new(demo.APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert wrong != right

    await fault(simulator, wrong_signature=False)

    await inbox.until(lambda: (body, right) in inbox.deliveries)
