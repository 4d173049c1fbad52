"""What the platform refuses, and by which code; golden requests are taken."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.simulator import demo
from tests.outbound.cloud_messages import BUTTONS, CARD, LINK, LIST
from tests.simulator.conftest import Client, ask, sample, send, write

PLACE = {"latitude": 38.7, "longitude": -9.1}
SAMPLES = [
    "contacts",
    "interactive_list",
    "interactive_cta_url",
    "interactive_address_india",
    "interactive_request_contact_info",
    "location",
    "reaction",
    "template_named_params",
    "text_reply",
    "text_to_bsuid",
]
MEDIA_ID = "1000000000000001"  # by its first digits one of the simulator's own pictures


def of(kind: str, content: Any) -> dict[str, Any]:
    return {"type": kind, "text": None, kind: content}


def buttons(**reply: str) -> dict[str, Any]:
    button = {"type": "reply", "reply": {"id": "a", "title": "A"} | reply}
    return of("interactive", BUTTONS | {"action": {"buttons": [button]}})


def rows(count: int, **changes: str) -> dict[str, Any]:
    found = [{"id": f"r{place}", "title": "A", **changes} for place in range(count)]
    action = {"button": "Cakes", "sections": [{"rows": found}]}
    return of("interactive", LIST | {"action": action})


def template(name: str = "order_ready", code: str = "pt_PT", *parts: Any) -> dict[str, Any]:
    language = {"code": code}
    return of("template", {"name": name, "language": language, "components": list(parts)})


def body(*texts: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]}


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"text": {"body": "x" * 4097}}, 100),
    ({"text": {"body": ""}}, 131008),
    ({"text": {"body": "x", "colour": "red"}}, 100),
    (of("order", {"items": []}), 131051),
    (of("poll", {}), 100),
    (of("location", {"latitude": 1}), 131008),
    (of("location", PLACE | {"latitude": 91}), 131009),
    (of("location", PLACE | {"latitude": True}), 131009),
    (of("location", PLACE | {"latitude": 10**400}), 131009),
    (of("contacts", [{"name": {"formatted_name": "M"}}]), 131008),
    (of("contacts", CARD), 131009),
    (of("contacts", [CARD | {"birthday": "soon"}]), 131009),
    (of("reaction", {"message_id": "wamid.A", "emoji": "ok"}), 131009),
    (of("reaction", {"message_id": "wamid.A", "emoji": "👍👍"}), 131009),
    (of("reaction", {"message_id": "wamid.A"}), 131008),
    (of("reaction", {"message_id": "A", "emoji": "👍"}), 131009),
    (of("image", {}), 131008),
    (of("image", {"id": "nobody"}), 100),
    (of("image", {"id": MEDIA_ID, "caption": "x" * 1025}), 131009),
    (of("image", {"id": MEDIA_ID, "link": "https://example.com"}), 100),
    (of("image", {"link": "example.com"}), 131009),
    (of("video", {"id": MEDIA_ID}), 131053),
    (of("audio", {"id": MEDIA_ID, "voice": True}), 131053),
    (of("interactive", BUTTONS | {"type": "poll"}), 100),
    (of("interactive", BUTTONS | {"body": {"text": "x" * 1025}}), 131009),
    (of("interactive", BUTTONS | {"footer": {"text": "x" * 61}}), 131009),
    (of("interactive", BUTTONS | {"action": {"buttons": []}}), 131009),
    (buttons(title="x" * 21), 131009),
    (buttons(id="x" * 257), 131009),
    (buttons(id=""), 131008),
    (rows(11), 131009),
    (rows(2, id="same"), 131009),
    (rows(1, description="x" * 73), 131009),
    (rows(1, title="x" * 25), 131009),
    (of("interactive", LINK | {"action": {"name": "cta_url", "parameters": {}}}), 131008),
    (template("nothing_like_it"), 132001),
    (template("order_ready", "fr"), 132001),
    (template("address_update", "en_US"), 132001),
    (template("free_cake", "en"), 132001),
    (template("summer_hours", "en"), 132015),
    (template("order_ready", "pt_PT"), 132000),
    (template("order_ready", "pt_PT", body("Ana", "1042", "x")), 132000),
    (template("order_ready", "pt_PT", body("Ana", "10\n42")), 132018),
    (template("order_ready", "pt_PT", body("Ana", "x" * 1025)), 132005),
    (template("order_confirmation", "en_US", body("Ana", "1042")), 132012),
    (template("where_we_are", "en", {"type": "header", "parameters": []}), 132000),
    (template("where_we_are", "en", {"type": "header", "parameters": [{"type": "image"}]}), 132012),
    (template("hello_again", "en", {"type": "button", "index": "7", "sub_type": "url"}), 131009),
]


@pytest.mark.parametrize(("message", "code"), REFUSED)
async def test_what_is_wrong_is_refused(
    simulator: Client, message: dict[str, Any], code: int
) -> None:
    status, answer = await send(simulator, **message)
    assert status >= 400, answer
    assert answer["error"]["code"] == code
    assert (await ask(simulator, "/sim/ledger"))["results"] == []


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_documented_request_is_taken(simulator: Client, name: str) -> None:
    request = sample(f"api_send_request_{name}")
    request |= {} if "recipient" in request else {"to": demo.CARLA.phone}
    fields: dict[str, Any] = {"to": None, "text": None} | request
    status, answer = await send(simulator, **fields)
    assert status == 200, answer


@pytest.mark.parametrize(
    "message",
    [
        of("image", {"id": MEDIA_ID, "caption": "Bolo"}),
        of("document", {"link": "https://example.com/a.pdf", "filename": "a.pdf"}),
        template("order_ready", "pt_PT", body("Ana", "1042")),
        template("pickup_ready"),
        rows(10),
    ],
)
async def test_what_is_right_is_taken(simulator: Client, message: dict[str, Any]) -> None:
    status, answer = await send(simulator, **message)
    assert status == 200, answer


async def test_a_file_that_a_customer_sent_can_be_named(simulator: Client) -> None:
    await write(simulator, from_=demo.CARLA.phone, type="image", image={"id": "77"})
    status, _ = await send(simulator, **of("image", {"id": "77"}))
    assert status == 200


async def test_templates_are_listed_page_by_page(simulator: Client) -> None:
    headers = {"Authorization": f"Bearer {demo.ACCESS_TOKEN}"}
    url = f"/v24.0/{demo.WABA_ID}/message_templates?limit=4"
    names: list[str] = []
    while url:
        async with simulator.get(url, headers=headers) as answer:
            page = await answer.json()
        names += [f"{each['name']} {each['language']}" for each in page["data"]]
        rest = page["paging"].get("next", "")
        url = rest[rest.index("/v24.0") :] if rest else ""
    assert len(names) == len(set(names)) > 8
    assert "order_ready pt_PT" in names
