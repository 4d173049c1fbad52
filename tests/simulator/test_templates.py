"""The account's templates: listed by pages, sent or refused, changed by whoever plays WhatsApp."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.providers.cloud.template_decoding import decode_page
from messaging.simulator import demo
from tests.simulator.conftest import Client, Inbox, send

HEADERS = {"Authorization": f"Bearer {demo.ACCESS_TOKEN}"}
READY = {
    "name": "order_ready",
    "language": {"code": "en"},
    "components": [
        {
            "type": "body",
            "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "42"}],
        }
    ],
}


async def listed(client: Client, **query: str) -> Any:
    path = f"/v24.0/{demo.WABA_ID}/message_templates"
    async with client.get(path, params=query, headers=HEADERS) as response:
        assert response.status == 200
        page = decode_page(await response.read())
        assert page is not None
        return page


async def change(client: Client, template: str, **given: str) -> int:
    async with client.put(f"/sim/templates/{template}", json=given) as response:
        return response.status


async def sent(client: Client) -> tuple[int, int | None]:
    status, answer = await send(client, type="template", text=None, template=READY)
    return status, answer.get("error", {}).get("code")


async def test_the_list_goes_on_from_page_to_page(simulator: Client) -> None:
    found, after = [], ""
    while True:
        page = await listed(simulator, limit="3", **({"after": after} if after else {}))
        found += [each.provider_id for each in page.templates]
        if not (after := page.after):
            break
    whole = await listed(simulator, limit="100")
    assert found == [each.provider_id for each in whole.templates]
    assert len(found) == len(set(found))


async def test_every_shape_is_there_to_try(simulator: Client) -> None:
    parts = [
        part for each in (await listed(simulator, limit="100")).templates
        for part in each.components
    ]  # fmt: skip
    formats = {part.get("format") for part in parts if part["type"] == "HEADER"}
    buttons = {button["type"] for part in parts for button in part.get("buttons", ())}
    assert formats == {"TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"}
    assert buttons == {"URL", "QUICK_REPLY", "PHONE_NUMBER", "COPY_CODE"}


async def test_a_paused_template_is_refused_listed_and_told(
    simulator: Client, inbox: Inbox
) -> None:
    assert await sent(simulator) == (200, None)
    assert await change(simulator, "1000000000000002", status="PAUSED", reason="LOW") == 200
    assert await sent(simulator) == (400, 132015)
    [template] = (await listed(simulator, name="order_ready", language="en")).templates
    assert template.status == "PAUSED"
    await inbox.until(lambda: any("event" in value for value in inbox.values()))
    [news] = [value for value in inbox.values() if "event" in value]
    assert (news["event"], news["message_template_id"]) == ("PAUSED", 1000000000000002)
    assert await change(simulator, "1000000000000002", status="APPROVED") == 200
    assert await sent(simulator) == (200, None)


async def test_category_and_quality_are_told_too(simulator: Client, inbox: Inbox) -> None:
    await change(simulator, "where_we_are", category="MARKETING")
    await change(simulator, "where_we_are", quality="RED")
    await inbox.until(lambda: len(inbox.values()) == 2)
    assert inbox.values()[0]["new_category"] == "MARKETING"
    assert inbox.values()[1]["new_quality_score"] == "RED"


@pytest.mark.parametrize(
    ("template", "given"),
    [("nobody", {"status": "PAUSED"}), ("order_ready", {}), ("order_ready", {"name": "x"})],
)
async def test_changes_without_sense_are_refused(simulator: Client, template, given) -> None:
    assert await change(simulator, template, **given) == 422
