"""Statuses: their order, their shape, and who reads when."""

from __future__ import annotations

from messaging.simulator import demo
from messaging.simulator.switches import Timing
from tests.simulator.conftest import Client, Inbox, Start, ask, fault, sample, send, shape

AT_ONCE = Timing(sent_seconds=0, delivered_seconds=0, read_seconds=0)


def names(inbox: Inbox) -> list[str]:
    return [status["status"] for status in inbox.statuses()]


async def test_sent_delivered_read_in_that_order(start: Start, inbox: Inbox) -> None:
    await send(await start(timing=AT_ONCE))
    await inbox.until(lambda: len(inbox.statuses()) == 3)

    assert names(inbox) == ["sent", "delivered", "read"]


async def test_shape_is_that_of_the_samples_since_v24(simulator: Client, inbox: Inbox) -> None:
    _, answer = await send(simulator, biz_opaque_callback_data="v1.mine")
    await inbox.until(lambda: len(inbox.statuses()) == 2)

    expected = sample("status_delivered_pmp_with_contacts")["entry"][0]["changes"][0]["value"]
    expected["contacts"][0].pop("parent_user_id")
    expected["contacts"][0]["profile"].pop("username")
    for name in ("pricing", "recipient_parent_user_id"):
        expected["statuses"][0].pop(name)
    expected["statuses"][0]["biz_opaque_callback_data"] = ""
    delivered = inbox.values()[1]
    assert shape(delivered) == shape(expected)
    assert delivered["statuses"][0]["id"] == answer["messages"][0]["id"]
    assert {each["biz_opaque_callback_data"] for each in inbox.statuses()} == {"v1.mine"}


async def test_username_is_not_in_sent(simulator: Client, inbox: Inbox) -> None:
    await send(simulator, to=None, recipient=demo.SOFIA.user_id)
    await inbox.until(lambda: len(inbox.statuses()) == 2)

    sent, delivered = (value["contacts"][0]["profile"] for value in inbox.values())
    assert "username" not in sent
    assert delivered["username"] == "sofia.k"
    assert all("recipient_id" not in status for status in inbox.statuses())


async def test_opening_the_chat_reads_what_is_there_and_what_comes(
    simulator: Client, inbox: Inbox
) -> None:
    await send(simulator)
    await inbox.until(lambda: names(inbox) == ["sent", "delivered"])

    async with simulator.get(f"/sim/events?customer={demo.CARLA.phone}"):
        await inbox.until(lambda: names(inbox) == ["sent", "delivered", "read"])
        await send(simulator)
        await inbox.until(lambda: names(inbox).count("read") == 2)
    assert names(inbox).count("sent") == names(inbox).count("delivered") == 2


async def test_out_of_order_is_newest_first(start: Start, inbox: Inbox) -> None:
    simulator = await start(timing=AT_ONCE)
    await fault(simulator, out_of_order=True)

    await send(simulator)
    await inbox.until(lambda: len(inbox.statuses()) == 3)

    assert names(inbox) == ["read", "delivered", "sent"]


async def test_fail_code_fails_and_never_reaches_the_phone(simulator: Client, inbox: Inbox) -> None:
    await fault(simulator, fail_code=131049)

    status, _ = await send(simulator)
    await inbox.until(inbox.statuses)

    assert status == 200
    expected = sample("status_failed_131049_to_phone")["entry"][0]["changes"][0]["value"]
    assert shape(inbox.values()[0]) == shape(expected)
    assert inbox.statuses()[0]["errors"][0]["code"] == 131049
    assert (await ask(simulator, "/sim/ledger"))["results"] == []


async def test_timing_can_be_changed_while_it_runs(simulator: Client, inbox: Inbox) -> None:
    async with simulator.put("/sim/settings", json={"read_seconds": 0}) as response:
        assert (await response.json())["read_seconds"] == 0

    await send(simulator)
    await inbox.until(lambda: "read" in names(inbox))
