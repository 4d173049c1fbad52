"""What the phones received: append-only, in order, and there after a restart."""

from __future__ import annotations

from pathlib import Path

from tests.simulator.conftest import Client, Inbox, Start, ask, send, write


async def test_rows_stand_in_the_order_of_sending(simulator: Client) -> None:
    for body in ("um", "dois", "três ✓"):
        await send(simulator, text={"body": body}, biz_opaque_callback_data="v1.x")

    rows = (await ask(simulator, "/sim/ledger"))["results"]

    assert [row["text"]["body"] for row in rows] == ["um", "dois", "três ✓"]
    assert rows[0].keys() >= {"id", "to", "type", "text", "at"}
    assert {row["biz_opaque_callback_data"] for row in rows} == {"v1.x"}


async def test_other_types_are_kept_with_their_object(simulator: Client) -> None:
    location = {"latitude": 41.15, "longitude": 0.0, "name": "Padaria"}

    await send(simulator, type="location", text=None, location=location)

    (row,) = (await ask(simulator, "/sim/ledger"))["results"]
    assert (row["type"], row["location"]) == ("location", location)


async def test_restart_keeps_ledger_and_chats(start: Start, inbox: Inbox) -> None:
    first = await start()
    _, answer = await send(first)
    wamid = await write(first, from_="351910000042", text={"body": "Olá"})
    await inbox.until(lambda: len(inbox.values()) >= 3)

    second = await start()
    await send(second, text={"body": "depois"})

    rows = (await ask(second, "/sim/ledger"))["results"]
    state = await ask(second, "/sim/state?customer=351910000042")
    assert [row["text"]["body"] for row in rows] == ["Bom dia", "depois"]
    shown = [(each["id"], each["direction"]) for each in state["messages"]]
    assert shown[:2] == [(answer["messages"][0]["id"], "in"), (wamid, "out")]


async def test_restart_goes_on_with_what_was_not_acknowledged(start: Start, inbox: Inbox) -> None:
    inbox.status = 503
    first = await start()
    wamid = await write(first, from_="351910000042", text={"body": "Olá"})
    await inbox.until(inbox.messages)

    await start()
    inbox.status = 200
    seen = len(inbox.messages())

    await inbox.until(lambda: len(inbox.messages()) > seen)
    assert {message["id"] for message in inbox.messages()} == {wamid}


async def test_half_written_last_line_is_dropped(start: Start, tmp_path: Path) -> None:
    await send(await start())
    await start()
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(b'{"id":"wamid.torn","to":"3519')

    restarted = await start()
    await send(restarted, text={"body": "depois"})

    rows = (await ask(restarted, "/sim/ledger"))["results"]
    assert [row["text"]["body"] for row in rows] == ["Bom dia", "depois"]
