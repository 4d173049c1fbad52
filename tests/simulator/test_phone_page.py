"""What the phone page asks for: ticks, chats, people, headers."""

from __future__ import annotations

from tests.outbound.cloud_messages import BUTTONS
from tests.simulator.conftest import CARLAS_PHONE, Client, Inbox, ask, bubble, post, send, write


async def test_ticks_follow_the_inbox(simulator: Client, inbox: Inbox) -> None:
    inbox.status = 503
    wamid = await write(simulator, from_="351910000042", text={"body": "Olá"})
    await inbox.until(inbox.messages)
    assert await bubble(simulator, wamid, "sent")

    inbox.status = 200
    assert await bubble(simulator, wamid, "delivered")

    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    await post(simulator, receipt | {"typing_indicator": {"type": "text"}})
    assert await bubble(simulator, wamid, "read")
    assert (await ask(simulator, CARLAS_PHONE))["is_typing"]


async def test_quote_shows_what_is_answered(simulator: Client) -> None:
    wamid = await write(simulator, from_="351910000042", text={"body": "A que horas?"})

    _, answer = await send(simulator, context={"message_id": wamid})

    shown = await bubble(simulator, answer["messages"][0]["id"], "received")
    assert shown["quote"] == {"author": "You", "text": "A que horas?"}


async def test_invented_customer_is_listed_and_can_write(simulator: Client, inbox: Inbox) -> None:
    body = {"name": "Matilde Sá", "phone": "+351 912 345 678"}
    async with simulator.post("/sim/customers", json=body) as response:
        assert response.status == 201
        made = await response.json()

    state = await ask(simulator, f"/sim/state?customer={made['id']}")
    assert "Matilde Sá" in [each["name"] for each in state["customers"]]
    await write(simulator, from_=made["id"], text={"body": "Olá"})
    await inbox.until(inbox.messages)
    assert inbox.values()[0]["contacts"][0]["profile"]["name"] == "Matilde Sá"


async def test_page_and_its_files_are_served_under_a_strict_policy(simulator: Client) -> None:
    paths = ("/", "/phone/phone.js", "/static/css/tokens.css", "/static/icons.svg")
    for path in paths:
        async with simulator.get(path) as response:
            assert response.status == 200, path
            assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")


async def test_what_the_team_offers_can_be_pressed(simulator: Client, inbox: Inbox) -> None:
    _, answer = await send(simulator, type="interactive", text=None, interactive=BUTTONS)
    wamid = answer["messages"][0]["id"]
    shown = await bubble(simulator, wamid, "received")
    assert shown["text"] == "Shall we bake it?"
    assert [option["title"] for option in shown["options"]] == ["Yes", "No"]
    pressed = shown["options"][0]["answer"]
    await write(simulator, from_="351910000042", context={"id": wamid}, **pressed)
    await inbox.until(inbox.messages)
    [message] = inbox.messages()
    assert message["interactive"]["button_reply"] == {"id": "yes", "title": "Yes"}
    assert message["context"] == {"id": wamid}


async def test_a_template_is_shown_filled_in(simulator: Client) -> None:
    texts = [{"type": "text", "text": "Ana"}, {"type": "text", "text": "1042"}]
    template = {
        "name": "order_ready",
        "language": {"code": "en"},
        "components": [{"type": "body", "parameters": texts}],
    }
    _, answer = await send(simulator, type="template", text=None, template=template)
    shown = await bubble(simulator, answer["messages"][0]["id"], "received")
    assert shown["text"] == "Hello Ana, your order 1042 is ready to be picked up."
